// The swarm store under faults and among others, on a swarm that is made up (dockerd.ts).
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { type TestContext, test } from 'node:test';
import { Deadline, type SubnetService, systemClock } from '../../src/service/index.js';
import { type Manager, Swarm } from './dockerd.js';
import { eventually, type Opened, open, refuses, sleep } from './open.js';

const CIDR = '10.0.0.0/24';
const SUBNET = 'limpet.default.10.0.0.0-24';
const NO_LEADER = /does not have a leader/;
const TIME = /T[\d:.]+Z/;
const NODES = ['a', 'b'].map((letter) => letter.repeat(25)) as [string, string];

const range = (length: number) => Array.from({ length }, (_, n) => n);

async function swarmOf(
  context: TestContext,
  managers: number,
  at: readonly Opened[] = [],
): Promise<{ swarm: Swarm; all: [Manager, Manager] }> {
  const swarm = await Swarm.start(managers);
  context.after(async () => {
    for (const { service } of at) await service.close();
    await swarm.stop();
  });
  swarm.nodes = NODES.map((ID) => ({ ID, Description: { Hostname: ID }, Status: { State: 'ready' } }));
  return { swarm, all: swarm.managers as unknown as [Manager, Manager] };
}

async function opened(context: TestContext, managers = 1, options = {}): Promise<{ swarm: Swarm; at: Opened[] }> {
  const at: Opened[] = [];
  const { swarm } = await swarmOf(context, managers, at);
  for (const manager of swarm.managers) at.push(await open(manager, options));
  return { swarm, at };
}

const labels = (swarm: Swarm) => swarm.find(SUBNET)?.Spec.Labels as Record<string, string>;
const within = (ms: number) => ({ deadline: new Deadline(systemClock, ms) });

test('a person can read the labels', async (context) => {
  const { swarm, at } = await opened(context);
  const net = await (at[0] as Opened).service.subnet(CIDR, { gateway: '10.0.0.1' });
  await net.use('swarm');
  await net.allocate('web.1', { node: NODES[0] });
  await net.allocate('web.2', { node: NODES[0] });
  await net.release('web.2', NODES[0]);
  const ticket = await net.holdNext();
  await net.allocate('web.3', { node: NODES[1], ticket });
  const { 'limpet.settings': settings, 'limpet.recent': recent, ...others } = labels(swarm);
  assert.equal(JSON.parse(settings as string).gateway, '10.0.0.1');
  assert.match(recent as string, /^[0-9a-z]{8}( [0-9a-z]{8})+$/);
  const now = new Date().toISOString().slice(0, 11);
  const shown = Object.fromEntries(Object.entries(others).map(([name, text]) => [name, text.replace(TIME, 'T…')]));
  assert.deepEqual(shown, {
    'limpet.user.swarm': '',
    '10.0.0.2': `live ${NODES[0]}: web.1`,
    '10.0.0.3': `reserved ${now}…: web.2`,
    '10.0.0.4': `held ${now}…, live ${NODES[1]}: web.3`,
  });
});

test('what one writes the others know by events; nothing is written for what is so already', async (context) => {
  const { swarm, at } = await opened(context, 2);
  const [one, two] = at as [Opened, Opened];
  const net = await one.service.subnet(CIDR);
  const own = await net.allocate('web.1', { node: NODES[0] });
  const there = () => two.service.find(CIDR) as SubnetService;
  await eventually('the other knows', () => there()?.lookup('web.1')?.address === own);
  await net.release('web.1', NODES[0]);
  await eventually('it is reserved there', () => there().lookup('web.1')?.state === 'reserved');
  assert.equal(there().lookup('web.1')?.releasedAt, net.lookup('web.1')?.releasedAt);
  assert.equal(await there().allocate('web.1', { node: NODES[1] }), own);
  const { writes } = swarm;
  for (let n = 0; n < 5; n++) assert.equal(await there().allocate('web.1', { node: NODES[1] }), own);
  await there().use('x');
  await there().use('x');
  assert.equal(swarm.writes, writes + 1);
});

test('what is asked for at once goes out together', async (context) => {
  const { swarm, at } = await opened(context);
  const [one] = at as [Opened];
  const net = await one.service.subnet(CIDR);
  const { writes } = swarm;
  const names = Array.from({ length: 100 }, (_, n) => `web.${n}`);
  const addresses = await Promise.all(names.map((name) => net.allocate(name, { node: NODES[0] })));
  assert.equal(new Set(addresses).size, 100);
  assert.ok(swarm.writes - writes <= 4, `${swarm.writes - writes} writes`);
  assert.equal(one.store.figures.commits >= 100, true);
});

test('what is so only by a change that is not written yet is answered when that is', async (context) => {
  const { swarm, at } = await opened(context);
  const [{ service, store }] = at as [Opened];
  const { spec } = await service.subnet(CIDR);
  const [manager] = swarm.managers as [Manager];
  const { writes } = swarm;
  manager.held = [];
  let answered = 0;
  const use = () => store.commit(spec, [{ op: 'use', user: 'somebody' }]).then(() => answered++);
  const both = [use(), use()];
  await eventually('written', () => manager.held?.length === 1);
  await sleep(50);
  assert.equal(answered, 0);
  for (const go of manager.held.splice(0)) go();
  await Promise.all(both);
  assert.deepEqual([answered, swarm.writes - writes], [2, 1]);
});

test('tickets one after the other go out in blocks; what nobody has asked for is let go', async (context) => {
  const { swarm, at } = await opened(context, 2);
  const [one, two] = at as [Opened, Opened];
  const net = await one.service.subnet('10.0.0.0/20');
  await eventually('the other knows', () => two.service.find('10.0.0.0/20') !== undefined);
  const other = two.service.find('10.0.0.0/20') as SubnetService;
  const { writes } = swarm;
  const tickets: string[] = [];
  for (let n = 0; n < 150; n++) tickets.push(await net.holdNext(), await other.holdNext());
  assert.equal(new Set(tickets).size, 300, 'each is given once');
  assert.ok(swarm.writes - writes < 60, `${swarm.writes - writes} writes`);
  await eventually('what is spare is let go', () => [...net.held()].length === 300 && [...other.held()].length === 300);
  assert.deepEqual([...net.held()].sort(), tickets.sort());
  const tight = await one.service.subnet('10.1.0.0/28');
  const all = new Set<string>();
  for (let n = 0; n < 14; n++) all.add(await tight.holdNext());
  assert.equal(all.size, 14, 'none is spare where there are few');
  await assert.rejects(tight.holdNext(), refuses('FULL'));
});

test('of two managers that make subnets that overlap at the same moment one is refused', async (context) => {
  const { at } = await opened(context, 2);
  const [one, two] = at as [Opened, Opened];
  for (let n = 0; n < 10; n++) {
    const [wide, narrow] = [`10.${n}.0.0/16`, `10.${n}.7.0/24`];
    const both = await Promise.allSettled([one.service.subnet(wide), two.service.subnet(narrow)]);
    const refused = both.filter((each) => each.status === 'rejected');
    assert.equal(refused.length, 1);
    assert.equal((refused[0] as PromiseRejectedResult).reason.code, 'OVERLAP');
  }
});

test('two that want the same address or the same identity: each once', async (context) => {
  const { at } = await opened(context, 2);
  const [one, two] = at as [Opened, Opened];
  const net = await one.service.subnet(CIDR);
  await two.service.refresh();
  const other = two.service.find(CIDR) as SubnetService;
  const lanes = [net, other].map((each, lane) =>
    Promise.all(range(80).map((n) => each.allocate(`web.${lane * 40 + n}`, { node: NODES[lane] as string }))),
  );
  await Promise.all(lanes);
  await Promise.all([one.service.refresh(), two.service.refresh()]);
  await eventually('both know all', () => [...net.list()].length === 120 && [...other.list()].length === 120);
  assert.deepEqual([...net.list()], [...other.list()]);
  for (let n = 40; n < 80; n++) assert.deepEqual(net.lookup(`web.${n}`)?.nodes, NODES);
});

test('of nodes that claim an identity at the same moment one gets it', async (context) => {
  const { at } = await opened(context, 3);
  await (at[0] as Opened).service.subnet(CIDR);
  for (let n = 0; n < 10; n++) {
    const claims = at.map(async ({ service }, place) => {
      await service.refresh();
      return (service.find(CIDR) as SubnetService).claim(`web.${n}`, { node: `n${place}` });
    });
    const answers = await Promise.allSettled(claims);
    assert.equal(answers.filter(({ status }) => status === 'fulfilled').length, 1);
    for (const each of answers) if (each.status === 'rejected') assert.equal(each.reason.code, 'LIVE');
  }
});

test('an answer that is lost: the mark in the config says what became of it', async (context) => {
  const { swarm, at } = await opened(context);
  const [one] = at as [Opened];
  const net = await one.service.subnet(CIDR);
  const [manager] = swarm.managers as [Manager];
  manager.isDeaf = true;
  const { writes } = swarm;
  const own = await net.allocate('web.1', { node: NODES[0] });
  assert.equal(swarm.writes, writes + 1, 'made once');
  manager.isDeaf = false;
  assert.match(labels(swarm)[own] as string, /web\.1$/);
  assert.deepEqual(one.told, []);
});

test('a change whose caller gave up is made or shut out: what is read then is the end of it', async (context) => {
  for (const isApplied of [true, false]) {
    const { swarm, at } = await opened(context, 1, { deadline: 400 });
    const [one] = at as [Opened];
    const net = await one.service.subnet(CIDR);
    const [manager] = swarm.managers as [Manager];
    const held: (() => void)[] = [];
    manager.held = held;
    const call = net.allocate('web.1', { node: NODES[0], ...within(300) });
    await eventually('it is under way', () => held.length > 0);
    await assert.rejects(call, refuses('UNAVAILABLE', 'unknown'));
    await assert.rejects(net.allocate('web.2', { node: NODES[0], ...within(300) }), refuses('UNAVAILABLE', 'none'));
    manager.held = undefined;
    if (isApplied) for (const letGo of held.splice(0)) letGo();
    await eventually('it was read again', () => one.told.some(({ message }) => /read again/.test(message)));
    const before = net.lookup('web.1')?.address;
    for (const letGo of held.splice(0)) letGo(); // late
    await sleep(100);
    assert.equal(
      Object.values(labels(swarm)).some((text) => text.endsWith(': web.1')),
      before !== undefined,
    );
    if (isApplied) assert.notEqual(before, undefined);
    const own = await net.allocate('web.1', { node: NODES[0] });
    assert.match(labels(swarm)[own] as string, /web\.1$/);
  }
});

test('without majority: refused at once with words; what is live here already comes home', async (context) => {
  const { swarm, at } = await opened(context);
  const [one] = at as [Opened];
  const net = await one.service.subnet(CIDR);
  const own = await net.allocate('web.1', { node: NODES[0] });
  swarm.hasMajority = false;
  const began = performance.now();
  await assert.rejects(net.allocate('web.2', { node: NODES[0] }), refuses('UNAVAILABLE', 'none', NO_LEADER));
  await assert.rejects(net.release('web.1', NODES[0]), refuses('UNAVAILABLE', 'none'));
  assert.match((await one.service.whyAway()) ?? '', NO_LEADER);
  assert.ok(performance.now() - began < 1000);
  assert.equal(await net.allocate('web.1', { node: NODES[0] }), own);
  swarm.hasMajority = true;
  assert.equal(await one.service.whyAway(), undefined);
  assert.notEqual(await net.allocate('web.2', { node: NODES[0] }), own);
});

test('a node that Swarm calls down: what is live there ends, once, and can be claimed at once', async (context) => {
  const { swarm, at } = await opened(context, 3);
  const [one, two] = at as [Opened, Opened];
  const net = await one.service.subnet(CIDR);
  const own = await net.allocate('web.1', { node: NODES[0] });
  await net.allocate('web.2', { node: NODES[0] });
  await net.allocate('host', { node: '0b5f5d3e-0000-4000-8000-000000000000' });
  await two.service.refresh();
  const { writes } = swarm;
  for (const manager of swarm.managers) manager.isTelling = false;
  swarm.setState(NODES[0], 'down');
  const other = two.service.find(CIDR) as SubnetService;
  assert.equal(await other.claim('web.1', { node: NODES[1] }), own, 'no event was needed');
  assert.deepEqual(other.lookup('web.1')?.nodes, [NODES[1]]);
  for (const manager of swarm.managers) manager.isTelling = true;
  swarm.tell('node', 'update', NODES[0]);
  await eventually('reserved', () => net.lookup('web.2')?.state === 'reserved');
  await sleep(700);
  assert.ok(swarm.writes - writes <= 3, `${swarm.writes - writes} writes`);
  assert.equal(net.lookup('host')?.state, 'live', 'a host is no node of the swarm');
});

test('called down while its Docker answers: what is live there stays, until it is silent', async (context) => {
  const { swarm, at } = await opened(context, 2);
  const [one, two] = at as [Opened, Opened];
  const address = '127.0.0.77';
  const gossip = createServer((socket) => socket.destroy()).listen(7946, address);
  context.after(() => gossip.close());
  await once(gossip, 'listening');
  Object.assign(swarm.nodes[0]?.Status as object, { Addr: address });
  const net = await one.service.subnet(CIDR);
  const own = await net.allocate('web.1', { node: NODES[0] });
  await two.service.refresh();
  const other = two.service.find(CIDR) as SubnetService;

  swarm.setState(NODES[0], 'down');
  await assert.rejects(other.claim('web.1', { node: NODES[1] }), { code: 'LIVE' });
  assert.deepEqual(other.lookup('web.1')?.nodes, [NODES[0]]);

  gossip.close();
  await once(gossip, 'close');
  assert.equal(await other.claim('web.1', { node: NODES[1] }), own);
});

test('a node that has left and joined again at its address is gone as what it was', async (context) => {
  const { swarm, at } = await opened(context, 1);
  const [{ service }] = at as [Opened];
  const address = '127.0.0.78';
  const gossip = createServer((socket) => socket.destroy()).listen(7946, address);
  context.after(() => gossip.close());
  await once(gossip, 'listening');
  for (const { Status } of swarm.nodes.slice(0, 2)) Status.Addr = address;
  const net = await service.subnet(CIDR);
  const own = await net.allocate('web.1', { node: NODES[0] });
  swarm.setState(NODES[0], 'down');
  assert.equal(await net.claim('web.1', { node: NODES[1] }), own);
});

test('a subnet ends for all, also for those who come to need it at the same moment', async (context) => {
  const { swarm, at } = await opened(context, 2);
  const [one, two] = at as [Opened, Opened];
  for (let n = 0; n < 10; n++) {
    await one.service.subnet(CIDR);
    await two.service.refresh();
    const other = two.service.find(CIDR) as SubnetService;
    const [removal, late] = await Promise.allSettled([
      one.service.removeUnused(CIDR),
      other.allocate('web.1', { node: NODES[0] }),
    ]);
    const isRemoved = (removal as PromiseFulfilledResult<string>).value === 'removed';
    assert.equal(isRemoved, late.status === 'rejected');
    if (late.status === 'rejected') assert.equal(late.reason.code, 'ENDED');
    await one.service.remove(CIDR);
    await two.service.refresh();
    assert.equal(two.service.find(CIDR), undefined);
  }
  assert.equal(swarm.find(SUBNET), undefined, 'no config is left');
});

test('made again with other settings: old news of the one before changes nothing', async (context) => {
  const { at } = await opened(context, 2);
  const [one, two] = at as [Opened, Opened];
  for (let n = 0; n < 5; n++) {
    const net = await one.service.subnet(CIDR, { policy: n % 2 ? 'lowest' : 'serial' });
    assert.equal([...net.list()].length, 0);
    await net.allocate(`web.${n}`, { node: NODES[0] });
    await eventually('the other has it', () => two.service.find(CIDR)?.lookup(`web.${n}`) !== undefined);
    await one.service.remove(CIDR);
  }
  await eventually('gone', () => two.service.find(CIDR) === undefined);
});

test('missed events are made up for: by reading everything now and then', async (context) => {
  const { swarm, at } = await opened(context, 2, { reread: 200 });
  const [one, two] = at as [Opened, Opened];
  const net = await one.service.subnet(CIDR);
  for (const manager of swarm.managers) {
    manager.isTelling = false;
    manager.hangUp();
  }
  await net.allocate('web.1', { node: NODES[0] });
  await eventually('read again', () => two.service.find(CIDR)?.lookup('web.1') !== undefined);
});

test('labels and configs that Limpet did not write stay, and are told once', async (context) => {
  const { swarm, at } = await opened(context);
  const [one] = at as [Opened];
  const net = await one.service.subnet(CIDR);
  const config = swarm.find(SUBNET) as NonNullable<ReturnType<Swarm['find']>>;
  swarm.create({ Name: 'limpet.not-ours', Labels: {}, Data: Buffer.from('x').toString('base64') });
  const strange = {
    ...config.Spec.Labels,
    ...{
      team: 'blue',
      '10.0.0.9': 'somebody',
      '10.9.0.1': 'live a: outside',
      '10.0.0.8': 'reserved: \u00fc'.repeat(99),
    },
  };
  swarm.update(config.ID, config.Version.Index, { ...config.Spec, Labels: strange });
  await net.allocate('web.1', { node: NODES[0] });
  await net.allocate('web.2', { node: NODES[0] });
  assert.deepEqual([labels(swarm).team, labels(swarm)['10.0.0.9']], ['blue', 'somebody']);
  const told = one.told.filter(({ message }) => /did not write/.test(message));
  assert.equal(told.length, 1);
  assert.match(told[0]?.message ?? '', /has 4 labels that Limpet did not write, such as /);
  assert.notEqual(swarm.find('limpet.not-ours'), undefined);
});

test('what somebody left who died while he made or removed a subnet is tidied', async (context) => {
  const { swarm, at } = await opened(context, 1, { reread: 200 });
  const [one] = at as [Opened];
  await one.service.subnet(CIDR);
  swarm.remove(swarm.find(SUBNET)?.ID as string);
  const index = () => Object.keys(swarm.find('limpet.index')?.Spec.Labels ?? {});
  const data = (cidr: string) => Buffer.from(`{"limpet":1,"space":"default","cidr":"${cidr}"}`).toString('base64');
  swarm.now = Date.now() - 2 * 3_600_000;
  swarm.create({ Name: 'limpet.default.10.7.0.0-24.old', Labels: {}, Data: data('10.7.0.0/24') });
  swarm.now = undefined;
  swarm.create({ Name: 'limpet.default.10.8.0.0-24.new', Labels: {}, Data: data('10.8.0.0/24') });
  await eventually('the index forgets it', () => !index().some((label) => label.startsWith('subnet ')));
  await eventually('the old one is gone', () => swarm.find('limpet.default.10.7') === undefined);
  assert.notEqual(swarm.find('limpet.default.10.8'), undefined, 'which may be being made');
  assert.equal(one.service.find(CIDR), undefined);
  await (await one.service.subnet(CIDR)).allocate('web.1', { node: NODES[0] });
});

test('a subnet that cannot be read is refused, and keeps nobody from starting', async (context) => {
  const { swarm, at } = await opened(context);
  const [one] = at as [Opened];
  await one.service.subnet(CIDR);
  await one.service.subnet('10.1.0.0/24');
  const config = swarm.find(SUBNET) as NonNullable<ReturnType<Swarm['find']>>;
  swarm.update(config.ID, config.Version.Index, { ...config.Spec, Labels: { 'limpet.settings': '{' } });
  const two = await open(swarm.managers[0] as Manager);
  context.after(() => two.service.close());
  assert.deepEqual(
    Array.from(two.service.subnets(), ({ cidr }) => cidr),
    ['10.1.0.0/24'],
  );
  await assert.rejects(two.service.subnet(CIDR), refuses('DAMAGED', undefined, /docker config rm/));
  assert.deepEqual(
    two.service.damaged().map(({ cidr, key }) => [cidr, key]),
    [[CIDR, config.Spec.Name]],
  );
});

test('a config of another version keeps the store from opening', async (context) => {
  const { swarm } = await swarmOf(context, 1);
  swarm.create({ Name: 'limpet.index', Labels: {}, Data: Buffer.from('{"limpet":2}').toString('base64') });
  await assert.rejects(
    open(swarm.managers[0] as Manager),
    refuses('DAMAGED', undefined, /run the version that wrote it/),
  );
});

test('a config too big for raft is refused with words; what is there can still change', async (context) => {
  const { swarm, at } = await opened(context);
  const [one] = at as [Opened];
  const net = await one.service.subnet('10.0.0.0/16');
  const name = (n: number) => `${'x'.repeat(240)}.${n}`;
  const many = await Promise.allSettled(
    Array.from({ length: 4000 }, (_, n) => net.allocate(name(n), { node: NODES[0] })),
  );
  assert.ok(
    many.some(({ status }) => status === 'rejected'),
    'some are refused',
  );
  let n = 4000;
  const more = async () => {
    for (;;) await net.allocate(name(n++), { node: NODES[0] });
  };
  await assert.rejects(more(), refuses('FULL', undefined, /Swarm's raft takes 1\.5 MB/));
  const [there] = [...net.list()];
  await net.release(there?.identity as string, NODES[0]);
  await net.reclaim(there?.identity as string);
  assert.ok(swarm.bytes > 0);
});

test('not a manager: the store does not open, and says why', async (context) => {
  const { swarm } = await swarmOf(context, 1);
  (swarm.managers[0] as Manager).isManager = false;
  await assert.rejects(open(swarm.managers[0] as Manager), refuses('UNAVAILABLE', 'none', /not a swarm manager/));
});

test('an index of another version that comes meanwhile is refused until it is put right', async (context) => {
  const { swarm, at } = await opened(context);
  const [one] = at as [Opened];
  await one.service.subnet(CIDR);
  const index = (Data: string) => {
    swarm.remove('limpet.index');
    swarm.create({ Name: 'limpet.index', Labels: {}, Data: Buffer.from(Data).toString('base64') });
  };
  index('{"limpet":2}');
  await assert.rejects(
    one.service.subnet('10.1.0.0/24', {}, within(2000)),
    refuses('DAMAGED', undefined, /limpet\.index/),
  );
  index('{"limpet":1}');
  assert.ok(await one.service.subnet('10.2.0.0/24', {}, within(2000)));
});
