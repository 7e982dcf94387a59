// What the operations of an operator stand on: the open service, its store, and where this is. Not the plugin itself:
// the same operations run in a command that has opened a store of its own.

import type { Container, DockerApi } from '../docker/index.js';
import type { Allocator, Clock, SubnetService } from '../service/index.js';
import type { InSpace } from '../tickets/environment.js';

export interface OperateEnvironment {
  readonly service: Allocator;
  /** The store as its own `name` and `shared` say. */
  readonly store: { readonly name: string; readonly shared: boolean };
  /** This host's own ID. */
  readonly host: string;
  /** This node as live marks of the subnet name it. */
  readonly nodeOf: (net: InSpace) => string;
  /**
   * Whether the identity was let in on this node a moment ago and is starting still: a plugin knows, Docker's list does
   * not.
   */
  readonly isStarting: (net: SubnetService, identity: string, containers: readonly Container[]) => boolean;
  readonly docker: DockerApi;
  readonly clock: Clock;
  readonly version: string;
  /** What an operator should know of this Docker; empty when there is nothing. */
  readonly notes: readonly string[];
}

/** A node as people know it: by its host's name where that is known, else by its ID. */
export function nameOfNode({ service }: Pick<OperateEnvironment, 'service'>, id: string): string {
  return service.nodeName(id) ?? id;
}

/** Whether somebody means this node, by its ID or by its name. */
export function isNode(
  { service }: Pick<OperateEnvironment, 'service'>,
  id: string,
  meant: string | undefined,
): boolean {
  return id === meant || service.nodeName(id) === meant;
}

/** Several, for a sentence. */
export function namesOfNodes(environment: Pick<OperateEnvironment, 'service'>, ids: readonly string[]): string {
  return ids.map((id) => nameOfNode(environment, id)).join(' and ');
}
