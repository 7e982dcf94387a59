// What a store is told, kept in plain objects: the listener of tests that need no core. It is exact where the service
// is lenient: a commit that comes out twice, or half, shows.

import assert from 'node:assert/strict';
import type {
  Change,
  NodeName,
  Store,
  StoredSubnet,
  StoreEvent,
  StoreListener,
  SubnetDump,
  SubnetKey,
  SubnetSpec,
} from '../../src/service/store.js';

interface PlainSubnet {
  spec: SubnetSpec;
  readonly users: string[];
  readonly bound: Record<string, string>;
  readonly released: Record<string, number>;
  readonly pinned: Record<string, true>;
  readonly held: Record<string, true>;
  readonly live: Record<string, string[]>;
}

export class PlainState implements StoreListener {
  subnets: Record<string, PlainSubnet> = {};
  readonly names = new Map<string, string>();
  readonly events: StoreEvent[] = [];
  resets = 0;
  readies = 0;

  reset(): void {
    this.subnets = {};
    this.names.clear();
    this.resets++;
  }

  introduced({ id, name }: NodeName): void {
    this.names.set(id, name);
  }

  nodes(): NodeName[] {
    return Array.from(this.names, ([id, name]) => ({ id, name }));
  }

  ready(): void {
    this.readies++;
  }

  restore({ spec, users, snapshot, live }: StoredSubnet): void {
    const { bound, released, pinned, held } = JSON.parse(
      Buffer.concat(Array.from(snapshot, (piece) => Buffer.from(piece))).toString(),
    );
    const subnet: PlainSubnet = { spec, users: [...users], bound, released, pinned, held, live: {} };
    this.subnets[keyOf(spec)] = subnet;
    for (const [identity, node] of live) mark(subnet, identity, node);
  }

  apply(key: SubnetKey, change: Change): void {
    if (change.op === 'create') {
      this.subnets[keyOf(key)] ??= {
        spec: change.spec,
        users: [],
        bound: {},
        released: {},
        pinned: {},
        held: {},
        live: {},
      };
      return;
    }
    const subnet = this.subnets[keyOf(key)];
    assert.ok(subnet, `${keyOf(key)} is not known`);
    switch (change.op) {
      case 'remove':
        delete this.subnets[keyOf(key)];
        break;
      case 'settings':
        subnet.spec = change.spec;
        break;
      case 'bind':
        subnet.bound[change.identity] = change.address;
        if (change.ticket) assert.ok(subnet.held[change.address], `${change.address} is not held`);
        break;
      case 'pin':
        subnet.bound[change.identity] = change.address;
        subnet.pinned[change.identity] = true;
        break;
      case 'unpin':
        delete subnet.pinned[change.identity];
        break;
      case 'reclaim':
        delete subnet.pinned[change.identity];
        delete subnet.bound[change.identity];
        delete subnet.released[change.identity];
        break;
      case 'live':
        mark(subnet, change.identity, change.node);
        delete subnet.released[change.identity];
        break;
      case 'gone':
        subnet.live[change.identity] = (subnet.live[change.identity] ?? []).filter((node) => node !== change.node);
        if (subnet.live[change.identity]?.length === 0) delete subnet.live[change.identity];
        if (subnet.live[change.identity] === undefined) subnet.released[change.identity] = change.time;
        break;
      case 'hold':
        subnet.held[change.address] = true;
        break;
      case 'unhold':
        delete subnet.held[change.address];
        break;
      case 'use':
        if (!subnet.users.includes(change.user)) subnet.users.push(change.user);
        subnet.users.sort();
        break;
      case 'disuse':
        if (subnet.users.includes(change.user)) subnet.users.splice(subnet.users.indexOf(change.user), 1);
        break;
    }
  }

  *dump(): Iterable<SubnetDump> {
    for (const { spec, users, live, ...rest } of Object.values(this.subnets)) {
      const pairs = Object.entries(live).flatMap(([identity, nodes]) => nodes.map((node) => [identity, node] as const));
      yield { spec, users: [...users], snapshot: Buffer.from(JSON.stringify(rest)), live: pairs };
    }
  }

  report(event: StoreEvent): void {
    this.events.push(event);
  }

  /** Events above `info`. */
  get alarms(): StoreEvent[] {
    return this.events.filter(({ level }) => level !== 'info');
  }
}

function mark(subnet: PlainSubnet, identity: string, node: string): void {
  subnet.live[identity] ??= [];
  const nodes = subnet.live[identity];
  if (!nodes.includes(node)) nodes.push(node);
  nodes.sort();
}

const keyOf = ({ space, cidr }: SubnetKey) => `${space} ${cidr}`;

/** Commits, and takes the changes in once they are answered, as the service does. */
export async function commitTo(store: Store, state: PlainState, key: SubnetKey, changes: readonly Change[]) {
  const answer = await store.commit(key, changes);
  for (const change of changes) state.apply(key, change);
  return answer;
}

/** What a fresh listener is told by the store, which is opened and closed again. */
export async function readBack(store: Store): Promise<PlainState> {
  const state = new PlainState();
  await store.open(state);
  await store.close();
  return state;
}

export const specOf = (cidr: string, space = 'default'): SubnetSpec => ({
  space,
  cidr,
  exclude: [],
  policy: 'serial',
  reclaim: {},
});
