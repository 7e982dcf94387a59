// status, ls, lookup, reclaim, release and unhold: as an operator meets them, through the built command line and the
// socket.

import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { LimpetError } from '../../src/host/errors.js';
import { files } from '../../src/stores/file/files.js';
import { lookFor } from '../../src/stores/file/folder.js';
import { ServedDocker } from '../docker/served.js';
import { limpet, Rig } from './rig.js';

const HOUR = 3_600_000;

/** Two subnets with something of every state. */
async function furnish({ service, clock }: Rig): Promise<void> {
  const web = await service.subnet('10.7.0.0/28', {
    space: 'swarm',
    gateway: '10.7.0.1',
    exclude: ['10.7.0.12-10.7.0.13'],
  });
  for (const n of [1, 2, 3]) await web.allocate(`web.${n}`, { node: `node-${(n % 2) + 1}` });
  await web.allocate('db.1', { node: 'node-1' });
  await web.hold('10.7.0.9');
  await web.release('web.2', 'node-1');
  clock.time += 30 * HOUR;
  await web.release('db.1', 'node-1');
  clock.time += 5 * 60_000;
  const wide = await service.subnet('fd00:7::/64', { space: 'swarm' });
  await wide.allocate('web.1', { node: 'node-2' });
  await service.subnet('10.8.0.0/29', { space: 'node:node-1' });
}

let rig: Rig;
beforeEach(async () => {
  rig = await Rig.start();
  await furnish(rig);
});
afterEach(() => rig.stop());

describe('what the commands print', () => {
  const cases: [string, string[], number, string][] = [
    [
      'status',
      ['status'],
      0,
      `node      node-1
store     memory, of this node alone
version   1.2.3

SUBNET        SPACE         ADDRESSES                  LIVE   RESERVED   HELD   EXCLUDED   FREE
10.8.0.0/29   node:node-1   ××××××··················      0          0      0          2      6
10.7.0.0/28   swarm         ███▓▓▓▒▒▒××××××·········      2          2      2          4      6
fd00:7::/64   swarm         █×······················      1          0      0          1   2^64

█ live   ▓ reserved   ▒ held   × excluded   · free
`,
    ],
    [
      'ls',
      ['ls'],
      0,
      `ADDRESS     IDENTITY   STATE      NODE     RELEASED    SUBNET        SPACE
10.7.0.2    web.1      live       node-2   -           10.7.0.0/28   swarm
10.7.0.3    web.2      reserved   -        1 d ago     10.7.0.0/28   swarm
10.7.0.4    web.3      live       node-2   -           10.7.0.0/28   swarm
10.7.0.5    db.1       reserved   -        5 min ago   10.7.0.0/28   swarm
fd00:7::1   web.1      live       node-2   -           fd00:7::/64   swarm
`,
    ],
    [
      'ls of what is held',
      ['ls', '--state', 'held'],
      0,
      `ADDRESS    IDENTITY   STATE   NODE   RELEASED   SUBNET        SPACE
10.7.0.1   -          held    -      -          10.7.0.0/28   swarm
10.7.0.9   -          held    -      -          10.7.0.0/28   swarm
`,
    ],
    ['ls of nothing', ['ls', '--node', 'node-7'], 0, 'nothing matches\n'],
    [
      'lookup of an identity',
      ['lookup', 'web.1'],
      0,
      `ADDRESS     IDENTITY   STATE   NODE     RELEASED   SUBNET        SPACE
10.7.0.2    web.1      live    node-2   -          10.7.0.0/28   swarm
fd00:7::1   web.1      live    node-2   -          fd00:7::/64   swarm
`,
    ],
    [
      'reclaim, dry',
      ['reclaim', '--service', 'web', '--older-than', '24h', '--dry-run'],
      0,
      `ADDRESS    IDENTITY   RELEASED   SUBNET
10.7.0.3   web.2      1 d ago    10.7.0.0/28

1 binding would be reclaimed (dry run: nothing has changed)
`,
    ],
    ['release', ['release', 'web.3', '--node', 'node-2'], 0, 'web.3 released on node-2: 10.7.0.4 of 10.7.0.0/28\n'],
    [
      'release where it is not live',
      ['release', 'web.3', '--node', 'node-9'],
      0,
      'web.3 was not live on node-9: nothing has changed\n',
    ],
    ['unhold', ['unhold', '10.7.0.9'], 0, '10.7.0.9 of 10.7.0.0/28 is no longer held\n'],
    ['unhold of what is not held', ['unhold', '10.7.0.10'], 0, '10.7.0.10 of 10.7.0.0/28 was not held\n'],
  ];
  for (const [name, args, code, stdout] of cases) {
    test(name, async () => {
      assert.deepEqual(await rig.limpet(...args), { code, stdout, stderr: '' });
    });
  }
});

describe('what the commands answer to programs', () => {
  test('status: the counts of each subnet are its size', async () => {
    const { subnets, ...rest } = await rig.json('status');
    const store = { name: 'memory', shared: false };
    assert.deepEqual(rest, { version: '1.2.3', node: 'node-1', store, unreadable: [], notes: [] });
    assert.deepEqual(subnets[1], {
      space: 'swarm',
      subnet: '10.7.0.0/28',
      policy: 'serial',
      reclaim: { whenFull: { holdDown: 600_000 } },
      size: 16,
      live: 2,
      reserved: 2,
      held: 2,
      excluded: 4,
      free: 6,
      pinned: 0,
      second: 0,
      room: 'plenty',
    });
    for (const { size, live, reserved, held, excluded, free } of subnets) {
      assert.equal(live + reserved + held + excluded + free, size);
    }
  });

  test('status: tight, then full, each with a warning that counts', async () => {
    const net = await rig.service.subnet('10.9.0.0/29', { space: 'swarm', gateway: '10.9.0.1' });
    for (const n of [1, 2, 3, 4]) await net.allocate(`a.${n}`, { node: 'node-1' });
    const of = async () => (await rig.json('status', '--subnet', '10.9.0.0/29')).subnets[0];
    assert.equal((await of()).room, 'tight');
    assert.match(
      (await of()).warning,
      /^10\.9\.0\.0\/29 is tight: 1 free address and 1 held for the tickets of 4 live bindings;/,
    );
    await net.allocate('a.5', { node: 'node-1' });
    await net.release('a.5', 'node-1');
    assert.equal((await of()).room, 'full');
    const { stdout } = await rig.limpet('status');
    assert.match(
      stdout,
      /\n\nwarning: 10\.9\.0\.0\/29 is full: no new task can get a ticket; 1 reserved could be recl/,
    );
  });

  test('ls by state, node, service, subnet and space', async () => {
    const names = async (...args: string[]) => {
      return (await rig.json('ls', ...args)).rows.map(({ identity, subnet }: any) => `${identity} ${subnet}`);
    };
    assert.deepEqual(await names('--state', 'reserved'), ['web.2 10.7.0.0/28', 'db.1 10.7.0.0/28']);
    assert.deepEqual(await names('--node', 'node-2', '--subnet', '10.7.0.0/28'), [
      'web.1 10.7.0.0/28',
      'web.3 10.7.0.0/28',
    ]);
    assert.deepEqual(await names('--service', 'db'), ['db.1 10.7.0.0/28']);
    assert.deepEqual(await names('--space', 'node:node-1'), []);
  });

  test('lookup of addresses of every state', async () => {
    const state = async (address: string) => (await rig.json('lookup', address)).rows[0];
    const where = { space: 'swarm', subnet: '10.7.0.0/28', nodes: [] };
    const { now } = await rig.json('lookup', 'web.2');
    assert.deepEqual(await state('10.7.0.9'), { ...where, address: '10.7.0.9', state: 'held' });
    assert.deepEqual(await state('10.7.0.12'), { ...where, address: '10.7.0.12', state: 'excluded' });
    assert.deepEqual(await state('10.7.0.14'), { ...where, address: '10.7.0.14', state: 'free' });
    const bound = { ...where, address: '10.7.0.3', state: 'reserved', identity: 'web.2' };
    assert.deepEqual(await state('10.7.0.3'), { ...bound, releasedAt: now - 30 * HOUR - 5 * 60_000 });
    assert.equal((await state('fd00:0007:0::1')).identity, 'web.1');
  });

  test('an identity that looks like an address is found as one', async () => {
    await rig.service.find('10.7.0.0/28', 'swarm')?.allocate('10.7.0.9', { node: 'node-1' });
    const { rows } = await rig.json('lookup', '10.7.0.9');
    assert.deepEqual([rows.length, rows[0].identity, rows[0].address], [1, '10.7.0.9', '10.7.0.6']);
  });
});

describe('what the commands change', () => {
  const net = () => rig.service.find('10.7.0.0/28', 'swarm')!;

  test('reclaim by identity, service and age; a dry run changes nothing', async () => {
    assert.equal((await rig.json('reclaim', '--older-than', '1m', '--dry-run')).reclaimed.length, 2);
    assert.equal(net().stats.reserved, 2);
    const { reclaimed } = await rig.json('reclaim', '--older-than', '24h');
    assert.deepEqual(
      reclaimed.map(({ identity }: any) => identity),
      ['web.2'],
    );
    assert.equal(net().lookup('web.2'), undefined);
    assert.deepEqual((await rig.json('reclaim', '--service', 'web')).reclaimed, []);
    assert.equal((await rig.json('reclaim', 'db.1')).reclaimed[0].address, '10.7.0.5');
    assert.equal(net().inspect('10.7.0.5').state, 'free');
  });

  test('a dry run of reclaim leaves what is pinned, in the words of the real one', async () => {
    await net().pin('web.2', '10.7.0.3');
    const filter = ['reclaim', '--older-than', '1m'];
    const dry = await rig.limpet(...filter, '--dry-run');
    const question = await limpet([...filter, '--socket', rig.socket]);
    assert.equal(net().stats.reserved, 2);
    const real = await rig.limpet(...filter);
    const left = 'left: web.2: "web.2" is pinned to 10.7.0.3 in 10.7.0.0/28: unpin it before reclaiming';
    for (const { code, stdout } of [dry, real]) {
      assert.deepEqual([code, stdout.trimEnd().split('\n').at(-1)], [1, left]);
    }
    assert.match(dry.stdout, /^1 binding would be reclaimed/m);
    assert.match(real.stdout, /^1 binding reclaimed$/m);
    assert.match(question.stderr, /Reclaim 1 binding, so that/);
    const only = await rig.limpet('reclaim', 'web.2', '--dry-run');
    assert.deepEqual([only.code, only.stdout], [1, `nothing to reclaim\n${left}\n`]);
  });

  test('reclaim leaves what came back to life while it was at work', async () => {
    const reclaim = net().reclaim.bind(net());
    net().reclaim = async (identity) => {
      await net().allocate('db.1', { node: 'node-1' });
      return reclaim(identity);
    };
    const { code, stdout } = await rig.limpet('reclaim', '--older-than', '0s');
    assert.equal(code, 1);
    assert.match(stdout, /^1 binding reclaimed\nleft: db\.1: .*live/m);
  });

  test('an identity that is live in one subnet is reclaimed in none', async () => {
    await net().release('web.1', 'node-2');
    const { code, stderr } = await rig.limpet('reclaim', 'web.1');
    assert.equal(code, 1);
    assert.match(stderr, /"web\.1" is live on node-2: only what does not run can be reclaimed/);
    assert.ok(net().lookup('web.1'));
    assert.equal((await rig.json('reclaim', 'web.1', '--subnet', '10.7.0.0/28')).reclaimed.length, 1);
  });
});

describe('wrong input, and nobody there', () => {
  const cases: [string, string[], number, RegExp][] = [
    ['an unknown option', ['status', '--jsn'], 2, /unknown option '--jsn'/],
    ['an unknown state', ['ls', '--state', 'dead'], 2, /'dead' is invalid. Allowed choices are live, reserved, held/],
    ['a time that is none', ['check', '--settle', 'abc'], 2, /--settle "abc": give milliseconds/],
    ['no CIDR', ['ls', '--subnet', 'wide'], 2, /"wide" is not a valid CIDR/],
    ['host bits', ['ls', '--subnet', '10.7.0.1/28'], 2, /host bits set: the subnet is 10\.7\.0\.0\/28/],
    [
      'an unknown subnet',
      ['ls', '--subnet', '10.1.0.0/16'],
      1,
      /no subnet 10\.1\.0\.0\/16; there are 10\.8\.0\.0\/29 \(node:/,
    ],
    ['an unknown space', ['status', '--space', 'x'], 1, /there is no space "x"; there are/],
    ['forget of what is live', ['forget', 'fd00:7::/64'], 1, /fd00:7::\/64 is in use: 1 live binding; remove its net/],
    ['an empty space', ['status', '--space', ''], 2, /status\.space/],
    ['lookup of nobody', ['lookup', 'web.99'], 1, /"web\.99" has no address in any subnet/],
    ['lookup of an address elsewhere', ['lookup', '192.0.2.1'], 1, /192\.0\.2\.1 is in no subnet; there are 10\.8/],
    ['lookup of nothing', ['lookup'], 2, /missing required argument/],
    ['reclaim of nobody', ['reclaim', 'web.99'], 1, /"web\.99" has no address in any subnet/],
    ['reclaim of everything', ['reclaim'], 2, /say what to reclaim/],
    [
      'no duration',
      ['reclaim', '--older-than', '7 days'],
      2,
      /"7 days" is not a valid duration: write 90s, 10m, 24h or 7d/,
    ],
    ['an identity and a filter', ['reclaim', 'web.2', '--service', 'web'], 2, /name "web\.2" or filters, not both/],
    ['release without a node', ['release', 'web.1'], 2, /--node/],
    ['release of nobody', ['release', 'nobody', '--node', 'node-1'], 1, /"nobody" has no address/],
    ['unhold of a gateway', ['unhold', '10.7.0.1'], 1, /10\.7\.0\.1 is the gateway/],
    ['unhold of no address', ['unhold', 'web.1'], 2, /"web\.1" is not a valid IP address/],
    ['an empty store', ['status', '--store', ''], 2, /--store is empty/],
    ['an empty socket', ['status', '--socket', ''], 2, /--socket is empty/],
    ['--socket and --store', ['status', '--store', 'memory:'], 2, /exclude each other/],
  ];
  for (const [name, args, code, stderr] of cases) {
    test(`${code}: ${name}`, async () => {
      const ran = await rig.limpet(...args);
      assert.equal(ran.code, code, ran.stderr);
      assert.match(ran.stderr, stderr);
      assert.match(ran.stderr, /^limpet: [^\n]+\n$/);
      assert.equal(ran.stdout, '');
    });
  }

  test('unhold of an address that two subnets have wants to know which', async () => {
    const other = await rig.service.subnet('10.7.0.0/28', { space: 'other' });
    await other.hold('10.7.0.9');
    const { code, stderr } = await rig.limpet('unhold', '10.7.0.9');
    assert.equal(code, 2);
    assert.match(stderr, /in 2 subnets; choose one: --space other --subnet 10\.7\.0\.0\/28, --space swarm/);
    assert.equal((await rig.json('unhold', '10.7.0.9', '--space', 'other')).unheld, true);
    assert.equal(other.inspect('10.7.0.9').state, 'free');
  });

  test('no plugin at all', async () => {
    const { code, stderr } = await limpet(['status']);
    assert.equal(code, 3);
    assert.match(stderr, /^limpet: no Limpet plugin answers in \/nonexistent: start it, name its socket with --socket/);
  });

  test('a socket that is not there, one that nobody listens on, and one of somebody else', async () => {
    assert.match((await limpet(['status', '--socket', '/nonexistent/x'])).stderr, /\/nonexistent\/x: no such file/);
    const other = createServer((socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello'));
    const path = join(rig.folder, 'other.sock');
    await new Promise<void>((resolve) => other.listen(path, resolve));
    const { code, stderr } = await limpet(['status', '--socket', path]);
    other.close();
    assert.deepEqual(
      [code, stderr],
      [3, `limpet: ${path} is not the socket of a Limpet plugin: it answers 200, and not JSON\n`],
    );
    const file = join(rig.folder, 'file');
    writeFileSync(file, '');
    assert.equal((await limpet(['status', '--socket', file])).code, 3);
  });

  test('the plugin is found, plain or managed; of two one must be chosen', async () => {
    const found = (folder: string) => limpet(['status'], { LIMPET_PLUGIN_FOLDER: folder });
    assert.equal((await found(rig.folder)).code, 0);
    const second = await Rig.start();
    try {
      const folder = join(rig.folder, 'plugins');
      mkdirSync(folder);
      mkdirSync(join(folder, 'f00d'));
      mkdirSync(join(folder, 'without'));
      symlinkSync(rig.socket, join(folder, 'f00d', 'limpet.sock'));
      assert.equal((await found(folder)).code, 0);
      symlinkSync(second.socket, join(folder, 'limpet.sock'));
      const { code, stderr } = await found(folder);
      assert.equal(code, 2);
      assert.match(stderr, /2 Limpet plugins run here; choose one with --socket: \S+f00d\/limpet\.sock, \S+\n/);
    } finally {
      await second.stop();
    }
  });

  test('a store that is not open yet', async () => {
    rig.context = () => {
      throw new LimpetError('UNAVAILABLE', 'etcd://a:2379 is not open yet: no answer within 3000 ms');
    };
    const { code, stderr } = await rig.limpet('ls');
    assert.deepEqual([code, stderr], [3, 'limpet: etcd://a:2379 is not open yet: no answer within 3000 ms\n']);
  });
});

describe('a store opened directly', () => {
  test('a file store: what one command changes, the next one sees', async () => {
    const url = `file://${join(rig.folder, 'store')}`;
    const { FileStore } = await import('../../src/entries/file-store.js');
    const { AllocatorService } = await import('../../src/service/index.js');
    const service = await AllocatorService.open(new FileStore(join(rig.folder, 'store')));
    const net = await service.subnet('10.1.0.0/24', { space: 'swarm' });
    await net.allocate('web.1', { node: 'node-1' });
    const locked = await limpet(['ls', '--store', url]);
    assert.equal(locked.code, 3);
    assert.match(locked.stderr, /store/);
    await net.release('web.1', 'node-1');
    await service.close();
    const { code, stdout } = await limpet(['reclaim', 'web.1', '--yes', '--store', url]);
    assert.equal(code, 0);
    assert.match(stdout, /^1 binding reclaimed$/m);
    assert.equal((await limpet(['ls', '--store', url])).stdout, 'nothing matches\n');
  });

  test('a store that is only looked at must be there, and looking makes none', async () => {
    const nope = join(rig.folder, 'nope');
    for (const args of [
      ['ls', '--store', `file://${nope}`],
      ['store', 'copy', `file://${nope}`, `file://${nope}2`, '--yes'],
    ]) {
      const { code, stderr } = await limpet(args);
      assert.equal(code, 2);
      assert.match(stderr, /nope has no store: there is no such directory/);
    }
    const there = `file://${join(rig.folder, 'store')}`;
    const { FileStore } = await import('../../src/entries/file-store.js');
    const { AllocatorService } = await import('../../src/service/index.js');
    await (await AllocatorService.open(new FileStore(join(rig.folder, 'store')))).close();
    await limpet(['import', '--store', `file://${nope}`, '--dry-run']);
    assert.equal((await limpet(['store', 'copy', there, `file://${nope}`, '--dry-run'])).code, 0);
    assert.deepEqual([existsSync(nope), existsSync(`${nope}2`)], [false, false]);
    const same = await limpet(['store', 'copy', there, there, '--yes']);
    assert.equal(same.code, 2);
    assert.match(same.stderr, /FROM and TO are the same store/);
  });

  test('a directory without a store is none, and stays as it is', async () => {
    const [empty, state] = [join(rig.folder, 'empty'), join(rig.folder, 'state', 'host.json')];
    mkdirSync(empty);
    writeFileSync(join(empty, '00000001.journal.tmp'), '');
    const url = `file://${empty}`;
    for (const args of [
      ['ls', '--store', url],
      ['status', '--store', url],
      ['lookup', 'web.1', '--store', url],
      ['check', '--store', url],
      ['reclaim', 'web.1', '--dry-run', '--store', url],
      ['store', 'copy', url, `file://${empty}2`, '--dry-run'],
    ]) {
      const { code, stderr } = await limpet(args, { LIMPET_STATE: state });
      assert.equal(code, 2, stderr);
      assert.match(stderr, /empty has no store: the directory has neither a journal nor a snapshot; check the path/);
    }
    const { code } = await limpet(['import', '--dry-run', '--store', url], { LIMPET_STATE: state });
    assert.equal(code, 3, 'no Docker answers');
    assert.deepEqual([readdirSync(empty), existsSync(join(rig.folder, 'state'))], [['00000001.journal.tmp'], false]);
  });

  test('a file where a directory is meant, and a directory that may not be read', async () => {
    const file = join(rig.folder, 'file');
    writeFileSync(file, '');
    for (const args of [['ls'], ['import'], ['import', '--dry-run']]) {
      const { code, stderr } = await limpet(
        [...args, '--yes', '--store', `file://${file}`].filter((word) => {
          return args[0] === 'import' || word !== '--yes';
        }),
      );
      assert.equal(code, 2, stderr);
      assert.match(stderr, /file is a file, not a directory/);
    }
    assert.match((await limpet(['ls', '--store', `file://${file}/x`])).stderr, /there is no such directory/);
    const error = await lookFor('/x', {
      ...files,
      names: () => Promise.reject(Object.assign(new Error('EACCES: permission denied'), { code: 'EACCES' })),
    }).catch((error) => error);
    assert.deepEqual([error.code, /\/x cannot be read: EACCES/.test(error.message)], ['UNAVAILABLE', true]);
  });

  test('an import that cannot ask Docker, or finds nothing to add, makes no store', async () => {
    const [url, state] = [`file://${join(rig.folder, 'new')}`, join(rig.folder, 'state', 'host.json')];
    const args = ['import', '--yes', '--store', url];
    const environment = { LIMPET_STATE: state, DOCKER_HOST: `unix://${rig.dockerSocket}` };
    assert.equal((await limpet(args, environment)).code, 3);
    const docker = await ServedDocker.start({}, rig.dockerSocket);
    const { code, stdout, stderr } = await limpet(args, environment);
    const nope = await limpet(['import', 'nope', ...args.slice(1)], environment);
    await docker.stop();
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^nothing to import/);
    assert.match(nope.stderr, /there is no network "nope"; there are none/);
    assert.deepEqual([existsSync(join(rig.folder, 'new')), existsSync(join(rig.folder, 'state'))], [false, false]);
  });

  test('a query or a fragment is no part of a folder', async () => {
    for (const cut of ['?', '#']) {
      const { code, stderr } = await limpet(['ls', '--store', `file://${rig.folder}/a${cut}b`]);
      assert.equal(code, 2);
      assert.match(stderr, /a file store's URL takes no [?#]: write %3F for \? and %23 for #/);
    }
    assert.match((await limpet(['ls', '--store', 'file:///nope%3Fa'])).stderr, /there is no such directory/);
  });

  test('a store that ends with the command, or the same one, is not copied', async () => {
    const url = `file://${join(rig.folder, 'a')}`;
    for (const [args, why] of [
      [[url, 'memory:'], /memory: ends with this command/],
      [['memory:', url], /memory: ends with this command/],
      [[url, `${url}/`], /FROM and TO are the same store: \S+\/a and \S+\/a\/$/m],
    ] as const) {
      const { code, stderr } = await limpet(['store', 'copy', ...args, '--yes']);
      assert.deepEqual([code, why.test(stderr)], [2, true], stderr);
    }
    assert.equal(existsSync(join(rig.folder, 'a')), false);
  });

  test('URLs that name no store, and an etcd that is not there', async () => {
    assert.match((await limpet(['ls', '--store', 'http://x'])).stderr, /"http:\/\/x" names no store/);
    assert.match((await limpet(['ls', '--store', 'file:relative'])).stderr, /"file:relative" names no store/);
    assert.match((await limpet(['help', 'nope'])).stderr, /unknown command "nope"; see limpet --help/);
    assert.match(
      (await limpet(['help', 'store', 'nope'])).stderr,
      /unknown command "store nope"; see limpet store --h/,
    );
    assert.match((await limpet(['help', 'ls', 'x'])).stderr, /unknown command "ls x"/);
    const copy = await limpet(['help', 'store', 'copy']);
    assert.deepEqual(copy, await limpet(['store', 'copy', '--help']));
    assert.match(copy.stdout, /^Usage: limpet store copy/);
    assert.equal((await limpet(['ls', '--store', 'http://x'])).code, 2);
    const { code, stderr } = await limpet(['ls', '--store', 'etcd://127.0.0.1:1?deadline=500']);
    assert.equal(code, 3, stderr);
    assert.match(stderr, /^limpet: [^\n]*127\.0\.0\.1:1[^\n]*\n$/);
  });
});

describe('the operations over HTTP', () => {
  const cases: [string, string, string, string | Buffer, number, RegExp][] = [
    ['an unknown operation', 'GET', '/limpet/v1/nope', '', 404, /there is no operation \\"nope\\"; there are status/],
    ['no operation', 'GET', '/limpet/v1/', '', 404, /there is no operation/],
    ['a name of Object', 'GET', '/limpet/v1/constructor', '', 404, /there is no operation/],
    ['the wrong method', 'GET', '/limpet/v1/reclaim', '', 405, /wants POST, not GET/],
    ['an unknown field', 'GET', '/limpet/v1/status?sub=x', '', 400, /Unrecognized key/],
    ['no JSON', 'POST', '/limpet/v1/reclaim', '{', 400, /the body is not JSON/],
    ['a list', 'POST', '/limpet/v1/reclaim', '[]', 400, /expected object/],
    ['a wrong type', 'POST', '/limpet/v1/reclaim', '{"identity":3}', 400, /reclaim\.identity: .*expected string/],
    ['an empty body', 'POST', '/limpet/v1/reclaim', '', 400, /say what to reclaim/],
    ['a body too large', 'POST', '/limpet/v1/reclaim', Buffer.alloc(2 ** 20 + 1, 32), 413, /more than 1048576 bytes/],
    ['a path that is not ours', 'POST', '/Plugin.Activate', '', 404, /not the handler/],
  ];
  for (const [name, method, path, body, status, answer] of cases) {
    test(`${status}: ${name}`, async () => {
      const got = await rig.raw(method, path, body);
      assert.equal(got.status, status, got.body);
      assert.match(got.body, answer);
    });
  }
});
