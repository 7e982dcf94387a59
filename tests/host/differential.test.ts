// A million random calls on the core as it was before its structures were rewritten
// (tests/fixtures/core-before-rewrite.wasm) and on this one: the same answers, the same snapshots, byte for byte. Where
// an answer has changed on purpose it is said.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type Claim, RawCore } from '../core.js';
import { corePath } from '../limpet.js';

const before = fileURLToPath(new URL('../fixtures/core-before-rewrite.wasm', import.meta.url));
const seed = Number(process.env.LIMPET_SEED ?? 1);
const CALLS = Number(process.env.LIMPET_CALLS ?? 1_000_000);
const BOUND_ELSEWHERE = -10;

/** A linear congruential generator; its high bits. */
let chaos = BigInt(seed);
function below(limit: number): number {
  chaos = BigInt.asUintN(64, chaos * 6364136223846793005n + 1442695040888963407n);
  return Number((chaos >> 33n) % BigInt(limit));
}

interface Net {
  ids: [number, number];
  size: bigint;
  /** How many identities and ordinals take part. */
  crowd: number;
  /** Ordinals that lie wide apart. */
  scattered: boolean;
  rebuilding: boolean;
}

// Two hash keys: no answer depends on it.
const cores = [new RawCore(before, 5n), new RawCore(corePath, 1234567n)] as const;
let calls = 0;

/** Makes the same call on both, and compares what they answer. */
function both(what: string, call: (core: RawCore, side: 0 | 1) => number): number {
  calls++;
  // What a refused call leaves behind is nobody's to read.
  for (const core of cores) new Uint8Array(core.io.buffer, core.io.byteOffset, 576).fill(0);
  const [was, is] = [call(cores[0], 0), call(cores[1], 1)];
  assert.equal(is, was, `call ${calls}, seed ${seed}: ${what}`);
  if (was >= 0 || was === BOUND_ELSEWHERE) sameIo(what);
  return is;
}

/** All that the calls give in the io area but the handle, which the core of then had not: recall.test.ts. */
function sameIo(what: string): void {
  const [was, is] = cores.map(ioOf) as [Buffer, Buffer];
  assert.ok(
    is.equals(was),
    `call ${calls}, seed ${seed}: ${what}: ${is.toString('hex')} and not ${was.toString('hex')}`,
  );
}

function ioOf({ io }: RawCore): Buffer {
  const copy = Buffer.from(new Uint8Array(io.buffer, io.byteOffset, 576));
  copy.writeUInt32LE(0, 56);
  return copy;
}

const identity = (net: Net) => `stack_web.${below(net.crowd)}${'x'.repeat(below(4) === 0 ? below(40) : 0)}`;

function ordinal(net: Net): bigint {
  const n = BigInt(below(net.crowd));
  if (!net.scattered) return n;
  const wide = n * (net.size / BigInt(net.crowd)) + BigInt(below(3));
  return below(50) === 0 ? wide + net.size / 2n : wide;
}

const SHAPES: [4 | 6, number, [bigint, bigint][], number, boolean][] = [
  [
    4,
    24,
    [
      [0n, 1n],
      [255n, 255n],
    ],
    300,
    false,
  ],
  [4, 28, [], 20, false],
  [4, 8, [[0n, 0n]], 9000, false],
  [4, 0, [[5000n, 90_000_000n]], 3000, true],
  [6, 64, [[0n, 0n]], 3000, false],
  [6, 48, [], 2000, true],
  [6, 0, [[1n << 60n, (1n << 100n) + 77n]], 2000, true],
  [6, 96, [], 2000, true],
];

function create(): Net {
  const [version, prefix, excluded, crowd, scattered] = SHAPES[below(SHAPES.length)]!;
  const policy = below(2) as 0 | 1;
  const ids = cores.map((core) => core.subnet(version, prefix, policy, excluded)) as [number, number];
  assert.ok(ids[0] >= 0 && ids[1] >= 0);
  return { ids, size: 1n << BigInt((version === 4 ? 32 : 128) - prefix), crowd, scattered, rebuilding: false };
}

type Move = (net: Net) => void;

const named =
  (name: string, needsOrdinal = false): Move =>
  (net) => {
    const who = identity(net);
    const at = needsOrdinal ? ordinal(net) : 0n;
    both(`${name} ${who} ${at}`, (core, side) => {
      core.ordinal = at;
      return core.of(name, net.ids[side], who);
    });
  };

const placed =
  (name: string): Move =>
  (net) => {
    const at = ordinal(net);
    both(`${name} ${at}`, (core, side) => core.at(name, net.ids[side], at));
  };

const inRange =
  (name: string): Move =>
  (net) => {
    const [a, b] = [ordinal(net), ordinal(net)];
    const who = identity(net);
    both(`${name} ${a} ${b} ${who}`, (core, side) => {
      core.ordinal = a;
      core.last = b;
      return name === 'allocate_in' ? core.of(name, net.ids[side], who) : core.call(name, net.ids[side]);
    });
  };

let clock = 1000;
const timed =
  (name: string, withName: boolean): Move =>
  (net) => {
    clock += below(5) - 1;
    const who = identity(net);
    both(`${name} ${who} ${clock}`, (core, side) => {
      core.ordinal = 0n;
      core.time = clock - (withName ? 0 : 50);
      return withName ? core.of(name, net.ids[side], who) : core.call(name, net.ids[side]);
    });
  };

const sameSnapshot: Move = (net) => {
  const [was, is] = cores.map((core, side) => core.snapshot(net.ids[side as 0 | 1])) as [Buffer, Buffer];
  assert.ok(is.equals(was), `call ${calls}, seed ${seed}: snapshots differ`);
};

/** Exchanges a subnet for one restored from its snapshot. */
const restored: Move = (net) => {
  if (net.rebuilding) return;
  for (const side of [0, 1] as const) {
    const bytes = cores[side].snapshot(net.ids[side]);
    cores[side].call('subnet_destroy', net.ids[side]);
    net.ids[side] = cores[side].restore(bytes);
    assert.ok(net.ids[side] >= 0, `call ${calls}, seed ${seed}: restoring answers ${net.ids[side]}`);
  }
};

const claims = (net: Net): Claim[] =>
  Array.from({ length: below(60) }, () => ({
    identity: identity(net),
    ordinal: ordinal(net),
    rank: below(20),
    flags: below(2) | (below(2) * 4),
  }));

/**
 * A whole rebuild, or one that goes on beside other calls. The order of conflicts has changed: now it is that of
 * ordinals.
 */
const rebuild: Move = (net) => {
  if (!net.rebuilding) {
    both('rebuild_begin', (core, side) => core.call('rebuild_begin', net.ids[side]));
    net.rebuilding = true;
  }
  for (let pieces = below(4); pieces > 0; pieces--) {
    const records = claims(net);
    both('rebuild_feed', (core, side) => core.feed(net.ids[side], records));
    assert.deepEqual(cores[1].window.subarray(0, 4000), cores[0].window.subarray(0, 4000));
  }
  if (below(2) === 0) return;
  both('rebuild_resolve', (core, side) => core.call('rebuild_resolve', net.ids[side]));
  assert.deepEqual(conflicts(cores[1], net.ids[1]), conflicts(cores[0], net.ids[0]));
  for (const core of cores) core.time = clock;
  const commit = below(3) ? 'rebuild_commit' : 'rebuild_abort';
  calls++;
  const [was, is] = cores.map((core, side) => core.call(commit, net.ids[side as 0 | 1]));
  assert.equal(is, was);
  net.rebuilding = false;
  sameSnapshot(net);
};

function conflicts(core: RawCore, id: number): string[] {
  const found: string[] = [];
  while (core.call('rebuild_conflict', id) === 0) {
    found.push(`${core.ordinal} ${core.identity} ${core.other} ${core.state}`);
  }
  return found.sort();
}

const MOVES: [number, Move][] = [
  [120, named('allocate')],
  [60, named('allocate_preferred', true)],
  [30, inRange('allocate_in')],
  [60, named('bind', true)],
  [40, named('trade', true)],
  [120, timed('release', true)],
  [50, named('reclaim')],
  [50, timed('reclaim_oldest', false)],
  [10, named('lookup')],
  [60, placed('hold')],
  [40, placed('rehold')],
  [80, placed('unhold')],
  [40, placed('hold_next')],
  [20, inRange('hold_next_in')],
  [20, placed('is_held')],
  [20, placed('inspect')],
  [40, placed('next')],
  [2, (net) => void both('oldest', (core, side) => core.call('oldest', net.ids[side]))],
  [2, rebuild],
  [1, sameSnapshot],
  [1, restored],
];
/** Each move as often as it weighs. */
const DRAWN = MOVES.flatMap(([weight, move]) => Array<Move>(weight).fill(move));

function step(nets: Net[]): void {
  DRAWN[below(DRAWN.length)]!(nets[below(nets.length)]!);
}

test(`${CALLS} random calls, seed ${seed}`, () => {
  while (calls < CALLS) {
    const nets = Array.from({ length: 4 }, create);
    const until = Math.min(CALLS, calls + 30_000);
    while (calls < until) step(nets);
    for (const net of nets) {
      sameSnapshot(net);
      both('subnet_destroy', (core, side) => core.call('subnet_destroy', net.ids[side]));
    }
  }
});
