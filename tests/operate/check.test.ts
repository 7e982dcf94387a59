// limpet check: every kind of finding provoked once on the recorded swarm, the command that it names run, and then
// nothing found.

import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { type Finding, KINDS, type Kind } from '../../src/operate/index.js';
import { containersOn } from '../host/recordings.js';
import { CIDR, SwarmRig } from './swarm.js';

let swarm: SwarmRig;
beforeEach(async () => {
  swarm = await SwarmRig.start();
  await swarm.healthy();
});
afterEach(() => swarm.stop());

async function check(...args: string[]): Promise<{ code: number | null; findings: Finding[]; unchecked: string[] }> {
  const { code, stdout, stderr } = await swarm.rig.limpet('check', '--settle', '10', '--json', ...args);
  assert.equal(stderr, '');
  return { code, ...JSON.parse(stdout) };
}

/** An endpoint of st1, as Docker's list of containers has it. */
const endpointOf = (identity: string) => swarm.container(identity).NetworkSettings.Networks.st1;
const taskOf = (identity: string) => {
  const id = swarm.container(identity).Labels['com.docker.swarm.task.id'];
  return swarm.docker.tasks.find(({ ID }) => ID === id);
};
const ticketsOf = (identity: string) => {
  return taskOf(identity).NetworksAttachments.find(({ Network }: any) => Network.Spec.Name === 'st1').Addresses;
};
const release = (identity: string, node: string) => swarm.net.release(identity, swarm.id(node));

/** A running container of this node that may lie. */
function disguised(name: string, address: string, task?: string): void {
  const container = structuredClone(swarm.container('helloworld.5'));
  container.Id = 'c0ffee'.repeat(10);
  container.Names = [`/${name}`];
  const labels = { 'com.docker.swarm.task.id': task, 'com.docker.swarm.task.name': name };
  container.Labels = task === undefined ? {} : { ...labels, 'com.docker.swarm.service.name': 'helloworld' };
  container.NetworkSettings.Networks.st1.IPAddress = address;
  swarm.docker.containers.push(container);
}

/** What makes each finding. `again`: what the mended state still shows, being no problem. */
const provoked: { kind: Kind; name: string; provoke: () => Promise<unknown> | unknown; says: RegExp; again?: Kind }[] =
  [
    {
      kind: 'leak',
      name: 'a ticket that nobody has',
      provoke: () => swarm.net.hold('10.77.0.200'),
      says: /10\.77\.0\.200 is held, and no task, virtual IP or gateway has it/,
    },
    {
      kind: 'leak',
      name: "the load balancer's end of a node that is gone",
      provoke: async () => {
        await swarm.net.allocate('@endpoint/node-9/10.77.0.99', { node: 'node-9', ticket: '10.77.0.99' });
        await release('@endpoint/node-9/10.77.0.99', 'node-9');
      },
      says: /10\.77\.0\.99 is reserved for @endpoint\/node-9/,
    },
    {
      kind: 'unheld',
      name: 'a virtual IP that could be given away',
      provoke: () => swarm.net.unhold('10.77.0.2'),
      says: /10\.77\.0\.2, virtual IP of helloworld, is free/,
    },
    {
      kind: 'unheld',
      name: 'the gateway',
      provoke: () => swarm.net.unhold('10.77.0.1'),
      says: /10\.77\.0\.1, gateway of st1, is free/,
    },
    {
      kind: 'unbound',
      name: 'a binding that was lost',
      provoke: async () => {
        await release('helloworld.5', 'node-1');
        await swarm.net.reclaim('helloworld.5');
      },
      says: /helloworld\.5 \(.*\) on node-1 runs at 10\.77\.0\.11, which is not reserved for it/,
    },
    {
      kind: 'unbound',
      name: 'a binding of another node that was lost',
      provoke: async () => {
        const identities = [...containersOn('2-drained', 'st1').keys()];
        const there = identities.find((identity) => swarm.net.lookup(identity)!.nodes.includes(swarm.id('node-3')))!;
        await release(there, 'node-3');
        await swarm.net.reclaim(there);
      },
      says: /^\w+\.\w+ \(.*\) on node-3 runs at 10\.77\.0\.\d+, which is not reserved for it/,
    },
    {
      kind: 'not-live',
      name: 'a live mark that was lost',
      provoke: () => release('helloworld.5', 'node-1'),
      says: /helloworld\.5 .* runs at 10\.77\.0\.11, and its binding is not live there/,
    },
    {
      kind: 'stale-live',
      name: 'a live mark of this node without a container',
      provoke: () => swarm.net.allocate('plain', { node: swarm.id('node-1') }),
      says: /plain \(10\.77\.0\.\d+\) is live on node-1, and does not run there/,
    },
    {
      kind: 'stale-live',
      name: 'a live mark of the node that was drained',
      provoke: () => swarm.net.allocate('helloworld.5', { node: swarm.id('node-2') }),
      says: /helloworld\.5 \(10\.77\.0\.11\) is live on node-2/,
    },
    {
      kind: 'no-subnet',
      name: 'a store that has lost the subnet',
      provoke: () => swarm.service.remove(CIDR, 'swarm'),
      says: /the store has no subnet 10\.77\.0\.0\/24, which network st1 has/,
    },
    {
      kind: 'double',
      name: 'two containers with one address',
      provoke: () => {
        endpointOf('helloworld.5').IPAddress = endpointOf('helloworld.1').IPAddress;
      },
      says: /10\.77\.0\.\d+ is the address of helloworld\.5 .* and helloworld\.1 /,
    },
    {
      kind: 'double-ticket',
      name: 'two tasks with one ticket',
      provoke: () => ticketsOf('helloworld.5').splice(0, 1, ...ticketsOf('helloworld.1')),
      says: /Swarm's records have 10\.77\.0\.\d+ for helloworld\.\d+ and for helloworld\.\d+/,
    },
    {
      kind: 'foreign',
      name: "a container on somebody else's reserved address",
      provoke: async () => {
        endpointOf('helloworld.5').IPAddress = await swarm.net.allocate('agent.elsewhere', {
          node: swarm.id('node-1'),
        });
        await release('agent.elsewhere', 'node-1');
      },
      says: /helloworld\.5 .* runs at 10\.77\.0\.\d+, which is agent\.elsewhere's/,
    },
    {
      kind: 'drift',
      name: 'a container on a free address',
      provoke: () => {
        endpointOf('helloworld.5').IPAddress = '10.77.0.123';
      },
      says: /helloworld\.5 .* runs at 10\.77\.0\.123; its own address is 10\.77\.0\.11/,
    },
    {
      kind: 'guest',
      name: 'a guest that nobody keeps from going home',
      provoke: async () => {
        const ticket = await swarm.net.holdNext();
        await swarm.net.claim(`@guest/${ticket}`, { node: swarm.id('node-1'), ticket });
        endpointOf('helloworld.5').IPAddress = ticket;
      },
      says: /helloworld\.5 .* as a guest; its own address is 10\.77\.0\.11/,
    },
    {
      kind: 'impostor',
      name: 'a container with the labels and the name of a task that Swarm does not have',
      provoke: () => disguised('helloworld.7.aaaaaaaaaaaaaaaaaaaaaaaaa', '10.77.0.124', 'aaaaaaaaaaaaaaaaaaaaaaaaa'),
      says: /^container:helloworld\.7\.a{25} .* and Swarm has no such task$/,
    },
    {
      kind: 'impostor',
      name: "a container with another task's ID in its labels",
      provoke: () => disguised('mine', '10.77.0.124', taskOf('helloworld.5').ID),
      says: /^mine on node-1: .*, and its name does not$/,
    },
    {
      kind: 'impostor',
      name: 'a container with name and labels of a task that runs on another node',
      provoke: () => {
        const node = swarm.id('node-3');
        const service = taskOf('helloworld.5').ServiceID;
        const { ID, Slot } = swarm.docker.tasks.find(
          ({ NodeID, ServiceID, Status }) => NodeID === node && ServiceID === service && Status.State === 'running',
        );
        disguised(`helloworld.${Slot}.${ID}`, '10.77.0.124', ID);
      },
      says: /, and that is another container$/,
    },
    {
      kind: 'unfit',
      name: 'a container whose name is too long for an identity',
      provoke: () => disguised('n'.repeat(300), '10.77.0.124'),
      says: /has 300 bytes, and 255 is the most/,
    },
    {
      kind: 'unfit',
      name: 'a container whose name is half a surrogate pair',
      provoke: () => disguised('n\ud800', '10.77.0.124'),
      says: /has half a surrogate pair/,
    },
    {
      kind: 'unfit',
      name: 'a container that is called as what Limpet makes up',
      provoke: () => disguised('@endpoint/x/y', '10.77.0.124'),
      says: /begins with @/,
    },
    {
      kind: 'orphan',
      name: 'reserved addresses of a service that is gone',
      provoke: async () => {
        for (const n of [1, 2]) await swarm.net.allocate(`gone.${n}`, { node: swarm.id('node-1') });
        for (const n of [1, 2]) await release(`gone.${n}`, 'node-1');
      },
      says: /2 reserved for the tasks of gone, a service that no longer exists/,
    },
    {
      kind: 'orphan',
      name: 'addresses pinned for a service that is gone',
      provoke: () => swarm.net.pin('gone.1', '10.77.0.150'),
      says: /1 pinned for the tasks of gone, a service that no longer exists/,
    },
    {
      kind: 'waits',
      name: 'a pin of what runs at another address',
      provoke: () => swarm.net.pin('helloworld.5', '10.77.0.150'),
      says: /^helloworld\.5 is pinned to 10\.77\.0\.150, and has 10\.77\.0\.11 until it stops$/,
    },
    {
      kind: 'unused-subnet',
      name: 'a subnet whose network is gone',
      provoke: () => swarm.service.subnet('10.99.0.0/24', { space: 'swarm' }),
      says: /no network has 10\.99\.0\.0\/24/,
    },
  ];

describe('a swarm in good order', () => {
  test('nothing is found', async () => {
    const { code, findings, unchecked } = await check();
    assert.deepEqual({ code, findings, unchecked }, { code: 0, findings: [], unchecked: [] });
  });

  test('in words', async () => {
    const { code, stdout, stderr } = await swarm.rig.limpet('check');
    const running = swarm.docker.containers.length;
    assert.deepEqual([code, stderr], [0, '']);
    assert.equal(stdout, `no problems; 1 subnet, 1 network, ${running} containers looked at\n`);
  });
});

describe('every finding, and what fixes it', () => {
  for (const { kind, name, provoke, says } of provoked) {
    test(`${kind}: ${name}`, async () => {
      await provoke();
      const { code, findings } = await check();
      const found = findings.filter((finding) => finding.kind === kind);
      assert.equal(found.length, 1, JSON.stringify(findings, null, 1));
      const [finding] = found as [Finding];
      assert.match(finding.message, says);
      assert.equal(code, findings.some(({ severity }) => severity === 'problem') ? 1 : 0);
      for (const each of findings) await swarm.mend(each.mend as string);
      // What is no longer pinned is reserved still: the next look says what to do about that.
      if (name.startsWith('addresses pinned'))
        for (const each of (await check()).findings) await swarm.mend(each.mend as string);
      if (kind === 'guest') {
        const guest = [...swarm.net.list()].find(({ identity }) => identity.startsWith('@guest/'))!;
        await release(guest.identity, 'node-1'); // as the plugin does when the guest has gone
        await swarm.net.reclaim(guest.identity);
        await swarm.net.unhold(guest.address);
      }
      const after = await check();
      assert.deepEqual(
        after.findings.filter(({ severity }) => severity === 'problem'),
        [],
      );
      assert.equal(after.code, 0);
      assert.deepEqual(
        after.findings.filter((finding) => finding.kind === kind),
        [],
      );
    });
  }

  test('addresses that run short: the one finding without a command', async () => {
    swarm.docker.networks.find(({ Name }) => Name === 'st1').IPAM.Config[0].Subnet = '10.78.0.0/29';
    const small = await swarm.service.subnet('10.78.0.0/29', { space: 'swarm' });
    for (const n of [1, 2, 3, 4, 5, 6]) await small.allocate(`a.${n}`, { node: swarm.id('node-3') });
    const { findings } = await check('--subnet', '10.78.0.0/29');
    const tight = findings.filter(({ kind }) => kind === 'tight');
    assert.deepEqual(
      tight.map(({ message, mend }) => [message, mend]),
      [['10.78.0.0/29 is full: no new task can get a ticket', undefined]],
    );
  });

  test('no kind is left out', () => {
    const shown = new Set([...provoked.map(({ kind }) => kind), 'tight']);
    assert.deepEqual(
      Object.keys(KINDS).filter((kind) => !shown.has(kind)),
      [],
    );
  });

  test('in words, the command on a line of its own', async () => {
    await swarm.net.hold('10.77.0.200');
    const { code, stdout } = await swarm.rig.limpet('check', '--settle', '10');
    assert.equal(code, 1);
    const [head, said, mend] = stdout.split('\n');
    assert.equal(head, 'problem: leak  10.77.0.0/24');
    assert.equal(said, '  10.77.0.200 is held, and no task, virtual IP or gateway has it');
    assert.equal(mend, '  limpet unhold 10.77.0.200 --subnet 10.77.0.0/24');
    assert.match(stdout, /\n\n1 problem; 1 subnet/);
  });
});

describe('what check does not say', () => {
  test('what was only in passing', async () => {
    await swarm.net.hold('10.77.0.200');
    const waiting = swarm.rig.limpet('check', '--settle', '1500');
    const looked = () => swarm.docker.asked.filter((path) => path.endsWith('/nodes')).length;
    const before = looked();
    while (looked() === before) await new Promise((resolve) => setTimeout(resolve, 20));
    await new Promise((resolve) => setTimeout(resolve, 300));
    await swarm.net.unhold('10.77.0.200');
    const { code, stdout } = await waiting;
    assert.equal(code, 0, stdout);
    assert.match(stdout, /^no problems/);
  });

  test('what a worker cannot see', async () => {
    await swarm.net.hold('10.77.0.200');
    swarm.docker.info.Swarm.ControlAvailable = false;
    const { code, findings, unchecked } = await check();
    assert.deepEqual([code, findings], [0, []]);
    assert.match(unchecked[0]!, /node-1 is not a manager, so it cannot see tickets and tasks/);
  });

  test('the ends of load balancers, plain containers elsewhere, and subnets of other nodes', async () => {
    for (const [node, address] of [
      ['node-1', '10.77.0.50'],
      ['node-1', '10.77.0.51'],
      ['node-3', '10.77.0.52'],
    ] as const) {
      const id = swarm.id(node);
      await swarm.net.allocate(`@endpoint/${id}/${address}`, { node: id, ticket: address });
    }
    swarm.docker.endpoints.set('st1', { 'lb-st1': { Name: 'st1-endpoint', IPv4Address: '10.77.0.50/24' } });
    await swarm.net.allocate('somebody', { node: swarm.id('node-3') });
    await swarm.service.subnet('172.30.0.0/16', { space: 'node:node-3' });
    const { code, findings, unchecked } = await check();
    assert.deepEqual([code, findings], [0, []]);
    assert.deepEqual(unchecked, [
      '1 live mark of node-1, of endpoints and plain containers that no list shows',
      '1 live mark of node-3, of endpoints and plain containers that no list shows',
      'the subnets of other nodes: 172.30.0.0/16 (node:node-3)',
    ]);
  });

  test('a guest beside the one at home', async () => {
    const ticket = await swarm.net.holdNext();
    await swarm.net.claim(`@guest/${ticket}`, { node: swarm.id('node-1'), ticket });
    swarm.beside('helloworld.5', ticket);
    const { findings } = await check();
    assert.deepEqual(findings, []);
  });

  test('Docker not answering is told, and is nothing found', async () => {
    await swarm.docker.stop();
    const { code, stderr } = await swarm.rig.limpet('check');
    assert.equal(code, 3);
    assert.match(stderr, /^limpet: Docker's API at \S+docker\.sock does not answer \(GET info\): .*\n$/);
  });
});

test('the recorded addresses are those that the healthy rig has', () => {
  const expected = containersOn('2-drained', 'st1');
  const bound = new Map([...swarm.net.list()].map(({ identity, address }) => [identity, address]));
  for (const [identity, address] of expected) assert.equal(bound.get(identity), address);
});
