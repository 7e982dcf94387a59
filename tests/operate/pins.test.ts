// limpet pin and unpin, and where pins are seen: as an operator meets them.

import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { SubnetService } from '../../src/service/index.js';
import { info } from '../docker/json.js';
import { ServedDocker } from '../docker/served.js';
import { Rig } from './rig.js';

const AGENT = 'r0kabcdefghijklmnopqrstuv';

let rig: Rig;
let docker: ServedDocker;
let net: SubnetService;
beforeEach(async () => {
  docker = await ServedDocker.start({
    info: info('node-1'),
    services: [
      { ID: 's1', Spec: { Name: 'web', Mode: { Replicated: {} } } },
      { ID: 's2', Spec: { Name: 'agent', Mode: { Global: {} } } },
    ],
    nodes: [{ ID: AGENT, Description: { Hostname: 'host-a.example' }, Status: { State: 'ready' } }],
  });
  const { Docker } = await import('../../src/docker/index.js');
  rig = await Rig.start({ docker: new Docker({ host: docker.socket }) });
  net = await rig.service.subnet('10.7.0.0/28', { space: 'swarm', gateway: '10.7.0.1', exclude: ['10.7.0.12'] });
});
afterEach(async () => {
  await rig.stop();
  await docker.stop();
});

const pins = () =>
  [...net.list()].filter(({ pinned }) => pinned).map(({ identity, address }) => `${identity} ${address}`);

describe('limpet pin', () => {
  test('one identity', async () => {
    const { code, stdout } = await rig.limpet('pin', 'web.3', '10.7.0.5');
    assert.deepEqual([code, stdout], [0, 'web.3 pinned to 10.7.0.5 of 10.7.0.0/28\n']);
    assert.deepEqual(pins(), ['web.3 10.7.0.5']);
  });

  test('a service: slot n gets the n-th, of a range or a list', async () => {
    assert.equal((await rig.limpet('pin', 'web', '10.7.0.4-10.7.0.6')).code, 0);
    assert.deepEqual(pins(), ['web.1 10.7.0.4', 'web.2 10.7.0.5', 'web.3 10.7.0.6']);
    assert.equal((await rig.limpet('pin', 'api', '10.7.0.9,10.7.0.8')).code, 0);
    assert.deepEqual(pins().slice(3), ['api.2 10.7.0.8', 'api.1 10.7.0.9']);
    assert.equal((await rig.limpet('unpin', 'web')).code, 0);
    assert.deepEqual(pins(), ['api.2 10.7.0.8', 'api.1 10.7.0.9']);
  });

  test('one address for a service is for its first slot; for a container it is its own', async () => {
    await rig.limpet('pin', 'web', '10.7.0.4');
    await rig.limpet('pin', 'db', '10.7.0.5');
    assert.deepEqual(pins(), ['web.1 10.7.0.4', 'db 10.7.0.5']);
  });

  test('a task of a service that has no slots: by the node’s name or ID', async () => {
    assert.equal((await rig.limpet('pin', 'agent.host-a.example', '10.7.0.4')).code, 0);
    assert.deepEqual(pins(), [`agent.${AGENT} 10.7.0.4`]);
    assert.equal((await rig.limpet('pin', `agent.${AGENT}`, '10.7.0.5')).code, 0);
    assert.deepEqual(pins(), [`agent.${AGENT} 10.7.0.5`]);
    await rig.service.introduce({ id: AGENT, name: 'host-a.example' });
    assert.equal((await rig.limpet('unpin', 'agent.host-a.example')).code, 0);
    assert.deepEqual(pins(), []);
  });

  describe('a task on a node, where Docker does not say which services there are', () => {
    const worker = () => {
      docker.info = info('node-1', { manager: false });
    };

    test('on a worker the store knows what nodes are called', async () => {
      await rig.service.introduce({ id: AGENT, name: 'host-a.example' });
      worker();
      assert.equal((await rig.limpet('pin', 'agent.host-a.example', '10.7.0.4')).code, 0);
      assert.deepEqual(pins(), [`agent.${AGENT} 10.7.0.4`]);
      assert.equal((await rig.limpet('pin', `other.${AGENT}`, '10.7.0.5')).code, 0);
      assert.equal((await rig.limpet('pin', 'web.3', '10.7.0.6')).code, 0);
      assert.deepEqual(pins().slice(1), [`other.${AGENT} 10.7.0.5`, 'web.3 10.7.0.6']);
    });

    test('of two nodes of one name neither is chosen', async () => {
      for (const id of [AGENT, AGENT.replace('r', 's')]) await rig.service.introduce({ id, name: 'twin' });
      worker();
      const { code, stderr } = await rig.limpet('pin', 'agent.twin', '10.7.0.4');
      assert.equal(code, 2);
      assert.match(stderr, /2 nodes are named "twin"; give one's ID: r0k\w+, s0k\w+/);
    });

    test('a host that is no node of the swarm is none', async () => {
      await rig.service.introduce({ id: '3b1c9b1e-0000-4000-8000-000000000000', name: 'host-a' });
      worker();
      assert.equal((await rig.limpet('pin', 'agent.host-a', '10.7.0.4')).code, 2);
    });

    for (const [where, silence] of [
      ['on a worker', async () => worker()],
      ['with Docker silent', () => docker.stop()],
    ] as const) {
      test(`${where} a name that may be a node's is refused, one that is known is not`, async () => {
        await silence();
        const { code, stderr } = await rig.limpet('pin', 'agent.host-a', '10.7.0.4');
        assert.equal(code, 2);
        assert.match(
          stderr,
          /cannot be told here whether "host-a" of agent\.host-a is a node: name the node by its ID, or/,
        );
        assert.deepEqual(pins(), []);
        await net.allocate('web.internal', { node: 'node-1' });
        assert.equal((await rig.limpet('pin', 'web.internal', '10.7.0.4')).code, 0);
        await net.allocate(`agent.${AGENT}`, { node: 'node-1' });
        assert.match((await rig.limpet('pin', 'agent', '10.7.0.5')).stderr, /agent has a task on every node/);
      });
    }

    test('without a swarm every name is a container’s', async () => {
      docker.info = { ...info('node-1'), Swarm: { NodeID: '', LocalNodeState: 'inactive', ControlAvailable: false } };
      assert.equal((await rig.limpet('pin', 'web.internal', '10.7.0.4')).code, 0);
      assert.deepEqual(pins(), ['web.internal 10.7.0.4']);
    });
  });

  test('before its service is there a node’s name is the node all the same', async () => {
    assert.equal((await rig.limpet('pin', 'later.host-a.example', '10.7.0.4')).code, 0);
    assert.equal((await rig.limpet('pin', 'web.internal', '10.7.0.5')).code, 0);
    assert.deepEqual(pins(), [`later.${AGENT} 10.7.0.4`, 'web.internal 10.7.0.5']);
    const { code, stderr } = await rig.limpet('pin', 'web.host-a.example', '10.7.0.6');
    assert.equal(code, 2);
    assert.match(stderr, /web has numbered tasks, and none by node: pin one as in limpet pin web\.1 ADDRESS/);
  });

  test('what runs at another address: from its next start on', async () => {
    await net.allocate('web.1', { node: 'n' });
    const { stdout } = await rig.limpet('pin', 'web.1', '10.7.0.9');
    assert.equal(
      stdout,
      'web.1 pinned to 10.7.0.9 of 10.7.0.0/28: from its next start on, until then it has 10.7.0.2\n',
    );
    const { rows } = await rig.json('ls', '--pinned');
    assert.deepEqual(
      rows.map(({ identity, address, pinned }: any) => [identity, address, pinned]),
      [['web.1', '10.7.0.9', 'waits']],
    );
    assert.equal((await rig.json('lookup', 'web.1')).rows.length, 2);
  });

  test('more tasks than addresses: a warning', async () => {
    for (const n of [1, 2, 3]) await net.allocate(`web.${n}`, { node: 'n' });
    const { code, stdout } = await rig.limpet('pin', 'web', '10.7.0.8-10.7.0.9');
    assert.equal(code, 0);
    assert.match(stdout, /warning: 2 addresses for web, which has more tasks: web\.3 keep theirs, or get free ones/);
  });

  const cases: [string, string, string, number, RegExp][] = [
    ['outside the subnet', 'web.1', '10.8.0.4', 1, /10\.8\.0\.4 is in no subnet; there is 10\.7\.0\.0\/28/],
    ['partly outside', 'web', '10.7.0.13-10.7.0.17', 1, /10\.7\.0\.15 of 10\.7\.0\.0\/28 .*: it is excluded/],
    [
      'a range that goes back',
      'web',
      '10.7.0.6-10.7.0.4',
      2,
      /: "10\.7\.0\.6-10\.7\.0\.4" goes backwards: 10\.7\.0\.4 is before/,
    ],
    ['an empty text', 'web', '', 2, /pin\.addresses: it is empty/],
    ['an empty part', 'web', '10.7.0.4,', 2, /"10\.7\.0\.4," names no addresses: "" is neither/],
    [
      'excluded',
      'web.1',
      '10.7.0.12',
      1,
      /10\.7\.0\.12 of 10\.7\.0\.0\/28 cannot be pinned to "web\.1": it is excluded/,
    ],
    ['the gateway’s', 'web.1', '10.7.0.1', 1, /it is the gateway/],
    [
      'held by a virtual IP',
      'web.1',
      '10.7.0.3',
      1,
      /it is held: a virtual IP, an end of a load balancer or the ticket/,
    ],
    ['somebody else’s', 'web', '10.7.0.4-10.7.0.5', 1, /10\.7\.0\.5 .* belongs to "db" \(live\)/],
    ['pinned to somebody who runs elsewhere', 'web.1', '10.7.0.7', 1, /it is pinned to db/],
    ['twice the same', 'web', '10.7.0.8,10.7.0.8', 2, /10\.7\.0\.8 is in it twice/],
    ['no address', 'web.1', 'there', 2, /"there" is neither an address nor a range first-last/],
    ['IPv6 beside IPv4', 'web', '10.7.0.8,fd00::8', 2, /IPv4 and of IPv6/],
    ['IPv6', 'web.1', 'fd00::8', 1, /fd00::8 is in no subnet/],
    ['several for one task', 'web.1', '10.7.0.8-10.7.0.9', 2, /web\.1 is one task, and 2 addresses are named/],
    ['a service on every node', 'agent', '10.7.0.8-10.7.0.9', 2, /pin them by node, as in limpet pin agent\.NODE/],
    ['a node that is not there', 'agent.nowhere', '10.7.0.8', 2, /there is no node "nowhere"/],
    ['a name that Limpet makes up', '@pin/web.1', '10.7.0.8', 2, /begins with @/],
  ];
  for (const [what, who, addresses, exit, about] of cases) {
    test(`${what}: refused in words, and nothing is changed`, async () => {
      await net.hold('10.7.0.3');
      await net.allocate('db', { node: 'n', ticket: '10.7.0.5' });
      await net.pin('db', '10.7.0.7');
      const before = JSON.stringify([...net.list()]);
      const { code, stderr, stdout } = await rig.limpet('pin', who, addresses);
      assert.match(stderr, about);
      assert.deepEqual([code, stdout], [exit, '']);
      assert.equal(JSON.stringify([...net.list()]), before);
    });
  }
});

describe('limpet pin --second', () => {
  test('both homes of one task; ls, lookup and unpin know the two', async () => {
    const { code, stdout } = await rig.limpet('pin', 'web.3', '10.7.0.5', '--second', '10.7.0.9');
    assert.equal(
      stdout,
      'web.3 pinned to 10.7.0.5 of 10.7.0.0/28\nweb.3 (second home) pinned to 10.7.0.9 of 10.7.0.0/28\n',
    );
    assert.equal(code, 0);
    assert.deepEqual(pins(), ['web.3 10.7.0.5', '@second/web.3 10.7.0.9']);
    assert.match((await rig.limpet('ls', '--pinned')).stdout, /10\.7\.0\.9 +web\.3 \(second home\) +reserved, pinned/);
    const { rows } = await rig.json('lookup', 'web.3');
    assert.deepEqual(
      rows.map(({ identity, home, address, pinned }: any) => [identity, home, address, pinned]),
      [
        ['web.3', undefined, '10.7.0.5', 'home'],
        ['web.3', 'second', '10.7.0.9', 'home'],
      ],
    );
    const unpinned = await rig.limpet('unpin', 'web.3');
    assert.match(unpinned.stdout, /web\.3 \(second home\) is no longer pinned to 10\.7\.0\.9 of 10\.7\.0\.0\/28/);
    assert.deepEqual(pins(), []);
    assert.equal(net.lookup('@second/web.3')?.address, '10.7.0.9', 'the address stays');
  });

  test('a service’s slots, and the second homes alone', async () => {
    await rig.limpet('pin', 'web', '10.7.0.4-10.7.0.5', '--second', '10.7.0.8-10.7.0.9');
    assert.deepEqual(pins(), ['web.1 10.7.0.4', 'web.2 10.7.0.5', '@second/web.1 10.7.0.8', '@second/web.2 10.7.0.9']);
    await rig.limpet('unpin', 'web');
    assert.deepEqual(pins(), []);
    assert.equal((await rig.limpet('pin', 'web.1', '--second', '10.7.0.11')).code, 0);
    assert.deepEqual(pins(), ['@second/web.1 10.7.0.11']);
    assert.equal((await rig.limpet('pin', 'agent.host-a.example', '--second', '10.7.0.10')).code, 0);
    assert.deepEqual(pins(), [`@second/agent.${AGENT} 10.7.0.10`, '@second/web.1 10.7.0.11']);
    assert.equal((await rig.limpet('unpin', `agent.${AGENT}`)).code, 0);
    assert.deepEqual(pins(), ['@second/web.1 10.7.0.11']);
  });

  test('a task that runs at its second home has the chosen one from its next start there on', async () => {
    await net.allocate('web.1', { node: 'n' });
    const second = await net.allocate('@second/web.1', { node: 'm' });
    const { stdout } = await rig.limpet('pin', 'web.1', '--second', '10.7.0.9');
    assert.match(
      stdout,
      new RegExp(`web\\.1 \\(second home\\) pinned to 10\\.7\\.0\\.9 .* until then it has ${second}`),
    );
    const { rows } = await rig.json('ls', '--pinned');
    assert.deepEqual(
      rows.map(({ identity, home, pinned }: any) => [identity, home, pinned]),
      [['web.1', 'second', 'waits']],
    );
    assert.equal((await rig.limpet('unpin', 'web.1')).code, 0);
    assert.deepEqual(pins(), []);
  });

  const cases: [string, string[], number, RegExp][] = [
    ['no address at all', ['web.1'], 2, /no address is named for web\.1/],
    [
      'not as many',
      ['web', '10.7.0.8-10.7.0.9', '--second', '10.7.0.10'],
      2,
      /2 addresses are named for web, and 1 for/,
    ],
    ['of what is run by hand', ['db', '10.7.0.8', '--second', '10.7.0.9'], 2, /db has no second home: only tasks/],
    [
      'the same as the first',
      ['web.1', '10.7.0.8', '--second', '10.7.0.8'],
      2,
      /10\.7\.0\.8 cannot be both homes of web\.1/,
    ],
    [
      'in another subnet',
      ['web.1', '10.7.0.8', '--second', '10.8.0.8'],
      2,
      /in one subnet, not in 10\.7\.0\.0\/28 and 10\.8/,
    ],
    [
      'somebody else’s',
      ['web.1', '10.7.0.8', '--second', '10.7.0.5'],
      1,
      /to "web\.1" \(second home\): it belongs to "db"/,
    ],
    ['its own first one', ['web.2', '--second', '10.7.0.6'], 1, /10\.7\.0\.6 .* it belongs to "web\.2" \(reserved\)/],
    [
      'somebody’s second home',
      ['web.1', '10.7.0.7'],
      1,
      /10\.7\.0\.7 .* belongs to "web\.2" \(second home\) \(reserved\)/,
    ],
    ['no address', ['web.1', '10.7.0.8', '--second', 'there'], 2, /"there" is neither an address nor a range/],
    ['IPv6', ['web.1', '10.7.0.8', '--second', 'fd00::8'], 1, /fd00::8 is in no subnet/],
  ];
  for (const [what, args, exit, about] of cases) {
    test(`${what}: refused in words, and nothing is changed`, async () => {
      await rig.service.subnet('10.8.0.0/28', { space: 'swarm' });
      await net.allocate('db', { node: 'n', ticket: '10.7.0.5' });
      for (const [identity, address] of [
        ['web.2', '10.7.0.6'],
        ['@second/web.2', '10.7.0.7'],
      ] as const)
        await net.pin(identity, address);
      const before = JSON.stringify([...net.list()]);
      const { code, stderr, stdout } = await rig.limpet('pin', ...args);
      assert.match(stderr, about);
      assert.deepEqual([code, stdout], [exit, '']);
      assert.equal(JSON.stringify([...net.list()]), before);
    });
  }
});

describe('pins are seen', () => {
  beforeEach(async () => {
    await net.pin('web.1', '10.7.0.4');
    await net.allocate('web.1', { node: 'n' });
    await net.pin('web.2', '10.7.0.5');
  });

  test('in ls and status', async () => {
    const { stdout } = await rig.limpet('ls');
    assert.match(stdout, /10\.7\.0\.4 +web\.1 +live, pinned/);
    assert.match(stdout, /10\.7\.0\.5 +web\.2 +reserved, pinned/);
    assert.match((await rig.limpet('status')).stdout, /2 addresses pinned in 10\.7\.0\.0\/28/);
    assert.equal((await rig.json('status')).subnets[0].pinned, 2);
  });

  test('in what reclaim leaves', async () => {
    const { code, stderr, stdout } = await rig.limpet('reclaim', '--service', 'web');
    assert.equal(code, 1, stderr);
    assert.match(stdout, /left: web\.2: "web\.2" is pinned to 10\.7\.0\.5/);
  });

  test('unpin of what is not pinned says so', async () => {
    const { code, stderr } = await rig.limpet('unpin', 'db');
    assert.equal(code, 1);
    assert.match(stderr, /nothing is pinned for "db"/);
  });
});
