// Who is at home, and what the one who asks is answered: every state that a container can be in, with every address
// that Docker's list can show for it, under its own name, another one, or with its name taken over; asked with the
// endpoint's name (Docker 29) and without, of a Docker that answers and of one that is silent.
//
// The container `app` was let in at its home once. Where `address` is none or stale it has given it back since; where
// it is real, no release has been seen. Then somebody asks for an address:
//
//   own          it asks itself, if it can be started; else a new container `other` does
//   renamed      it is called app-old now, and asks; else `other` does
//   taken over   it is called app-old now, and a new container `app` asks
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { container, network } from '../docker/json.js';
import { subnet, swarm } from './nodes.js';

const CIDR = '10.6.0.0/24';
const NAME = 'com.docker.network.endpoint.name';

const STATES = {
  'never started': 'created',
  starting: 'created',
  running: 'running',
  paused: 'paused',
  restarting: 'restarting',
  exited: 'exited',
  dead: 'dead',
  'start failed': 'created',
} as const;
type State = keyof typeof STATES;
const ADDRESSES = ['none', 'stale', 'real'] as const;
const NAMES = ['own', 'renamed', 'taken over'] as const;
const OPTIONS = ['given', 'not given'] as const;
const APIS = ['answers', 'silent'] as const;

interface Row {
  readonly state: State;
  readonly address: (typeof ADDRESSES)[number];
  readonly name: (typeof NAMES)[number];
  readonly option: (typeof OPTIONS)[number];
  readonly api: (typeof APIS)[number];
}

type Answer =
  /** The home of `app`. */
  | 'home'
  /** An address that is the asker's own from now on. */
  | 'new'
  /** An address of its own for this once: nobody knows who asks, or its home is taken. */
  | 'for once';

/** Rows that cannot be, and why. */
function impossible({ state, address }: Row): string | undefined {
  if (state === 'never started' && address !== 'none') return 'what never started was never given one';
  if (state === 'starting' && address !== 'none') return 'Docker shows an address only once it runs';
  return undefined;
}

/** What must be answered, and why: written from what Docker is known to do, not from the code. */
function expected(row: Row): [Answer, why: string] {
  const { state, address, name, option, api } = row;
  const canStart = ['never started', 'starting', 'restarting', 'exited', 'start failed'].includes(state);
  if (option === 'not given' && api === 'silent') return ['for once', 'nobody says who asks'];
  if (option === 'not given' && name === 'taken over' && canStart) return ['for once', 'two could be the one'];
  if (name === 'own' && canStart) return ['home', 'it is its own'];
  if (name === 'own') return ['new', 'another container has another home'];
  if (name === 'renamed') return ['new', 'by its new name it has no home yet'];
  const isReleased = address !== 'real' && state !== 'starting';
  if (api === 'silent' && !isReleased)
    return ['for once', 'the one at home has another name now, and was not seen to leave'];
  if (api === 'silent') return ['home', 'the one who was there has left'];
  const isThere = ['running', 'paused'].includes(state) && address !== 'none';
  if (isThere) return ['for once', 'somebody is at home, whatever it is called'];
  if (state === 'dead' || isReleased) return ['home', 'nobody is there'];
  return ['for once', 'the one let in last may be on its way'];
}

async function answerTo({ state, address, name, option, api }: Row): Promise<Answer> {
  const run = await swarm(1);
  try {
    const [node] = run.nodes as [(typeof run.nodes)[0]];
    const { docker } = node;
    const L = await node.pool('local', CIDR);
    docker.networks = [network('home', CIDR, { scope: 'local' })];
    const net = subnet(run.service, CIDR, 'node:node-1');
    const show = (called: string, where: object) =>
      docker.put({ ...container(called, { network: 'home', ...where }), Id: 'id-of-app' });
    show('app', { state: 'created' });
    const home = await node.address(L, '', { [NAME]: 'app' });
    if (address !== 'real' && state !== 'starting') await node.release(L, home);
    docker.remove('app');
    show(name === 'own' ? 'app' : 'app-old', {
      state: STATES[state],
      ...(address === 'none' ? {} : { address: home }),
    });
    if (api === 'silent') await node.look();
    const canStart = STATES[state] === 'created' || state === 'restarting' || state === 'exited';
    const asks = name === 'taken over' ? 'app' : !canStart ? 'other' : name === 'own' ? 'app' : 'app-old';
    if (asks === 'other' || name === 'taken over')
      docker.put({ ...container(asks, { network: 'home' }), Id: 'id-of-another' });
    docker.silent = api === 'silent';
    const given = await node.address(L, '', option === 'given' ? { [NAME]: asks } : null);
    const owner = net.inspect(given).identity;
    const isAt = docker.containers.filter(({ Id, State }) => Id === 'id-of-app' && /running|paused/.test(State));
    if (isAt.length > 0 && address === 'real') assert.notEqual(given, home, 'two running containers with one address');
    if (given === home) return 'home';
    return owner === asks ? 'new' : 'for once';
  } finally {
    await run.stop();
  }
}

const rows = (Object.keys(STATES) as State[]).flatMap((state) =>
  ADDRESSES.flatMap((address) =>
    NAMES.flatMap((name) =>
      OPTIONS.flatMap((option) => APIS.map((api): Row => ({ state, address, name, option, api }))),
    ),
  ),
);

test('the table is whole', () => {
  assert.equal(rows.length, 8 * 3 * 3 * 2 * 2);
  assert.equal(rows.filter((row) => impossible(row) !== undefined).length, 2 * 2 * 3 * 2 * 2);
});

for (const state of Object.keys(STATES) as State[]) {
  describe(state, () => {
    for (const row of rows.filter((each) => each.state === state && impossible(each) === undefined)) {
      const [answer, why] = expected(row);
      const said = row.option === 'given' ? 'named' : 'not named';
      const shown = `address ${row.address}, name ${row.name}, ${said}, Docker ${row.api}`;
      test(`${shown}: ${answer}, since ${why}`, async () => {
        assert.equal(await answerTo(row), answer);
      });
    }
  });
}
