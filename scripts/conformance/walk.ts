// Long random runs of the conformance script: the naive twin says what each step must answer, and the whole state at
// the end.
import { Refusal, SubnetTwin } from '../../tests/twin.js';
import { le, type Script } from './script.js';
import { snapshotOf } from './snapshot.js';

const PREFIX = 27;
const SIZE = 32;
const NETWORK = 0x0a030000n;
const IDENTITIES = 24;

/** Numbers below `limit`, always the same for one seed (a linear congruential generator; its high bits). */
function chance(seed: number): (limit: number) => number {
  let state = BigInt(seed);
  return (limit) => {
    state = BigInt.asUintN(64, state * 6364136223846793005n + 1442695040888963407n);
    return Number((state >> 33n) % BigInt(limit));
  };
}

export function walk(script: Script, policy: 'serial' | 'lowest', seed: number, steps: number): void {
  script.note(`${steps} random steps, policy ${policy}, seed ${seed}; then the whole state`);
  const excluded: [number, number][] = [
    [0, 0],
    [13, 15],
    [31, 31],
  ];
  const set = { ordinal: Number(NETWORK), window: le(16, ...excluded.flat()) };
  script.call('subnet_create', [4, PREFIX, policy === 'lowest' ? 1 : 0, excluded.length], 'any', { set, save: 'walk' });
  const twin = new SubnetTwin(SIZE, new Set([0, 13, 14, 15, 31]), policy);
  const below = chance(seed);
  let time = 0;
  for (let n = 0; n < steps; n++) {
    const identity = `w.${below(IDENTITIES)}`;
    const ordinal = below(SIZE + 1);
    time += below(3) - (below(20) === 0 ? 2 : 0);
    moves[below(moves.length)]?.(script, twin, identity, ordinal, Math.max(time, 0));
  }
  const bytes = stateOf(twin, excluded);
  script.call('snapshot_begin', ['walk'], 'OK');
  script.call('snapshot_next', [], bytes.length / 2, { expect: { window: bytes } });
  script.call('snapshot_next', [], 0);
}

type Move = (script: Script, twin: SubnetTwin, identity: string, ordinal: number, time: number) => void;

/** What the twin answers, or the status of its refusal. */
function ask<T>(question: () => T): { answer: T } | { refusal: string } {
  try {
    return { answer: question() };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { refusal: error.code === 'LIVE' ? 'IS_LIVE' : error.code };
  }
}

/** A call that gives the identity an ordinal. */
const giving =
  (name: string, give: (twin: SubnetTwin, identity: string, ordinal: number) => number): Move =>
  (script, twin, identity, ordinal) => {
    const known = twin.bindings.has(identity);
    const told = ask(() => give(twin, identity, ordinal));
    if ('refusal' in told) script.of(name, 'walk', identity, told.refusal, { set: { ordinal } });
    else
      script.of(name, 'walk', identity, known ? 'OK' : 'CHANGED', {
        set: { ordinal },
        expect: { ordinal: told.answer },
      });
  };

/** A call about an ordinal: `known` says whether the state is already so. */
const holding =
  (
    name: string,
    known: (twin: SubnetTwin, ordinal: number) => boolean,
    change: (twin: SubnetTwin, ordinal: number) => void,
  ): Move =>
  (script, twin, _, ordinal) => {
    const before = known(twin, ordinal);
    const told = ask(() => change(twin, ordinal));
    script.call(name, ['walk'], 'refusal' in told ? told.refusal : before ? 'OK' : 'CHANGED', { set: { ordinal } });
  };

const release: Move = (script, twin, identity, _, time) => {
  const told = ask(() => twin.release(identity, time));
  const result = 'refusal' in told ? told.refusal : told.answer ? 'CHANGED' : 'OK';
  script.of('release', 'walk', identity, result, { set: { time } });
};

const reclaim: Move = (script, twin, identity) => {
  const told = ask(() => twin.reclaim(identity));
  if ('refusal' in told) script.of('reclaim', 'walk', identity, told.refusal);
  else script.of('reclaim', 'walk', identity, 'CHANGED', { expect: { ordinal: told.answer, state: 2 } });
};

const reclaimOldest: Move = (script, twin, _identity, _ordinal, time) => {
  const first = twin.queue[0];
  const old = first !== undefined && (twin.bindings.get(first)?.releasedAt ?? time) < time ? twin.reclaimOldest(1) : [];
  const [identity] = old;
  if (identity === undefined) script.call('reclaim_oldest', ['walk'], 'UNKNOWN', { set: { time } });
  else
    script.call('reclaim_oldest', ['walk'], 'CHANGED', {
      set: { time },
      expect: { identity, length: identity.length },
    });
};

const holdNext: Move = (script, twin) => {
  const told = ask(() => twin.holdNext());
  if ('refusal' in told) script.call('hold_next', ['walk'], told.refusal);
  else script.call('hold_next', ['walk'], 'CHANGED', { expect: { ordinal: told.answer } });
};

const inspect: Move = (script, twin, _, ordinal) => {
  const told = ask(() => twin.stateOf(ordinal));
  if ('refusal' in told) {
    script.call('inspect', ['walk'], told.refusal, { set: { ordinal } });
    return;
  }
  const identity = twin.ownerOf(ordinal);
  const state = ['free', 'live', 'reserved', 'held', 'excluded'].indexOf(told.answer);
  const owner = identity === undefined ? { length: 0 } : { length: identity.length, identity };
  script.call('inspect', ['walk'], 'OK', { set: { ordinal }, expect: { ordinal, state, ...owner } });
};

const allocate = giving('allocate', (twin, identity) => twin.allocate(identity));
const moves: Move[] = [
  allocate,
  allocate,
  allocate,
  giving('allocate_preferred', (twin, identity, ordinal) => twin.allocatePreferred(identity, ordinal)),
  giving('bind', (twin, identity, ordinal) => twin.bind(identity, ordinal)),
  giving('trade', (twin, identity, ordinal) => twin.trade(identity, ordinal)),
  release,
  release,
  release,
  reclaim,
  reclaimOldest,
  holding(
    'hold',
    (twin, ordinal) => twin.held.has(ordinal),
    (twin, ordinal) => twin.hold(ordinal),
  ),
  holding(
    'rehold',
    (twin, ordinal) => twin.held.has(ordinal),
    (twin, ordinal) => twin.rehold(ordinal),
  ),
  holding(
    'unhold',
    () => false,
    (twin, ordinal) => twin.unhold(ordinal),
  ),
  holdNext,
  inspect,
];

function stateOf(twin: SubnetTwin, excluded: [number, number][]): string {
  const live = [...twin.bindings]
    .filter(([, owner]) => owner.live)
    .map(([identity, { ordinal }]) => ({ identity, ordinal }));
  const bound = new Set([...twin.bindings.values()].map((owner) => owner.ordinal));
  const alone = [...twin.held].filter((ordinal) => !bound.has(ordinal)).map((ordinal) => ({ ordinal }));
  const held = (ordinal: number) => twin.held.has(ordinal);
  return snapshotOf({
    version: 4,
    prefix: PREFIX,
    policy: twin.policy,
    network: NETWORK,
    cursor: twin.cursor,
    lastTime: twin.lastTime,
    excluded,
    used: [...live, ...alone]
      .sort((one, other) => one.ordinal - other.ordinal)
      .map((entry) => ({ ...entry, held: held(entry.ordinal) })),
    reserved: twin.queue.map((identity) => {
      const { ordinal = 0, releasedAt = 0 } = twin.bindings.get(identity) ?? {};
      return { identity, ordinal, releasedAt, held: held(ordinal) };
    }),
  });
}
