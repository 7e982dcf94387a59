// The store of one host for its own subnets, which outlives the process: a list of all that was ever changed. What a
// file store does when its disk fails is another simulation (../disk).
import type { Change, Commit, NodeName, Store, StoreListener, SubnetKey } from '../../../src/service/store.js';
import type { Process } from '../../../src/simulator/swarm/process.js';
import { keyOf, type Written } from '../facts.js';

/** What lies on the host's disk. */
export interface OwnDisk {
  readonly changes: { readonly subnet: SubnetKey; readonly change: Change }[];
  readonly names: Map<string, string>;
}

export class OwnStore implements Store {
  readonly name = 'file:///simulated';
  readonly shared = false;
  readonly #disk: OwnDisk;
  readonly #process: Process;
  readonly #written: Written;
  readonly #by: string;

  constructor(disk: OwnDisk, process: Process, written: Written, by: string) {
    this.#disk = disk;
    this.#process = process;
    this.#written = written;
    this.#by = by;
  }

  async open(listener: StoreListener): Promise<void> {
    await this.#process.clock.sleep(1);
    listener.reset();
    for (const [id, name] of this.#disk.names) listener.introduced({ id, name });
    for (const { subnet, change } of this.#disk.changes) listener.apply(subnet, change);
  }

  async commit(subnet: SubnetKey, changes: readonly Change[]): Promise<Commit> {
    await this.#process.clock.sleep(0.5 + this.#process.clock.random());
    for (const change of changes) this.#disk.changes.push({ subnet, change });
    const keys = new Map<string, string | undefined>();
    for (const change of changes) this.#write(`${subnet.space} ${subnet.cidr}`, change, keys);
    this.#written.put(this.#by, keys);
    return 'done';
  }

  async introduce({ id, name }: NodeName): Promise<void> {
    this.#disk.names.set(id, name);
  }

  async close(): Promise<void> {}

  /** The keys that the judge reads, by this change. */
  #write(subnet: string, change: Change, keys: Map<string, string | undefined>): void {
    const now = (key: string) => (keys.has(key) ? keys.get(key) : this.#written.get(key)?.value.toString());
    const binding = (identity: string) => {
      const text = now(keyOf('identity', subnet, identity));
      return text === undefined ? undefined : JSON.parse(text);
    };
    const bind = (identity: string, value: object) =>
      keys.set(keyOf('identity', subnet, identity), JSON.stringify(value));
    switch (change.op) {
      case 'create':
      case 'settings':
        keys.set(keyOf('subnet', subnet), JSON.stringify(change.spec));
        return;
      case 'remove':
        for (const kind of ['subnet', 'identity', 'address', 'held', 'live', 'user'])
          for (const { key } of this.#written.under(keyOf(kind, subnet))) keys.set(key, undefined);
        return;
      case 'bind':
      case 'pin': {
        const { identity, address } = change;
        const pinned = change.op === 'pin' ? { pinned: 1 } : {};
        bind(identity, { ...binding(identity), address, ...pinned });
        keys.set(keyOf('address', subnet, address), identity);
        return;
      }
      case 'unpin': {
        const { pinned: _, ...rest } = binding(change.identity) ?? {};
        if ('address' in rest) bind(change.identity, rest);
        return;
      }
      case 'reclaim':
        keys.set(keyOf('identity', subnet, change.identity), undefined);
        keys.set(keyOf('address', subnet, change.address), undefined);
        return;
      case 'live': {
        const { released: _, ...rest } = binding(change.identity) ?? {};
        if ('address' in rest) bind(change.identity, rest);
        keys.set(keyOf('live', subnet, change.identity, change.node), '');
        return;
      }
      case 'gone': {
        const { identity, node, time } = change;
        const own = binding(identity);
        if (own !== undefined) bind(identity, { ...own, released: time });
        keys.set(keyOf('live', subnet, identity, node), undefined);
        return;
      }
      case 'hold':
        keys.set(keyOf('held', subnet, change.address), '');
        return;
      case 'unhold':
        keys.set(keyOf('held', subnet, change.address), undefined);
        return;
      case 'use':
      case 'disuse':
        keys.set(keyOf('user', subnet, change.user), change.op === 'use' ? '' : undefined);
    }
  }
}
