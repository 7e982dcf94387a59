// Large worlds: how they are asked for, what is printed of them, and that a small one of them holds. Those of the size
// that their name promises `npm run simulate -- --nodes N --tasks N` plays.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { upToDate } from '../fresh.js';
import { cidrAt, type LargeOutcome, planOf, playLarge } from './large.js';
import { needsOf } from './large-needs.js';
import { effortOf, tableOf } from './large-table.js';
import { optionsOf } from './options.js';

await upToDate('core');

describe('what simulate is told', () => {
  test('nothing is a campaign, and a time makes it an endless one', () => {
    assert.deepEqual(optionsOf([]), { kind: 'campaign', seed: 1, seeds: 300, store: undefined, time: undefined });
    const timed = optionsOf(['--minutes', '2', '--store', 'swarm', '--seed', '9']);
    assert.ok(timed.kind === 'campaign' && timed.seeds > 1e12);
    assert.deepEqual([timed.time, timed.store, timed.seed], [120_000, 'swarm', 9]);
  });

  test('one world, or help', () => {
    assert.deepEqual(optionsOf(['--world', '7']), { kind: 'world', world: 7, store: undefined });
    assert.deepEqual(optionsOf(['-h']), { kind: 'help' });
  });

  test('sizes, as many nodes as tasks, on etcd unless told otherwise', () => {
    assert.deepEqual(optionsOf(['--nodes', '100,9', '--tasks', '5000,90', '--write']), {
      kind: 'large',
      sizes: [
        { seed: 1, store: 'etcd', nodes: 100, tasks: 5000 },
        { seed: 1, store: 'etcd', nodes: 9, tasks: 90 },
      ],
      output: 'write',
    });
  });

  for (const [args, why] of [
    [['--nodes', '9'], /--nodes and --tasks go together/],
    [['--nodes', '9,10', '--tasks', '90'], /as many of the one as of the other/],
    [['--nodes', '3', '--tasks', '90'], /--nodes 3: a number from 6 on/],
    [['--nodes', '9', '--tasks', ''], /--tasks : a number from 1 on/],
    [['--store', 'file'], /--store file: etcd or swarm/],
    [['--seed', 'x'], /--seed x: a number from 0 on/],
    [['--write'], /--write goes with --nodes/],
    [['--frob'], /frob/],
  ] as const)
    test(`${args.join(' ')} is refused`, () => {
      assert.throws(() => optionsOf(args), why);
    });
});

test('a plan has room for four addresses of each task', () => {
  const roomOf = (nodes: number, tasks: number, store: 'etcd' | 'swarm') =>
    2 ** (32 - Number(planOf({ seed: 1, nodes, tasks, store }).cidr.split('/')[1]));
  assert.ok(roomOf(1000, 50_000, 'etcd') >= 200_000);
  assert.ok(roomOf(100, 5000, 'swarm') < 5000, 'a network for each service');
  assert.equal(cidrAt('10.64.0.0/21', 0), '10.64.0.0/21');
  assert.equal(cidrAt('10.64.0.0/21', 33), '10.65.8.0/21');
});

const outcome: LargeOutcome = {
  size: { seed: 1, nodes: 100, tasks: 5000, store: 'etcd' },
  failure: undefined,
  history: [],
  phases: [
    { name: 'rest', seconds: 60, load: { 'Docker info': 200, 'Docker tasks': 12 } },
    { name: 'loss', seconds: 18, load: { transactions: 3300, bytes: 206_250, news: 335_000, 'refused FULL': 2 } },
  ],
  lost: 33,
  lostLeader: true,
  moved: 1650,
  atHome: 1650,
  home: [16.55, 16.96, 17.01],
  took: 61.2,
  memory: 1_500_000_000,
};

test('what came of it is one row', () => {
  const [, , row = ''] = tableOf([outcome]).split('\n');
  const home = '16.6 s | 17.0 s | 17.0 s';
  assert.equal(
    row,
    `| 100 | 5 000 | 33, the leader too | 1 650 | 1 650 | ${home} | 2.00 | 0 | 125 | 5 000 | 2 | 2.1 |`,
  );
  assert.equal(
    effortOf(outcome),
    '100 nodes with 5 000 tasks on etcd: 78 simulated seconds in 61 s, with 1 500 MB at most',
  );
});

test('what is needed is reckoned from the largest world, where it was not played', () => {
  const [, , ten, hundred, thousand] = (needsOf([outcome]) ?? '').split('\n');
  assert.equal(ten, '| 10 | 500 | arithmetic | 3 | 167 | 333 | 3 367 | 17 s |');
  assert.equal(hundred, '| 100 | 5 000 | simulation | 30 | 1 650 | 3 300 | 335 000 | 17 s |');
  assert.equal(thousand, '| 1 000 | 50 000 | arithmetic | 300 | 16 667 | 33 333 | 33 670 034 | 17 s |');
  assert.equal(needsOf([{ ...outcome, size: { ...outcome.size, store: 'swarm' } }]), undefined);
});

for (const store of ['etcd', 'swarm'] as const)
  test(`a third of nine machines is lost, on ${store}: all tasks are at home again`, async () => {
    const { failure, moved, atHome, lost, phases } = await playLarge({ seed: 1, nodes: 9, tasks: 90, store });
    assert.equal(failure, undefined);
    assert.equal(lost, 3);
    assert.ok(moved > 0);
    assert.equal(atHome, moved);
    assert.deepEqual(
      phases.map(({ name }) => name),
      ['start', 'rest', 'loss', 'return'],
    );
  });

test('a seed of a large world is one history', async () => {
  const play = async () => (await playLarge({ seed: 2, nodes: 6, tasks: 40, store: 'etcd' })).history;
  assert.deepEqual(await play(), await play());
});
