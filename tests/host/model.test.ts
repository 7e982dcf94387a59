// Model-based: random calls on a subnet and on its naive twin, the whole state compared after every one. A failure
// prints the seed and the shortest list of calls that shows it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Limpet, LimpetError, type Policy, type Subnet } from '../limpet.js';
import { rebuildTwin } from '../rebuild-twin.js';
import { Refusal, SubnetTwin } from '../twin.js';

/** What a subnet is made from; ordinals instead of addresses, so that the test does its own arithmetic. */
interface Plan {
  version: 4 | 6;
  prefix: number;
  /** Which of the aligned places of its size it has. */
  place: number;
  policy: Policy;
  exclusions: [number, number][];
  gateway: number | undefined;
}

class Real {
  net: Subnet;
  /** The other instance has another seed, and so other hash tables. */
  constructor(
    readonly plan: Plan,
    private instances: [Limpet, Limpet],
  ) {
    this.net = this.begin();
  }

  begin(): Subnet {
    const { policy, exclusions, gateway } = this.plan;
    const exclude = exclusions.map(([first, last]) => `${this.at(first)}-${this.at(last)}`);
    const options = { policy, exclude, ...(gateway === undefined ? {} : { gateway: this.at(gateway) }) };
    this.net = this.instances[0].subnet(this.cidr, options);
    return this.net;
  }

  restore(): void {
    const snapshot = this.net.snapshot();
    const other = this.instances[1].restore(snapshot);
    this.net.destroy();
    this.net = other;
    this.instances = [this.instances[1], this.instances[0]];
    assert.deepEqual(other.snapshot(), snapshot, 'the snapshot of what was restored');
  }

  get size(): number {
    return sizeOf(this.plan);
  }

  get cidr(): string {
    return `${this.at(0)}/${this.plan.prefix}`;
  }

  /** The last two bytes are place and ordinal: /16 and /112 are wider than any subnet here. */
  at(ordinal: number): string {
    const low = (this.plan.place * this.size + ordinal) % 65536;
    if (this.plan.version === 4) return `10.9.${low >> 8}.${low & 255}`;
    return low === 0 ? '2001:db8::' : `2001:db8::${low.toString(16)}`;
  }

  ordinal(address: string): number {
    const text = this.plan.version === 4 ? address.split('.').slice(2) : [address.slice('2001:db8::'.length)];
    const low = text.length === 2 ? Number(text[0]) * 256 + Number(text[1]) : Number(`0x${text[0] || '0'}`);
    return low - ((this.plan.place * this.size) % 65536);
  }
}

const sizeOf = (plan: Plan) => 2 ** ((plan.version === 4 ? 32 : 128) - plan.prefix);

/** The network address, in IPv4 the broadcast address too, and the exclusions. */
function twinOf(plan: Plan): SubnetTwin {
  const size = sizeOf(plan);
  const excluded = new Set<number>();
  if (size > 2) excluded.add(0);
  if (size > 2 && plan.version === 4) excluded.add(size - 1);
  for (const [first, last] of plan.exclusions) for (let at = first; at <= last; at++) excluded.add(at);
  const twin = new SubnetTwin(size, excluded, plan.policy);
  if (plan.gateway !== undefined && !excluded.has(plan.gateway)) twin.held.add(plan.gateway);
  return twin;
}

type Action = (twin: SubnetTwin, real: Real) => [expected: () => unknown, actual: () => unknown];

/** One call: both sides must answer the same, or refuse with the same code; then all else must be the same too. */
class Call implements fc.Command<{ twin: SubnetTwin }, Real> {
  constructor(
    private readonly name: string,
    private readonly action: Action,
  ) {}

  check(): boolean {
    return true;
  }

  run(model: { twin: SubnetTwin }, real: Real): void {
    const [expected, actual] = this.action(model.twin, real);
    assert.deepEqual(outcome(actual), outcome(expected));
    if (this.name === 'begin anew') model.twin = twinOf(real.plan);
    compare(model.twin, real);
  }

  toString(): string {
    return this.name;
  }
}

function outcome(call: () => unknown): unknown {
  try {
    return { answer: call() };
  } catch (error) {
    if (error instanceof Refusal || error instanceof LimpetError) return { refused: error.code };
    throw error;
  }
}

function compare(twin: SubnetTwin, real: Real): void {
  const { net } = real;
  const show = (identity: string) => {
    const { ordinal, live, releasedAt, pinned } = twin.bindings.get(identity)!;
    const known = { identity, address: real.at(ordinal), ...(pinned ? { pinned: true } : {}) };
    return live ? { ...known, state: 'live' } : { ...known, state: 'reserved', releasedAt };
  };
  const byOrdinal = [...twin.bindings.keys()].sort(
    (a, b) => twin.bindings.get(a)!.ordinal - twin.bindings.get(b)!.ordinal,
  );
  const bindings = [...net.bindings()];
  assert.deepEqual(bindings, byOrdinal.map(show), 'bindings');
  const states = twin.states();
  const heldOnly = states.flatMap((state, ordinal) => (state === 'held' ? [real.at(ordinal)] : []));
  assert.deepEqual([...net.held()], heldOnly, 'held');
  const { size, live, reserved, held, excluded, free } = net.stats;
  assert.deepEqual({ size, live, reserved, held, excluded, free }, twin.counts, 'stats');
  assert.equal(net.stats.pinned, twin.pins.size, 'pins');
  assert.equal(BigInt(live + reserved + held) + excluded + free, size, 'the counts add up');
  for (const binding of bindings) {
    assert.deepEqual(net.lookup(binding.identity), binding);
    assert.equal(net.owner(binding.address), binding.identity);
  }
  const looked = real.size <= 64 ? states.keys() : [0, 1, twin.cursor, real.size - 1];
  for (const ordinal of looked) assert.equal(net.inspect(real.at(ordinal)).state, states[ordinal], real.at(ordinal));
}

/** Few, so that calls meet bindings that others made; the odd ones more rarely. */
const identity = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('web.1', 'web.2', 'web.3', 'db', 'é', '🐚.1') },
  { weight: 1, arbitrary: fc.constantFrom('web.10', 'ns/pod', '\u0000', 'x'.repeat(255)) },
  { weight: 1, arbitrary: fc.nat({ max: 40 }).map((n) => `task.${n}`) },
);
const fraction = fc.nat({ max: 1_000_000 });
const time = fc.nat({ max: 50 });

/** An ordinal of the subnet, rather often one near its start; sometimes the one behind its end. */
function pick(real: Real, n: number): number {
  const { size } = real;
  if (n % 31 === 0) return size;
  return n % 2 ? Math.floor(n / 2) % size : Math.floor(n / 2) % Math.min(size, 16);
}

/** Outside there is no address to write in the model's own arithmetic when the subnet ends its /16. */
const text = (real: Real, ordinal: number) => (ordinal < real.size ? real.at(ordinal) : outside(real));
const outside = (real: Real) => (real.plan.version === 4 ? '10.10.0.0' : '2001:db8::1:0');

const byName = (name: string, run: (twin: SubnetTwin, real: Real, who: string) => ReturnType<Action>) =>
  identity.map((who) => new Call(`${name} ${JSON.stringify(who)}`, (twin, real) => run(twin, real, who)));

const byPlace = (name: string, run: (twin: SubnetTwin, real: Real, at: number) => ReturnType<Action>) =>
  fraction.map((n) => new Call(`${name} ~${n}`, (twin, real) => run(twin, real, pick(real, n))));

const both = (name: string, run: (twin: SubnetTwin, real: Real, who: string, at: number) => ReturnType<Action>) =>
  fc
    .tuple(identity, fraction)
    .map(([who, n]) => new Call(`${name} ${JSON.stringify(who)} ~${n}`, (t, r) => run(t, r, who, pick(r, n))));

const allocate = byName('allocate', (twin, real, who) => [
  () => real.at(twin.allocate(who)),
  () => real.net.allocate(who),
]);

const release = fc
  .tuple(identity, time)
  .map(
    ([who, at]) =>
      new Call(`release ${who} at ${at}`, (twin, real) => [
        () => twin.release(who, at),
        () => real.net.release(who, at),
      ]),
  );

const pin = fc
  .tuple(identity, fraction, time)
  .map(
    ([who, n, at]) =>
      new Call(`pin ${who} ~${n} at ${at}`, (twin, real) => [
        () => real.at(twin.pin(who, pick(real, n), at)),
        () => real.net.pin(who, text(real, pick(real, n)), at),
      ]),
  );

const unpin = fc
  .tuple(identity, time)
  .map(
    ([who, at]) =>
      new Call(`unpin ${who} at ${at}`, (twin, real) => [() => twin.unpin(who, at), () => real.net.unpin(who, at)]),
  );

const allocateMany = fc.array(identity, { maxLength: 40 }).map(
  (list) =>
    new Call(`allocateMany ${list.length}`, (twin, real) => [
      () =>
        list.map((who) => {
          const created = !twin.bindings.has(who);
          const given = outcome(() => real.at(twin.allocate(who))) as { answer?: string };
          return given.answer === undefined ? given : { address: given.answer, created };
        }),
      () => real.net.allocateMany(list).map((one) => ('error' in one ? { refused: one.error.code } : one)),
    ]),
);

const rebuild = fc
  .tuple(
    fc.array(fc.tuple(identity, fraction, fc.constantFrom('live', 'reserved', 'task', 'ended'), fc.nat({ max: 4 })), {
      maxLength: 25,
    }),
    time,
    fc.constantFrom('objects', 'array', 'lines'),
  )
  .map(
    ([claims, at, form]) =>
      new Call(`rebuild from ${form} ${JSON.stringify(claims)}`, (twin, real) => {
        const records = claims.map(([who, n, kind, rank]) =>
          recordOf(real, who, text(real, pick(real, n)), kind, rank),
        );
        return [
          () => rebuildInTwin(twin, real, records, at),
          () => {
            const { conflicts, skipped, superseded } = real.net.rebuild(written(records, form), { time: at });
            return { conflicts, skipped: skipped.map(({ reason }) => reason), superseded };
          },
        ];
      }),
  );

function recordOf(real: Real, who: string, address: string, kind: string, rank: number): unknown {
  if (kind === 'live' || kind === 'reserved') return { identity: who, address, state: kind };
  return {
    ID: 'task',
    Version: { Index: rank },
    ServiceID: who.slice(0, 8),
    Slot: 1,
    Status: { State: kind === 'task' ? 'running' : 'failed' },
    DesiredState: rank % 2 ? 'running' : 'shutdown',
    NetworksAttachments: [{ Network: { ID: 'net' }, Addresses: [`${address}/${real.plan.prefix}`] }],
  };
}

function written(records: unknown[], form: string): string | unknown[] {
  if (form === 'objects') return records;
  return form === 'array' ? JSON.stringify(records) : records.map((record) => `${JSON.stringify(record)}\n`).join('');
}

function rebuildInTwin(twin: SubnetTwin, real: Real, records: any[], at: number): unknown {
  const heldAlone = twin.states().flatMap((state, ordinal) => (state === 'held' ? [real.at(ordinal)] : []));
  const excluded = [...twin.excluded].map((ordinal) => real.at(ordinal));
  const pins = new Map([...twin.pins].map(([who, ordinal]) => [who, real.at(ordinal)]));
  const result = rebuildTwin(records, { cidr: real.cidr, held: heldAlone, excluded, pins });
  const bound = result.bindings.map((one) => ({
    ...one,
    ordinal: real.ordinal(one.address),
    live: one.state === 'live',
  }));
  twin.replace(bound, result.reclaimOrder, at);
  const skipped = result.skipped.map(({ reason }) => reason);
  return { conflicts: result.conflicts, skipped, superseded: result.superseded };
}

/** Two places as a range; as a CIDR where it is one address. */
const byRange = (
  name: string,
  run: (twin: SubnetTwin, real: Real, who: string, range: [number, number, string]) => ReturnType<Action>,
) =>
  fc.tuple(identity, fraction, fraction).map(
    ([who, a, b]) =>
      new Call(`${name} ${JSON.stringify(who)} ~${a} ~${b}`, (twin, real) => {
        const [first = 0, last = 0] = [pick(real, a), pick(real, b)].sort((x, y) => x - y);
        const range = `${text(real, first)}${first === last ? '' : `-${text(real, last)}`}`;
        return run(twin, real, who, [first, last, range]);
      }),
  );

const calls: fc.Arbitrary<Call>[] = [
  allocate,
  allocate,
  allocateMany,
  both('allocatePreferred', (twin, real, who, at) => [
    () => real.at(twin.allocatePreferred(who, at)),
    () => real.net.allocate(who, { preferred: text(real, at) }),
  ]),
  byName('allocateOrdinal', (twin, real, who) => [() => twin.allocate(who), () => real.net.allocateOrdinal(who)]),
  both('bind', (twin, real, who, at) => [() => real.at(twin.bind(who, at)), () => real.net.bind(who, text(real, at))]),
  both('trade', (twin, real, who, at) => [
    () => (at < real.size ? real.at(twin.trade(who, at)) : twin.hold(at)),
    () => real.net.trade(who, text(real, at)),
  ]),
  release,
  release,
  pin,
  unpin,
  byName('reclaim', (twin, real, who) => [() => real.at(twin.reclaim(who)), () => real.net.reclaim(who)]),
  fc
    .nat({ max: 5 })
    .map(
      (count) =>
        new Call(`reclaimOldest ${count}`, (twin, real) => [
          () => twin.reclaimOldest(count),
          () => real.net.reclaimOldest(count).map((one) => one.identity),
        ]),
    ),
  time.map(
    (at) =>
      new Call(`reclaimReleasedBefore ${at}`, (twin, real) => [
        () => twin.reclaimReleasedBefore(at),
        () => real.net.reclaimReleasedBefore(at).map((one) => one.identity),
      ]),
  ),
  fc.constant(new Call('hold any', (twin, real) => [() => real.at(twin.holdNext()), () => real.net.holdNext()])),
  byRange('allocateIn', (twin, real, who, [first, last, range]) => [
    () => real.at(twin.allocateIn(who, first, last)),
    () => real.net.allocate(who, { range }),
  ]),
  byRange('holdNext in', (twin, real, _, [first, last, range]) => [
    () => real.at(twin.holdNext(first, last)),
    () => real.net.holdNext({ range }),
  ]),
  byPlace('isHeld', (twin, real, at) => [() => twin.isHeld(at), () => real.net.isHeld(text(real, at))]),
  byPlace('hold', (twin, real, at) => [() => real.at(twin.hold(at)), () => real.net.hold(text(real, at))]),
  byPlace('rehold', (twin, real, at) => [() => real.at(twin.rehold(at)), () => real.net.rehold(text(real, at))]),
  byPlace('unhold', (twin, real, at) => [() => twin.unhold(at), () => real.net.unhold(text(real, at))]),
  rebuild,
  fc.constant(new Call('snapshot and restore', (_, real) => [() => undefined, () => real.restore()])),
];
const beginAnew = new Call('begin anew', (_, real) => [
  () => undefined,
  () => {
    real.net.destroy();
    real.begin();
  },
]);

const plan: fc.Arbitrary<Plan> = fc
  .tuple(
    fc.constantFrom(4 as const, 6 as const),
    fc.nat({ max: 10 }),
    fc.nat({ max: 255 }),
    fc.constantFrom<Policy>('serial', 'lowest'),
    fc.array(fc.tuple(fraction, fc.nat({ max: 40 })), { maxLength: 3 }),
    fc.option(fraction, { nil: undefined }),
  )
  .map(([version, bits, place, policy, ranges, n]) => {
    const size = 2 ** bits;
    const prefix = (version === 4 ? 32 : 128) - bits;
    const exclusions = ranges.map(([at, length]): [number, number] => {
      const first = at % size;
      return [first, Math.min(size - 1, first + (length % Math.ceil(size / 4)))];
    });
    // The edges of a subnet are no gateway.
    const gateway = n === undefined || size < 4 ? undefined : 1 + (n % (size - 2));
    return { version, prefix, place, policy, exclusions, gateway };
  });

test('a subnet and its naive twin agree after every call', async () => {
  const instances: [Limpet, Limpet] = [await Limpet.load(), await Limpet.load()];
  const commands = fc.commands([...calls, ...calls, fc.constant(beginAnew)], { maxCommands: 80, size: 'max' });
  fc.assert(
    fc.property(plan, commands, (made, commands) => {
      const real = new Real(made, instances);
      const setup = () => ({ model: { twin: twinOf(made) }, real });
      try {
        fc.modelRun(setup, commands);
      } finally {
        real.net.destroy();
      }
    }),
    { numRuns: 600 },
  );
  for (const { memory } of instances) assert.ok(memory.used <= 8192, 'nothing stays behind');
});
