// limpet import on the recorded swarm: a network of Docker's own IPAM moved, one of Limpet's adopted after its store
// was lost; twice is as good as once, nothing bound is moved, and every conflict is told.

import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { containersOn, NETWORKS, type Step } from '../host/recordings.js';
import { CIDR, SwarmRig } from './swarm.js';

let swarm: SwarmRig;
afterEach(() => swarm.stop());

const bindings = (cidr: string) => {
  const net = swarm.service.find(cidr, 'swarm');
  return new Map([...(net?.list() ?? [])].map(({ identity, address }) => [identity, address]));
};
const outcomes = (steps: any[]) => {
  const count: Record<string, number> = {};
  for (const { what, outcome } of steps) count[`${what} ${outcome}`] = (count[`${what} ${outcome}`] ?? 0) + 1;
  return count;
};

describe('a network of Docker’s own IPAM', () => {
  const STOCK = '10.0.5.0/24';
  beforeEach(async () => {
    swarm = await SwarmRig.start('2-drained');
  });

  test('every replica’s address is reserved for it, whatever node it runs on', async () => {
    const answer = await swarm.rig.json('import', 'stock');
    assert.deepEqual(answer.networks, [
      { network: 'stock', mode: 'move', space: 'swarm', subnet: STOCK, created: true },
    ]);
    assert.deepEqual(outcomes(answer.steps), { 'binding add': 10 });
    assert.deepEqual(bindings(STOCK), new Map([...containersOn('2-drained', 'stock')].sort(byAddress)));
    const { live, reserved, held } = swarm.service.find(STOCK, 'swarm')!.stats;
    assert.deepEqual({ live, reserved, held }, { live: 0, reserved: 10, held: 0 });
  });

  test('without gossip, the records of the tasks tell the same', async () => {
    swarm.docker.elsewhere.length = 0;
    await swarm.rig.json('import', 'stock');
    assert.deepEqual(bindings(STOCK), new Map([...containersOn('2-drained', 'stock')].sort(byAddress)));
  });

  test('again, and it is all there already', async () => {
    await swarm.rig.json('import', 'stock');
    const state = [...swarm.service.find(STOCK, 'swarm')!.list()];
    const again = await swarm.rig.json('import', 'stock');
    assert.deepEqual(outcomes(again.steps), { 'binding there': 10 });
    assert.deepEqual([...swarm.service.find(STOCK, 'swarm')!.list()], state);
  });

  test('a dry run says the same and changes nothing', async () => {
    const dry = await swarm.rig.json('import', 'stock', '--dry-run');
    assert.deepEqual([...swarm.service.subnets()], []);
    const wet = await swarm.rig.json('import', 'stock');
    assert.deepEqual(dry, { ...wet, dryRun: true });
  });

  test('into a wider network of Limpet that is there', async () => {
    const wide = await swarm.service.subnet('10.0.4.0/22', {
      space: 'swarm',
      gateway: '10.0.4.1',
      exclude: ['10.0.7.0/24'],
    });
    const network = structuredClone(swarm.docker.networks.find(({ Name }) => Name === 'st1'));
    network.IPAM.Config = [{ Subnet: '10.0.4.0/22', Gateway: '10.0.4.1' }];
    swarm.docker.networks.push({ ...network, Name: 'web-sticky', Id: 'f'.repeat(25) });
    const answer = await swarm.rig.json('import', 'stock', '--into', 'web-sticky');
    assert.equal(answer.networks[0].created, false);
    for (const [identity, address] of containersOn('2-drained', 'stock')) {
      assert.equal(wide.lookup(identity)?.address, address);
      assert.equal(await wide.claim(identity, { node: swarm.id('node-3'), ticket: await wide.holdNext() }), address);
    }
  });

  test('conflicts: bound elsewhere, somebody else’s, excluded, outside', async () => {
    const net = await swarm.service.subnet(STOCK, { space: 'swarm', exclude: ['10.0.5.4'] });
    const at = containersOn('2-drained', 'stock');
    const excluded = [...at].find(([, address]) => address === '10.0.5.4')?.[0];
    const [elsewhere, taken] = [...at.keys()].filter((identity) => identity !== excluded) as [string, string];
    await net.allocate(elsewhere, { node: swarm.id('node-1'), ticket: '10.0.5.250' });
    await net.allocate('somebody', { node: swarm.id('node-1'), ticket: at.get(taken)! });
    const { code, stdout } = await swarm.rig.limpet('import', 'stock', '--json');
    assert.equal(code, 1);
    const { steps } = JSON.parse(stdout);
    const why = new Map(
      steps.filter(({ outcome }: any) => outcome === 'conflict').map(({ of, why }: any) => [of, why]),
    );
    assert.equal(why.get(elsewhere), `${elsewhere} is bound to 10.0.5.250; limpet reclaim ${elsewhere} ends that`);
    assert.equal(why.get(taken), 'it is bound to somebody; limpet reclaim somebody ends that');
    if (excluded !== undefined) assert.equal(why.get(excluded), `${STOCK} excludes it`);
    assert.equal(net.lookup(elsewhere)?.address, '10.0.5.250');
    assert.equal(outcomes(steps)['binding add'], 10 - why.size);
    const narrow = await swarm.rig.limpet('import', 'stock', '--into', '10.0.9.0/28', '--json');
    assert.deepEqual(outcomes(JSON.parse(narrow.stdout).steps), { 'binding conflict': 10 });
    assert.match(narrow.stdout, /10\.0\.5\.\d+ is not in 10\.0\.9\.0\/28/);
    assert.equal(swarm.service.find('10.0.9.0/28', 'swarm'), undefined);
  });

  test('with the options that the network to come will have, which are fixed then', async () => {
    const options = ['--ipam-opt', 'limpet.exclude=10.0.5.128/25', '--ipam-opt', 'limpet.reclaim=never'];
    await swarm.rig.json('import', 'stock', ...options);
    const { exclude, reclaim, gateway } = swarm.service.find(STOCK, 'swarm')!.spec;
    assert.deepEqual([exclude, reclaim, gateway], [['10.0.5.128-10.0.5.255'], {}, undefined]);
    const again = await swarm.rig.limpet('import', 'stock', ...options);
    assert.deepEqual([again.code, again.stdout], [2, '']);
    assert.match(again.stderr, /10\.0\.5\.0\/24 is there already \(space swarm\), and its options are fixed/);
  });

  test('in words', async () => {
    const { code, stdout } = await swarm.rig.limpet('import', 'stock', '--dry-run');
    assert.equal(code, 0);
    assert.match(stdout, /^ADDRESS +WHAT +OF +NODE +OUTCOME\n/);
    assert.match(stdout, /^10\.0\.5\.\d+ +binding +stockhello\.1 +node-[13] +to be bound$/m);
    const counts = '10 to be bound, 0 to be held, 0 there already, 0 conflicts (dry run: nothing has changed)';
    assert.ok(stdout.endsWith(`\n\nstock: reserved in 10.0.5.0/24 (space swarm, to be made)\n${counts}\n`), stdout);
  });
});

describe('a network of Limpet whose store was lost', () => {
  for (const step of ['1-created', '2-drained', '3-leader-lost'] as const satisfies readonly Step[]) {
    test(`${step}: bound where the containers really are; tickets, virtual IPs and the gateway held`, async () => {
      swarm = await SwarmRig.start(step, 3);
      await swarm.rig.json('import');
      const real = containersOn(step, 'st1');
      assert.deepEqual(bindings(CIDR), new Map([...real].sort(byAddress)));
      const tickets = swarm.docker.tasks
        .filter(({ Status }) => Status.State === 'running')
        .flatMap(({ NetworksAttachments }) => NetworksAttachments)
        .filter(({ Network }) => Network.Spec.Name === 'st1')
        .map(({ Addresses }) => Addresses[0].replace('/24', ''));
      const virtual = swarm.docker.services
        .flatMap(({ Endpoint }) => Endpoint.VirtualIPs)
        .filter(({ NetworkID }) => NetworkID === NETWORKS[1].id)
        .map(({ Addr }) => Addr.replace('/24', ''));
      for (const address of [...tickets, ...virtual, '10.77.0.1']) {
        assert.ok(swarm.net.state.isHeld(address), `${address} is not held`);
      }
      assert.equal(swarm.net.stats.live, swarm.docker.containers.filter(onSt1).length);
    });
  }

  test('what other nodes have not told is said, and another node adds it', async () => {
    swarm = await SwarmRig.start('2-drained', 1);
    const elsewhere = swarm.docker.elsewhere.splice(0);
    const { code, stdout } = await swarm.rig.limpet('import', 'st1', '--json');
    assert.equal(code, 1);
    const unseen = JSON.parse(stdout).steps.filter(({ outcome }: any) => outcome === 'unseen');
    assert.equal(unseen.length, elsewhere.filter(onSt1).length);
    assert.match(unseen[0].why, /runs on node-3, and its address is not heard of here: run limpet import there/);
    swarm.docker.elsewhere.push(...elsewhere);
    await swarm.rig.json('import', 'st1');
    assert.deepEqual(bindings(CIDR), new Map([...containersOn('2-drained', 'st1')].sort(byAddress)));
  });

  test('this node’s end of the load balancer keeps its address', async () => {
    swarm = await SwarmRig.start('2-drained', 1);
    swarm.docker.endpoints.set('st1', { 'lb-st1': { Name: 'st1-endpoint', IPv4Address: '10.77.0.60/24' } });
    await swarm.rig.json('import', 'st1');
    assert.deepEqual(swarm.net.lookup(`@endpoint/${swarm.id('node-1')}/10.77.0.60`)?.nodes, [swarm.id('node-1')]);
  });

  test('a plain container is known by its name', async () => {
    swarm = await SwarmRig.start('2-drained', 1);
    const plain = structuredClone(swarm.container('helloworld.5'));
    plain.Names = ['/tool'];
    plain.Labels = {};
    plain.NetworkSettings.Networks.st1.IPAddress = '10.77.0.77';
    swarm.docker.containers.push(plain);
    await swarm.rig.json('import', 'st1');
    assert.equal(bindings(CIDR).get('tool'), '10.77.0.77');
  });

  test('two containers at one address: the newer task’s, and a conflict', async () => {
    swarm = await SwarmRig.start('2-drained', 1);
    const [one, two] = ['helloworld.5', 'helloworld.1'].map(
      (name) => swarm.container(name).NetworkSettings.Networks.st1,
    );
    one.IPAddress = two.IPAddress;
    const { code, stdout } = await swarm.rig.limpet('import', 'st1', '--json');
    assert.equal(code, 1);
    const conflicts = JSON.parse(stdout).steps.filter(({ outcome }: any) => outcome === 'conflict');
    assert.equal(conflicts.length, 1);
    assert.match(conflicts[0].why, /^helloworld\.[15] runs at it too$/);
  });
});

describe('wrong input', () => {
  const cases: [string, string[], number, RegExp][] = [
    ['no such network', ['import', 'nope'], 1, /there is no network "nope"; there are stock, ingress, st1/],
    ['a network without a subnet', ['import', 'host'], 1, /network host has no subnet/],
    [
      'into a network that is not Limpet’s',
      ['import', 'stock', '--into', 'ingress'],
      2,
      /ingress has the IPAM driver default/,
    ],
    ['into nothing', ['import', 'stock', '--into', 'nope'], 1, /there is no network "nope"/],
    ['into no CIDR', ['import', 'stock', '--into', 'x/y'], 2, /"x\/y" is not a valid CIDR/],
    ['no option', ['import', 'stock', '--ipam-opt', 'limpet.exclude'], 2, /"limpet\.exclude" is not of the form/],
    [
      'an unknown option',
      ['import', 'stock', '--ipam-opt', 'limpet.x=1'],
      2,
      /no option "limpet\.x": there are limpet\.ex/,
    ],
    ['--into without a network', ['import', '--into', 'st1'], 2, /--into st1 needs the network/],
    [
      'a network of Limpet, into another',
      ['import', 'st1', '--into', '10.1.0.0/24'],
      2,
      /st1 is served by Limpet already/,
    ],
  ];
  beforeEach(async () => {
    swarm = await SwarmRig.start();
  });
  for (const [name, args, code, stderr] of cases) {
    test(`${code}: ${name}`, async () => {
      const ran = await swarm.rig.limpet(...args);
      assert.deepEqual([ran.code, ran.stdout], [code, ''], ran.stderr);
      assert.match(ran.stderr, stderr);
      assert.deepEqual([...swarm.service.subnets()], []);
    });
  }
});

function onSt1({ State, NetworkSettings }: any): boolean {
  return State === 'running' && NetworkSettings.Networks.st1 !== undefined;
}

function byAddress([, a]: [string, string], [, b]: [string, string]): number {
  const number = (address: string) => address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
  return number(a) - number(b);
}
