// A cluster of etcd as data: members that can die or be cut off from each other, leases that end, watchers that lag.
// What is agreed on is one history, as raft would have it; a member without a majority refuses, as etcd's does when it
// is asked to have a leader.
import type { Timeline } from '../../../src/simulator/swarm/timeline.js';
import type { Facts, Shared } from '../facts.js';
import { type Entry, History, type Revision } from './history.js';

interface Lease {
  readonly ttl: number;
  expires: number;
  readonly keys: Set<string>;
}

export interface Watcher {
  /** The next revision to be told. */
  next: number;
  readonly tell: (told: readonly Revision[], revision: number) => void;
  readonly cancel: (why: string, compacted: number) => void;
}

/** Milliseconds until the members have a leader again. */
const ELECTION = 1500;
/** Between two looks at the leases. */
const TICK = 500;
const PROGRESS = 30_000;
const LEAST_TTL = 2;

export class Etcd implements Shared {
  readonly members: readonly string[];
  readonly history: History;
  readonly #timeline: Timeline;
  readonly #leases = new Map<string, Lease>();
  readonly #away = new Set<string>();
  readonly #down = new Set<string>();
  readonly #watchers = new Map<string, Set<Watcher>>();
  readonly #lag: number;
  #isFeeding = false;
  /** No request is taken before: there is no leader. */
  #electedAt = 0;
  #leader = 0;
  #applied = 0;
  /** Who has asked for the last change. */
  by = 'etcd';
  /** Told of every revision, in order; of a lease that has ended before the deletion of its keys. */
  onChange: (revision: Revision) => void = () => {};
  onLeaseEnd: (lease: string) => void = () => {};
  readonly facts: Facts;

  /** @param lag milliseconds in which those who watch are told of changes together; 0: of each by itself */
  constructor(timeline: Timeline, count: number, lag = 0) {
    this.#timeline = timeline;
    this.#lag = lag;
    this.members = Array.from({ length: count }, (_, n) => `etcd-${n}`);
    this.history = new History((id) => this.#leases.has(id));
    const by = () => this.by;
    this.facts = {
      get: (key) => this.history.get(key),
      under: (prefix) => this.history.under(prefix),
      counts: ({ lease }: Entry) => this.hasLease(lease),
      get by() {
        return by();
      },
    };
    for (const member of this.members) this.#watchers.set(member, new Set());
    this.#tick();
    this.#progress();
  }

  /** Whether the member can have something agreed on now; else why not, in etcd's words. */
  refusal(member: string): string | undefined {
    if (this.#away.has(member) || !this.#hasMajority) return 'etcdserver: no leader';
    return this.#timeline.now < this.#electedAt ? 'etcdserver: no leader' : undefined;
  }

  isDown(member: string): boolean {
    return this.#down.has(member);
  }

  /** The member dies, or is cut off from the others; its watchers end in a moment. */
  leave(member: string, how: 'dies' | 'isolated'): void {
    this.#away.add(member);
    if (how === 'dies') this.#down.add(member);
    if (this.members[this.#leader] === member || !this.#hasMajority) this.#elect();
    for (const watcher of [...(this.#watchers.get(member) ?? [])]) {
      this.#timeline.after(ELECTION, () => {
        if (this.#away.has(member)) this.#end(member, watcher, 'etcdserver: no leader', 0);
      });
    }
  }

  comeBack(member: string): void {
    const hadMajority = this.#hasMajority;
    this.#away.delete(member);
    this.#down.delete(member);
    if (!hadMajority && this.#hasMajority) this.#elect();
    for (const watcher of this.#watchers.get(member) ?? []) this.#feed(member, watcher);
  }

  /** Another leader: leases live a whole time to live from then on. */
  #elect(): void {
    this.#electedAt = this.#timeline.now + ELECTION;
    this.#leader = this.members.findIndex((member) => !this.#away.has(member));
    this.#timeline.after(ELECTION, () => {
      for (const lease of this.#leases.values()) lease.expires = this.#timeline.now + lease.ttl * 1000;
    });
  }

  get #hasMajority(): boolean {
    return this.members.length - this.#away.size > this.members.length / 2;
  }

  grant(ttl: number) {
    let number = 7_587_000_000_000 + this.#leases.size * 1000 + this.#timeline.chance.below(1000) + this.#applied;
    while (this.#leases.has(String(number))) number++;
    const id = String(number);
    const granted = Math.max(ttl, LEAST_TTL);
    this.#leases.set(id, { ttl: granted, expires: this.#timeline.now + granted * 1000, keys: new Set() });
    return { ID: id, TTL: String(granted), header: { revision: String(this.history.revision) } };
  }

  /** Seconds that the lease lives on, 0 when it is gone. */
  renew(id: string): number {
    const lease = this.#leases.get(id);
    if (lease === undefined) return 0;
    lease.expires = this.#timeline.now + lease.ttl * 1000;
    return lease.ttl;
  }

  hasLease(id: string): boolean {
    return this.#leases.has(id);
  }

  /** Does what is asked of the history, and tells who watches. */
  apply<T>(work: (history: History) => T, by = 'etcd'): T {
    const before = this.history.revisions.length;
    try {
      return work(this.history);
    } finally {
      this.by = by;
      for (const revision of this.history.revisions.slice(before)) this.#changed(revision);
    }
  }

  compact(): void {
    this.history.compact();
  }

  watch(member: string, watcher: Watcher): () => void {
    if (watcher.next < this.history.compacted) {
      watcher.cancel('etcdserver: mvcc: required revision has been compacted', this.history.compacted);
      return () => {};
    }
    this.#watchers.get(member)?.add(watcher);
    this.#feed(member, watcher);
    return () => void this.#watchers.get(member)?.delete(watcher);
  }

  /** Every watch ends, as when the members are restarted. */
  endWatches(): void {
    for (const [member, watchers] of this.#watchers)
      for (const watcher of [...watchers]) this.#end(member, watcher, 'etcdserver: server stopped', 0);
  }

  #changed(revision: Revision): void {
    this.#applied++;
    for (const { key, before, after } of revision.changes) {
      if (before !== undefined && before.lease !== after?.lease) this.#leases.get(before.lease)?.keys.delete(key);
      if (after !== undefined) this.#leases.get(after.lease)?.keys.add(key);
    }
    this.onChange(revision);
    if (this.#lag === 0) this.#feedAll();
    else this.#feedLater();
  }

  #feedLater(): void {
    if (this.#isFeeding) return;
    this.#isFeeding = true;
    this.#timeline.after(this.#lag, () => {
      this.#isFeeding = false;
      this.#feedAll();
    });
  }

  #feedAll(): void {
    for (const [member, watchers] of this.#watchers) for (const watcher of watchers) this.#feed(member, watcher);
  }

  #feed(member: string, watcher: Watcher): void {
    if (this.#away.has(member) || watcher.next > this.history.revision) return;
    if (watcher.next < this.history.compacted) {
      const why = 'etcdserver: mvcc: required revision has been compacted';
      return void this.#end(member, watcher, why, this.history.compacted);
    }
    const told = this.history.from(watcher.next);
    watcher.next = this.history.revision + 1;
    watcher.tell(told, this.history.revision);
  }

  #end(member: string, watcher: Watcher, why: string, compacted: number): void {
    if (!this.#watchers.get(member)?.delete(watcher)) return;
    watcher.cancel(why, compacted);
  }

  #tick(): void {
    if (this.#hasMajority && this.#timeline.now >= this.#electedAt) {
      for (const [id, lease] of [...this.#leases]) {
        if (lease.expires > this.#timeline.now) continue;
        this.#leases.delete(id);
        this.onLeaseEnd(id);
        this.apply((history) => history.delete([...lease.keys]));
      }
    }
    this.#timeline.after(TICK, () => this.#tick());
  }

  /** Now and then those who watch are told how far they are, though nothing has changed. */
  #progress(): void {
    for (const [member, watchers] of this.#watchers) {
      if (this.#away.has(member)) continue;
      for (const watcher of watchers) watcher.tell([], this.history.revision);
    }
    this.#timeline.after(PROGRESS, () => this.#progress());
  }
}
