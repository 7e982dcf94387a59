// What the operations of an operator stand on: the open service, its store, and where this is. Not the plugin itself: the
// same operations run in a command that has opened a store of its own.

import type { DockerApi } from '../docker/index.js';
import type { AllocatorService } from '../service/index.js';

export interface AdminContext {
  readonly service: AllocatorService;
  /** The store as its own `name` and `shared` say. */
  readonly store: { readonly name: string; readonly shared: boolean };
  /** This node's name, as live marks have it. */
  readonly node: string;
  readonly docker: DockerApi;
  readonly version: string;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}
