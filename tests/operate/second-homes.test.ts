// Second homes as an operator meets them: both homes under their identity, and each by its own name where one of them
// is meant.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { CIDR, SwarmRig } from './swarm.js';

const IDENTITY = 'helloworld.5';
const SECOND = `@second/${IDENTITY}`;
const FIRST = '10.77.0.11';

let swarm: SwarmRig;
/** The second home, where another task of the slot runs. */
let second: string;

beforeEach(async () => {
  swarm = await (await SwarmRig.start()).healthy();
  second = await swarm.net.holdNext();
  swarm.beside(IDENTITY, second);
});
afterEach(() => swarm.stop());

const live = () => swarm.net.claim(SECOND, { node: swarm.id('node-1'), ticket: second });
const run = async (...args: string[]) => (await swarm.rig.limpet(...args)).stdout;
const json = (...args: string[]) => swarm.rig.json(...args);
const found = async () => (await json('check', '--settle', '10')).findings;

describe('listed', () => {
  test('both under their identity, told apart', async () => {
    await live();
    await swarm.net.release(SECOND, swarm.id('node-1'));
    const { rows } = await json('lookup', IDENTITY);
    assert.deepEqual(
      rows.map(({ address, identity, home, state }: any) => ({ address, identity, home, state })),
      [
        { address: FIRST, identity: IDENTITY, home: undefined, state: 'live' },
        { address: second, identity: IDENTITY, home: 'second', state: 'reserved' },
      ],
    );
    assert.match(await run('ls', '--service', 'helloworld'), /helloworld\.5 \(second home\) +reserved/);
    assert.match(await run('lookup', second), /helloworld\.5 \(second home\)/);
    assert.equal((await json('lookup', SECOND)).rows.length, 1);
  });

  test('counted by status', async () => {
    await live();
    assert.equal((await json('status')).subnets[0].second, 1);
    assert.match(await run('status'), /10\.77\.0\.0\/24: of the live and reserved addresses 1 is a second home/);
  });
});

describe('reclaimed', () => {
  test('both with their identity, neither while one is live', async () => {
    await live();
    await swarm.net.release(IDENTITY, swarm.id('node-1'));
    const { code, stderr } = await swarm.rig.limpet('reclaim', IDENTITY);
    assert.equal(code, 1);
    assert.match(stderr, /"helloworld\.5" is live on node-1/);
    await swarm.net.release(SECOND, swarm.id('node-1'));
    const text = await run('reclaim', IDENTITY);
    assert.match(text, /helloworld\.5 \(second home\)/);
    assert.match(text, /2 bindings reclaimed/);
    assert.deepEqual([swarm.net.lookup(IDENTITY), swarm.net.lookup(SECOND)], [undefined, undefined]);
  });

  test('the second alone by its own name, and by its service; not by age while the identity runs', async () => {
    for (const [args, isReclaimed] of [
      [['--service', 'helloworld', '--older-than', '1ms'], false],
      [[SECOND], true],
      [['--service', 'helloworld'], true],
    ] as const) {
      await live();
      await swarm.net.release(SECOND, swarm.id('node-1'));
      swarm.rig.clock.time += 10_000;
      await run('reclaim', ...args);
      assert.equal(swarm.net.lookup(SECOND) === undefined, isReclaimed, args.join(' '));
      assert.equal(swarm.net.lookup(IDENTITY)?.state, 'live');
    }
  });
});

describe('checked', () => {
  test('an update under way, and its end at the second home: nothing is found', async () => {
    await live();
    assert.deepEqual(await found(), []);
    swarm.docker.containers.splice(swarm.docker.containers.indexOf(swarm.container(IDENTITY)), 1);
    await swarm.net.release(IDENTITY, swarm.id('node-1'));
    assert.deepEqual(await found(), []);
  });

  test('a mark at a home where nobody is, beside one at the other', async () => {
    await live();
    swarm.docker.containers = swarm.docker.containers.filter(({ Id }) => Id !== 'younger');
    const [finding, ...more] = await found();
    assert.deepEqual(more, []);
    assert.equal(finding.kind, 'stale-live');
    assert.equal(finding.message, `helloworld.5 (second home) (${second}) is live on node-1, and does not run there`);
    await swarm.mend(finding.mend);
    assert.deepEqual(await found(), []);
    assert.deepEqual(swarm.net.lookup(IDENTITY)?.nodes, [swarm.id('node-1')], 'the other mark stays');
  });

  test("somebody on another identity's second home", async () => {
    await live();
    await swarm.net.release(SECOND, swarm.id('node-1'));
    swarm.docker.containers = swarm.docker.containers.filter(({ Id }) => Id !== 'younger');
    const other = swarm.container('helloworld.1');
    other.NetworkSettings.Networks.st1.IPAddress = second;
    const messages = (await found()).map(({ message }: any) => message);
    assert.ok(
      messages.some((text: string) => /which is the second home of helloworld\.5$/.test(text)),
      `${messages}`,
    );
  });
});

describe('imported', () => {
  test('two that run at once: one has the first home, the other the second', async () => {
    const dry = await json('import', 'st1', '--dry-run');
    const steps = dry.steps.filter(({ of, what }: any) => what === 'binding' && /helloworld\.5$/.test(of));
    assert.deepEqual(
      steps.map(({ of, address, outcome }: any) => `${of} ${address} ${outcome}`).sort(),
      [`${SECOND} ${second} add`, `${IDENTITY} ${FIRST} there`].sort(),
    );
    assert.match(await run('import', 'st1'), /helloworld\.5 \(second home\)/);
    assert.deepEqual(swarm.net.lookup(SECOND)?.nodes, [swarm.id('node-1')]);
    assert.deepEqual(await found(), []);
    const again = await json('import', 'st1');
    assert.deepEqual(new Set(again.steps.map(({ outcome }: any) => outcome)), new Set(['there']));
  });

  test('after the store was lost: each of the two has a home again', async () => {
    await swarm.service.remove(CIDR, 'swarm');
    await json('import', 'st1');
    const addresses = [IDENTITY, SECOND].map((name) => swarm.net.lookup(name)?.address);
    assert.deepEqual(new Set(addresses), new Set([FIRST, second]));
  });
});
