// The small scope, all of it: two identities, two addresses, and every order of calls to a depth. A call that is
// refused, or that changes nothing, goes no further: what follows it has been tried without it. LIMPET_DEPTH says how
// deep; `npm run test:long` goes as deep as a minute allows.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Limpet, LimpetError, type Policy, type Subnet } from '../limpet.js';
import { rebuildTwin } from '../rebuild-twin.js';
import { Refusal, SubnetTwin } from '../twin.js';

const CIDR = '10.0.0.0/31';
const ADDRESSES = ['10.0.0.0', '10.0.0.1'];
const IDENTITIES = ['a', 'b'];
const DEPTH = Number(process.env.LIMPET_DEPTH ?? 4);

const limpet = await Limpet.load();

interface Claim {
  readonly identity: string;
  readonly at: number;
  readonly state: 'live' | 'reserved';
}

/** What a rebuild can be told, one record a stage: two want one address, one wants two. */
const CLAIMS: readonly Claim[] = [
  { identity: 'a', at: 1, state: 'live' },
  { identity: 'b', at: 1, state: 'live' },
  { identity: 'b', at: 0, state: 'reserved' },
];

/** A subnet, and the rebuild of it that is under way. */
class Real {
  readonly net: Subnet;
  #rebuild: ReturnType<Subnet['rebuilder']> | undefined;

  constructor(policy: Policy) {
    this.net = limpet.subnet(CIDR, { policy });
  }

  begin(): void {
    this.#rebuild = this.net.rebuilder({ time: 0 });
  }

  add({ identity, at, state }: Claim): void {
    this.#rebuild!.add({ identity, address: ADDRESSES[at], state });
  }

  commit(): unknown {
    const { superseded, skipped } = this.#rebuild!.commit();
    this.#rebuild = undefined;
    return [superseded, skipped.map(({ reason }) => reason)];
  }

  abort(): void {
    this.#rebuild!.abort();
    this.#rebuild = undefined;
  }

  end(): void {
    this.#rebuild?.abort();
    this.net.destroy();
  }
}

/** The same, naively; it can be copied. */
class Twin {
  readonly net: SubnetTwin;
  /** What the rebuild under way has taken, and why it has not taken the rest. */
  stage: { readonly taken: readonly Claim[]; readonly skipped: readonly string[] } | undefined;

  constructor(policy: Policy) {
    this.net = new SubnetTwin(2, new Set(), policy);
  }

  copy(): Twin {
    const other = new Twin(this.net.policy);
    for (const [identity, owner] of this.net.bindings) other.net.bindings.set(identity, { ...owner });
    for (const ordinal of this.net.held) other.net.held.add(ordinal);
    Object.assign(other.net, { queue: [...this.net.queue], cursor: this.net.cursor, lastTime: this.net.lastTime });
    other.stage = this.stage;
    return other;
  }

  begin(): void {
    this.stage = { taken: [], skipped: [] };
  }

  add(claim: Claim): void {
    const { taken, skipped } = this.stage!;
    const isHeld = this.net.stateOf(claim.at) === 'held';
    this.stage = { taken: isHeld ? taken : [...taken, claim], skipped: isHeld ? [...skipped, 'held'] : skipped };
  }

  commit(): unknown {
    const { taken, skipped } = this.stage!;
    this.stage = undefined;
    const records = taken.map(({ identity, at, state }) => ({ identity, address: ADDRESSES[at], state }));
    const { bindings, conflicts, reclaimOrder, superseded } = rebuildTwin(records, { cidr: CIDR });
    const ordinal = (address: string) => ADDRESSES.indexOf(address);
    // What has come to be held since it was claimed is nobody's, whoever would have won it.
    const isHeld = ({ address }: { address: string }) => this.net.stateOf(ordinal(address)) === 'held';
    const left = bindings.filter((one) => !isHeld(one));
    const lost = [...bindings, ...conflicts].filter(isHeld).map(() => 'held');
    const bound = left.map((one) => ({ ...one, ordinal: ordinal(one.address), live: one.state === 'live' }));
    const order = reclaimOrder.filter((identity) => left.some((one) => one.identity === identity));
    this.net.replace(bound, order, 0);
    return [superseded, [...skipped, ...lost]];
  }

  abort(): void {
    this.stage = undefined;
  }

  /** All of it, for comparison. */
  get picture(): string {
    const { bindings, held, queue, cursor } = this.net;
    return JSON.stringify([[...bindings].sort(), [...held].sort(), queue, cursor, this.stage]);
  }
}

interface Call {
  readonly name: string;
  readonly isThere: (twin: Twin) => boolean;
  readonly twin: (twin: Twin) => unknown;
  readonly real: (real: Real) => unknown;
}

const always = () => true;
const idle = ({ stage }: Twin) => stage === undefined;
const staged = ({ stage }: Twin) => stage !== undefined;
const at = (ordinal: number) => ADDRESSES[ordinal] as string;

const CALLS: readonly Call[] = [
  ...IDENTITIES.flatMap((who): Call[] => [
    {
      name: `allocate ${who}`,
      isThere: always,
      twin: ({ net }) => at(net.allocate(who)),
      real: ({ net }) => net.allocate(who),
    },
    {
      name: `release ${who}`,
      isThere: always,
      twin: ({ net }) => net.release(who, 0),
      real: ({ net }) => net.release(who, 0),
    },
    {
      name: `reclaim ${who}`,
      isThere: always,
      twin: ({ net }) => at(net.reclaim(who)),
      real: ({ net }) => net.reclaim(who),
    },
    ...[0, 1].map(
      (ordinal): Call => ({
        name: `trade ${who} ${ordinal}`,
        isThere: always,
        twin: ({ net }) => at(net.trade(who, ordinal)),
        real: ({ net }) => net.trade(who, at(ordinal)),
      }),
    ),
  ]),
  ...[0, 1].flatMap((ordinal): Call[] => [
    {
      name: `hold ${ordinal}`,
      isThere: always,
      twin: ({ net }) => at(net.hold(ordinal)),
      real: ({ net }) => net.hold(at(ordinal)),
    },
    {
      name: `unhold ${ordinal}`,
      isThere: always,
      twin: ({ net }) => void net.unhold(ordinal),
      real: ({ net }) => void net.unhold(at(ordinal)),
    },
  ]),
  { name: 'begin', isThere: idle, twin: (twin) => twin.begin(), real: (real) => real.begin() },
  ...CLAIMS.map(
    (claim): Call => ({
      name: `claim ${claim.identity} ${claim.at} ${claim.state}`,
      isThere: staged,
      twin: (twin) => twin.add(claim),
      real: (real) => real.add(claim),
    }),
  ),
  { name: 'commit', isThere: staged, twin: (twin) => twin.commit(), real: (real) => real.commit() },
  { name: 'abort', isThere: staged, twin: (twin) => twin.abort(), real: (real) => real.abort() },
];

/** The answer, or the code of the refusal, as a text. */
function outcome(call: () => unknown): string {
  try {
    return JSON.stringify([call()]);
  } catch (error) {
    if (error instanceof Refusal || error instanceof LimpetError) return error.code;
    throw error;
  }
}

function same({ net: twin }: Twin, { net }: Real): boolean {
  const states = twin.states();
  for (const ordinal of [0, 1]) {
    const { state, identity } = net.inspect(at(ordinal));
    const isSame = state === states[ordinal] && identity === twin.ownerOf(ordinal);
    if (!isSame || net.isHeld(at(ordinal)) !== twin.held.has(ordinal)) return false;
  }
  return IDENTITIES.every((who) => {
    const [known, own] = [net.lookup(who), twin.bindings.get(who)];
    if (known === undefined || own === undefined) return known === own;
    return known.address === at(own.ordinal) && known.state === (own.live ? 'live' : 'reserved');
  });
}

for (const policy of ['serial', 'lowest'] as const) {
  test(`${policy}: every order of ${DEPTH} calls of ${CALLS.length}, two identities, two addresses`, (context) => {
    let tried = 0;
    const path: Call[] = [];
    const told = () => path.map(({ name }) => name).join(', ');
    /** The whole path once more, in a subnet of its own: what is in its memory has come about by these calls alone. */
    const replay = (expected: string, twin: Twin) => {
      tried++;
      const real = new Real(policy);
      try {
        for (const call of path.slice(0, -1)) call.real(real);
        assert.equal(
          outcome(() => path.at(-1)!.real(real)),
          expected,
          told(),
        );
        if (!same(twin, real)) assert.fail(`${told()}: not as the twin, ${twin.picture}`);
      } finally {
        real.end();
      }
    };
    const explore = (twin: Twin) => {
      for (const call of CALLS) {
        if (!call.isThere(twin)) continue;
        const next = twin.copy();
        const expected = outcome(() => call.twin(next));
        path.push(call);
        replay(expected, next);
        if (path.length < DEPTH && next.picture !== twin.picture) explore(next);
        path.pop();
      }
    };
    explore(new Twin(policy));
    context.diagnostic(`${tried} orders`);
    assert.ok(tried > 0);
  });
}
