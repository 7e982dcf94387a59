// The naive twin of a subnet: a Map, Sets and an array over small ordinals, slow and obviously right. What the real one
// answers is compared with it after every step. Shares no code with src/. Its rebuild is rebuild-twin.ts.

export type TwinState = 'free' | 'live' | 'reserved' | 'held' | 'excluded';

export interface TwinOwner {
  ordinal: number;
  live: boolean;
  /** Of the last release. */
  releasedAt: number;
  pinned: boolean;
}

/** The code of the error that the real one must throw. */
export class Refusal extends Error {
  constructor(readonly code: string) {
    super(code);
  }
}

export class SubnetTwin {
  /** By identity. */
  readonly bindings = new Map<string, TwinOwner>();
  /** Also those that are held beside a binding. */
  readonly held = new Set<number>();
  /** Identities of the reserved bindings, oldest release first. */
  queue: string[] = [];
  /** Where the serial policy looks next. */
  cursor = 0;
  lastTime = 0;

  constructor(
    readonly size: number,
    readonly excluded: ReadonlySet<number>,
    readonly policy: 'serial' | 'lowest',
  ) {}

  ownerOf(ordinal: number): string | undefined {
    for (const [identity, owner] of this.bindings) if (owner.ordinal === ordinal) return identity;
    return undefined;
  }

  stateOf(ordinal: number): TwinState {
    this.mustContain(ordinal);
    const owner = this.ownerOf(ordinal);
    if (this.excluded.has(ordinal)) return 'excluded';
    if (owner !== undefined) return this.bindings.get(owner)!.live ? 'live' : 'reserved';
    return this.held.has(ordinal) ? 'held' : 'free';
  }

  allocate(identity: string): number {
    return this.revive(identity) ?? this.make(identity, this.choose());
  }

  allocatePreferred(identity: string, ordinal: number): number {
    this.mustContain(ordinal);
    const own = this.revive(identity);
    if (own !== undefined) return own;
    return this.stateOf(ordinal) === 'free' ? this.make(identity, ordinal) : this.allocate(identity);
  }

  allocateIn(identity: string, first: number, last: number): number {
    this.mustContain(last);
    return this.revive(identity) ?? this.make(identity, this.choose(first, last));
  }

  bind(identity: string, ordinal: number): number {
    this.mustContain(ordinal);
    const own = this.bindings.get(identity);
    if (own !== undefined && own.ordinal !== ordinal) throw new Refusal('BOUND_ELSEWHERE');
    if (own !== undefined) return this.revive(identity)!;
    const state = this.stateOf(ordinal);
    if (state === 'excluded') throw new Refusal('EXCLUDED');
    if (state !== 'free') throw new Refusal('OCCUPIED');
    return this.make(identity, ordinal);
  }

  trade(identity: string, ordinal: number): number {
    const own = this.revive(identity);
    if (own !== undefined) return own;
    this.mustContain(ordinal);
    const state = this.stateOf(ordinal);
    if (state === 'excluded') throw new Refusal('EXCLUDED');
    if (state === 'free') throw new Refusal('NOT_HELD');
    if (state !== 'held') throw new Refusal('OCCUPIED');
    return this.make(identity, ordinal);
  }

  release(identity: string, time: number): boolean {
    const own = this.bindings.get(identity);
    if (own === undefined) throw new Refusal('UNKNOWN');
    if (!own.live) return false;
    this.retire(identity, time);
    return true;
  }

  pin(identity: string, ordinal: number, time: number): number {
    this.mustContain(ordinal);
    const own = this.bindings.get(identity);
    if (own !== undefined && own.ordinal !== ordinal) throw new Refusal('BOUND_ELSEWHERE');
    if (own === undefined) {
      this.bind(identity, ordinal);
      this.bindings.get(identity)!.pinned = true;
      this.retire(identity, time);
    } else {
      own.pinned = true;
      this.queue = this.queue.filter((other) => other !== identity);
    }
    return ordinal;
  }

  unpin(identity: string, time: number): boolean {
    const own = this.bindings.get(identity);
    if (own === undefined) throw new Refusal('UNKNOWN');
    if (!own.pinned) return false;
    own.pinned = false;
    if (!own.live) this.retire(identity, time);
    return true;
  }

  /** The ordinals that are pinned, by identity. */
  get pins(): Map<string, number> {
    const pinned = [...this.bindings].filter(([, own]) => own.pinned);
    return new Map(pinned.map(([identity, { ordinal }]) => [identity, ordinal]));
  }

  reclaim(identity: string): number {
    const own = this.bindings.get(identity);
    if (own === undefined) throw new Refusal('UNKNOWN');
    if (own.live) throw new Refusal('LIVE');
    if (own.pinned) throw new Refusal('PINNED');
    this.bindings.delete(identity);
    this.queue = this.queue.filter((other) => other !== identity);
    return own.ordinal;
  }

  reclaimOldest(count: number): string[] {
    const oldest = this.queue.slice(0, count);
    for (const identity of oldest) this.reclaim(identity);
    return oldest;
  }

  reclaimReleasedBefore(time: number): string[] {
    const old = this.queue.filter((identity) => this.bindings.get(identity)!.releasedAt < time);
    for (const identity of old) this.reclaim(identity);
    return old;
  }

  holdNext(first = 0, last = this.size - 1): number {
    this.mustContain(last);
    const ordinal = this.choose(first, last);
    this.held.add(ordinal);
    return ordinal;
  }

  isHeld(ordinal: number): boolean {
    this.mustContain(ordinal);
    return this.held.has(ordinal);
  }

  hold(ordinal: number): number {
    const state = this.stateOf(ordinal);
    if (state === 'excluded') throw new Refusal('EXCLUDED');
    if (state === 'live' || state === 'reserved') throw new Refusal('OCCUPIED');
    this.held.add(ordinal);
    return ordinal;
  }

  rehold(ordinal: number): number {
    if (this.stateOf(ordinal) === 'excluded') throw new Refusal('EXCLUDED');
    this.held.add(ordinal);
    return ordinal;
  }

  unhold(ordinal: number): void {
    this.mustContain(ordinal);
    if (!this.held.delete(ordinal)) throw new Refusal('NOT_HELD');
  }

  /** Puts what a rebuild decided in the place of all bindings; reserved ones in the order given. */
  replace(bound: { identity: string; ordinal: number; live: boolean }[], reclaimOrder: string[], time: number): void {
    const { pins } = this;
    this.bindings.clear();
    this.queue = [];
    for (const { identity, ordinal } of bound) this.make(identity, ordinal);
    const idle = [...pins.keys()].filter((identity) => !this.bindings.has(identity));
    for (const [identity, ordinal] of pins) {
      if (idle.includes(identity)) this.make(identity, ordinal);
      this.bindings.get(identity)!.pinned = true;
    }
    for (const identity of [...idle, ...reclaimOrder]) this.retire(identity, time);
  }

  /** The state of every ordinal. */
  states(): TwinState[] {
    const owners = new Map([...this.bindings.values()].map((owner) => [owner.ordinal, owner]));
    return Array.from({ length: this.size }, (_, ordinal) => {
      if (this.excluded.has(ordinal)) return 'excluded';
      const owner = owners.get(ordinal);
      if (owner !== undefined) return owner.live ? 'live' : 'reserved';
      return this.held.has(ordinal) ? 'held' : 'free';
    });
  }

  get counts(): { size: bigint; live: number; reserved: number; held: number; excluded: bigint; free: bigint } {
    const states = this.states();
    const count = (state: TwinState) => states.filter((other) => other === state).length;
    return {
      size: BigInt(this.size),
      live: count('live'),
      reserved: count('reserved'),
      held: count('held'),
      excluded: BigInt(count('excluded')),
      free: BigInt(count('free')),
    };
  }

  private mustContain(ordinal: number): void {
    if (ordinal < 0 || ordinal >= this.size) throw new Refusal('OUT_OF_RANGE');
  }

  private make(identity: string, ordinal: number): number {
    this.bindings.set(identity, { ordinal, live: true, releasedAt: 0, pinned: false });
    return ordinal;
  }

  /** The identity's own ordinal, live from now on; undefined when it has none. */
  private revive(identity: string): number | undefined {
    const own = this.bindings.get(identity);
    if (own === undefined) return undefined;
    own.live = true;
    this.queue = this.queue.filter((other) => other !== identity);
    return own.ordinal;
  }

  private retire(identity: string, time: number): void {
    this.lastTime = Math.max(this.lastTime, time);
    const own = this.bindings.get(identity)!;
    own.live = false;
    own.releasedAt = this.lastTime;
    if (!own.pinned) this.queue.push(identity);
  }

  private choose(first = 0, last = this.size - 1): number {
    const inside = this.policy === 'serial' && this.cursor >= first && this.cursor <= last;
    const from = inside ? this.cursor - first : 0;
    const size = last - first + 1;
    for (let step = 0; step < size; step++) {
      const ordinal = first + ((from + step) % size);
      if (this.stateOf(ordinal) !== 'free') continue;
      if (this.policy === 'serial') this.cursor = (ordinal + 1) % this.size;
      return ordinal;
    }
    throw new Refusal('FULL');
  }
}
