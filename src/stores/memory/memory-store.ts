// The store that promises nothing: for tests, browsers and simulators. What it is told is forgotten with the process.

import type { Commit, Store } from '../../service/store.js';

export class MemoryStore implements Store {
  readonly name = 'memory';
  readonly shared = false;

  async open(): Promise<void> {}

  async commit(): Promise<Commit> {
    return 'done';
  }

  async introduce(): Promise<void> {}

  async close(): Promise<void> {}
}
