// The store that the simulated machines share: it keeps nothing and answers at once. What is live on a machine that
// dies is let go of when the lease of the process there has ended, as in etcd.

import type { Change, Commit, Store, StoreListener, SubnetKey } from '../service/store.js';

interface Mark {
  readonly subnet: SubnetKey;
  readonly identity: string;
  readonly lease: number;
}

export class SharedStore implements Store {
  readonly name = 'simulated';
  readonly shared = true;
  #listener: StoreListener | undefined;
  /** By node, the lease that a process there has now. */
  readonly #leases = new Map<string, number>();
  /** By node, its marks by subnet and identity. */
  readonly #live = new Map<string, Map<string, Mark>>();

  async open(listener: StoreListener): Promise<void> {
    this.#listener = listener;
  }

  async commit(subnet: SubnetKey, changes: readonly Change[]): Promise<Commit> {
    for (const change of changes) this.#note(subnet, change);
    return 'done';
  }

  async introduce(): Promise<void> {}

  async close(): Promise<void> {}

  /** A process has started on the node. Answers what ends its lease. */
  grant(node: string): (time: number) => void {
    const lease = (this.#leases.get(node) ?? 0) + 1;
    this.#leases.set(node, lease);
    return (time) => this.#end(node, lease, time);
  }

  #end(node: string, lease: number, time: number): void {
    const marks = this.#live.get(node) ?? new Map<string, Mark>();
    for (const [key, mark] of marks) {
      if (mark.lease !== lease) continue;
      marks.delete(key);
      this.#listener?.apply(mark.subnet, { op: 'gone', identity: mark.identity, node, time });
    }
  }

  #note(subnet: SubnetKey, change: Change): void {
    if (change.op !== 'live' && change.op !== 'gone') return;
    const { identity, node } = change;
    const key = `${subnet.space} ${subnet.cidr} ${identity}`;
    const marks = this.#live.get(node) ?? new Map<string, Mark>();
    this.#live.set(node, marks);
    if (change.op === 'live') marks.set(key, { subnet, identity, lease: this.#leases.get(node) ?? 0 });
    else marks.delete(key);
  }
}
