// Workers of a swarm, whose plugins ask those of managers over TLS: who is let in, what he may write, and what happens
// when managers are gone. The certificates are real, the swarm is made up.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { connect, createServer as createTcp } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { DockerSwarm } from '../../src/docker/swarm-client.js';
import { AllocatorService, type SubnetService, systemClock } from '../../src/service/index.js';
import { Kept, keptIn } from '../../src/stores/swarm/kept.js';
import { readCertificates } from '../../src/stores/swarm/remote/certificates.js';
import { Managers } from '../../src/stores/swarm/remote/managers.js';
import { NodeSwarm } from '../../src/stores/swarm/remote/node-swarm.js';
import { overTls } from '../../src/stores/swarm/remote/over-tls.js';
import { TlsLine } from '../../src/stores/swarm/remote/tls-line.js';
import { SwarmStore } from '../../src/stores/swarm/swarm-store.js';
import { Time } from '../plugin/time.js';
import { Authority } from './certificates.js';
import { type Manager, Swarm } from './dockerd.js';
import { eventually, type Opened, refuses, sleep } from './open.js';

const CIDR = '10.0.0.0/24';
const id = (letter: string) => letter.repeat(25);
const HOSTS = ['127.0.0.1', '127.0.0.2', '127.0.0.3', '127.0.0.4'];

interface World {
  readonly swarm: Swarm;
  readonly ca: Authority;
  readonly port: number;
  /** Two managers, m and n, and two workers, w and x; their stores are opened when asked for. */
  readonly nodes: Record<'m' | 'n' | 'w' | 'x', Manager>;
  open(name: keyof World['nodes'], options?: { certificates?: string; kept?: string }): Promise<Opened>;
}

async function freePort(): Promise<number> {
  const server = createTcp().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function world(context: TestContext): Promise<World> {
  const swarm = await Swarm.start(4);
  const ca = new Authority('the-swarm');
  const port = await freePort();
  const letters = ['m', 'n', 'w', 'x'] as const;
  const nodes = Object.fromEntries(letters.map((name, at) => [name, swarm.managers[at]])) as World['nodes'];
  swarm.nodes = letters.map((name) => ({ ID: id(name), Description: { Hostname: name }, Status: { State: 'ready' } }));
  for (const [at, manager] of swarm.managers.entries()) {
    Object.assign(manager, { isManager: at < 2, address: HOSTS[at], known: HOSTS.slice(0, 2) });
  }
  const closing: AllocatorService[] = [];
  context.after(async () => {
    for (const service of closing.reverse()) await service.close();
    await swarm.stop();
    ca.remove();
  });
  const open: World['open'] = async (name, { certificates, kept } = {}) => {
    const role = name === 'm' || name === 'n' ? 'manager' : 'worker';
    const folder = certificates ?? ca.node(id(name), role);
    const docker = new DockerSwarm({ host: nodes[name].socket });
    const told: Opened['told'] = [];
    const store = new SwarmStore({
      connect: (report) => {
        const clock = systemClock;
        const lines = overTls({ clock, port, certificates: folder, report, answers: 'workers' });
        return new NodeSwarm({ docker, clock, report, lines });
      },
      ...(kept === undefined ? {} : { kept: keptIn(kept) }),
    });
    const service = await AllocatorService.open(store, { report: (event) => told.push(event) });
    closing.push(service);
    return { service, store, log: [], told };
  };
  return { swarm, ca, port, nodes, open };
}

/** The state of the swarm, to see that nothing has changed. */
const written = (swarm: Swarm) => JSON.stringify([...swarm.configs.values()]);

const raw = (port: number, folder: string, managers = ['127.0.0.1']) =>
  new Managers({
    line: new TlsLine({
      ...{ clock: systemClock, port },
      certificates: async () => {
        const read = await readCertificates(folder);
        return { ...read, self: { ...read.self, cluster: 'the-swarm' } }; // who asks would notice himself
      },
    }),
    managers: async () => managers,
  });

test('a worker allocates through a manager, and knows what others do', async (context) => {
  const { open } = await world(context);
  const m = await open('m');
  const w = await open('w');
  const net = await m.service.subnet(CIDR);
  await net.use('swarm');
  const ticket = await net.holdNext();
  await eventually('the worker knows the subnet', () => w.service.find(CIDR)?.isHeld(ticket) === true);
  const there = w.service.find(CIDR) as SubnetService;
  assert.equal(await there.claim('web.1', { node: id('w'), ticket }), ticket);
  await eventually('the manager knows', () => net.lookup('web.1')?.nodes[0] === id('w'));
  await there.release('web.1', id('w'));
  await eventually('it is reserved', () => net.lookup('web.1')?.state === 'reserved');
  await w.service.introduce({ id: id('w'), name: 'worker' });
  await eventually('its name is known', () => m.service.nodeName(id('w')) === 'worker');
  await w.service.subnet('10.1.0.0/24');
  await eventually('its subnet is known', () => m.service.find('10.1.0.0/24') !== undefined);
});

test('a manager is gone: the next one; all are: who is known comes home, nobody else gets in', async (context) => {
  const { open, nodes } = await world(context);
  const [m, n] = [await open('m'), await open('n')];
  const folder = mkdtempSync(join(tmpdir(), 'limpet-kept-'));
  context.after(() => rmSync(folder, { recursive: true }));
  const kept = join(folder, 'swarm.json');
  const w = await open('w', { kept });
  const net = await w.service.subnet(CIDR);
  const own = await net.allocate('web.1', { node: id('w') });
  await m.service.close();
  await net.allocate('web.2', { node: id('w') });
  await n.service.close();
  assert.equal(await net.allocate('web.1', { node: id('w') }), own);
  await assert.rejects(
    net.allocate('web.3', { node: id('w') }),
    refuses('UNAVAILABLE', 'none', /no manager .* answers/),
  );
  assert.deepEqual(net.lookup('web.1')?.nodes, [id('w')], 'what runs is undisturbed');
  await w.service.close();
  nodes.w.isSilent = true; // as Docker is while it starts
  setTimeout(() => nodes.w.hangUp(), 0);
  const again = await open('w', { kept });
  const there = again.service.find(CIDR) as SubnetService;
  assert.equal(await there.allocate('web.1', { node: id('w') }), own);
  assert.match(again.told[0]?.message as string, /begun with what was known last/);
  nodes.w.isSilent = false;
  await open('m');
  await eventually('it is read again', () => again.told.some(({ message }) => /read again/.test(message)), 20_000);
  assert.notEqual(await there.allocate('web.3', { node: id('w') }), own);
});

test('another swarm, an expired certificate, a removed node: refused, told, nothing changed', async (context) => {
  const { open, ca, port, swarm } = await world(context);
  const m = await open('m');
  await m.service.subnet(CIDR);
  const before = written(swarm);
  const foreign = new Authority('the-swarm');
  context.after(() => foreign.remove());
  const cases: [string, string, RegExp][] = [
    [
      'of another swarm',
      foreign.node(id('w'), 'worker'),
      /unable to verify|self.signed|unknown ca|certificate|socket/i,
    ],
    ['expired', ca.node(id('w'), 'worker', { days: -1, name: 'expired' }), /expired|certificate|socket/i],
    ['of one authority', ca.node(id('w'), 'worker', { name: 'o', cluster: 'other' }), /no node of this swarm/],
    ['removed', ca.node(id('z'), 'worker'), /does not know the node z/],
  ];
  for (const [what, folder, why] of cases) {
    const asking = raw(port, folder);
    await assert.rejects(asking.configs('limpet.'), refuses('UNAVAILABLE', 'none', why), what);
    await asking.close();
  }
  assert.equal(written(swarm), before);
  const told = m.told.filter(({ message }) => /refused on the port for workers/.test(message));
  assert.ok(told.length >= 2, JSON.stringify(m.told));
});

test('a worker gets its turn while a manager writes without a pause', async (context) => {
  const { open } = await world(context);
  const [m, w] = [await open('m'), await open('w')];
  const net = await m.service.subnet('10.0.0.0/20');
  for (let n = 0; n < 20; n++) {
    await net.allocate(`web.${n}`, { node: id('m') });
    await net.release(`web.${n}`, id('m'));
  }
  await eventually('the worker knows', () => w.service.find('10.0.0.0/20')?.lookup('web.19')?.state === 'reserved');
  let isOver = false;
  const busy = Array.from({ length: 8 }, async (_, lane) => {
    while (!isOver) {
      await net.allocate(`busy.${lane}`, { node: id('m') });
      await net.release(`busy.${lane}`, id('m'));
    }
  });
  const there = w.service.find('10.0.0.0/20') as SubnetService;
  const began = Date.now();
  const asked = Array.from({ length: 20 }, (_, n) => there.allocate(`web.${n}`, { node: id('w') }));
  const mine = await Promise.all(asked).finally(() => {
    isOver = true; // else a failure would never end
  });
  await Promise.all(busy);
  assert.equal(new Set(mine).size, 20);
  assert.ok(Date.now() - began < 5000, `${Date.now() - began} ms`);
  await eventually('the manager knows', () => net.lookup('web.19')?.nodes[0] === id('w'));
});

test('a worker is not believed by workers: who answers must be a manager of this swarm', async (context) => {
  const { ca, port } = await world(context);
  const { ca: root, cert, key } = await readCertificates(ca.node(id('x'), 'worker'));
  const impostor = createServer({ ca: root, cert, key, requestCert: true }, (_request, response) => response.end('{}'));
  await new Promise<void>((resolve) => impostor.listen(port, '127.0.0.1', resolve));
  context.after(() => impostor.close());
  const asking = raw(port, ca.node(id('w'), 'worker'));
  await assert.rejects(
    asking.configs('limpet.'),
    refuses('UNAVAILABLE', 'none', /not a manager of this swarm, but swarm-worker/),
  );
  await asking.close();
});

test('a worker speaks for itself alone: all else is refused and changes nothing', async (context) => {
  const { open, ca, port, swarm } = await world(context);
  const m = await open('m');
  const net = await m.service.subnet(CIDR);
  await net.use('swarm');
  await net.allocate('web.1', { node: id('m') });
  await net.allocate('web.2', { node: id('w') });
  await net.allocate('web.3', { node: id('m') });
  await net.allocate('host', { node: '0b5f5d3e-0000-4000-8000-000000000000' });
  await net.release('web.3', id('m'));
  const asking = raw(port, ca.node(id('w'), 'worker'));
  const config = await asking.config((swarm.find('limpet.default') as { ID: string }).ID);
  assert.ok(config !== undefined);
  const index = await asking.config('limpet.index');
  assert.ok(index !== undefined);
  const live = (node: string, identity: string) => `live ${id(node)}: ${identity}`;
  const before = written(swarm);
  const refused: [string, Record<string, string | undefined>][] = [
    ['lives elsewhere', { '10.0.0.3': live('x', 'web.3') }],
    ["another's end", { '10.0.0.1': 'reserved: web.1' }],
    ["a host's end", { '10.0.0.4': 'reserved: host' }],
    ['gone from there', { '10.0.0.1': undefined }],
    ['another in his place', { '10.0.0.1': live('w', 'evil') }],
    ['also there', { '10.0.0.2': `live ${id('w')},${id('x')}: web.2` }],
    ['the end of the subnet', { 'limpet.removed': 'yes' }],
    ['other settings', { 'limpet.settings': JSON.stringify({ ...net.spec, policy: 'lowest' }) }],
    ["the leader's use", { 'limpet.user.swarm': undefined }],
  ];
  for (const [what, changes] of refused) {
    const all = Object.entries({ ...config.labels, ...changes }).filter(([, text]) => text !== undefined);
    const labels = Object.fromEntries(all) as Record<string, string>;
    await assert.rejects(
      asking.updateConfig(config, labels),
      refuses('UNAVAILABLE', undefined, /may not write that/),
      what,
    );
  }
  await assert.rejects(asking.updateConfig(index, {}), refuses('UNAVAILABLE', undefined, /would take out a subnet/));
  const named = (node: string) => ({ ...index.labels, [`node ${id(node)}`]: 'evil' });
  await assert.rejects(
    asking.updateConfig(index, named('m')),
    refuses('UNAVAILABLE', undefined, /would name another node/),
  );
  await assert.rejects(asking.createConfig({ name: 'other', labels: {}, data: 'x' }), refuses('UNAVAILABLE'));
  const settings = { 'limpet.settings': config.labels['limpet.settings'] as string };
  const subnet = '{"limpet":1,"space":"default","cidr":"10.0.0.0/24"}';
  for (const data of ['{"limpet":2}', '{"limpet":1,"more":1}', subnet]) {
    const labels = data === subnet ? settings : {};
    await assert.rejects(
      asking.createConfig({ name: 'limpetx.index', labels, data }),
      refuses('UNAVAILABLE', undefined, /not an index/),
    );
  }
  assert.equal(written(swarm), before);
  const own = { ...config.labels, '10.0.0.2': 'reserved: web.2', '10.0.0.3': live('w', 'web.3') };
  assert.equal(await asking.updateConfig(config, own), 'done', 'what concerns itself it may');
  assert.equal(await asking.updateConfig(config, own), 'stale', 'what it has changed is no longer as it was for it');
  const late = { ...config.labels, '10.0.0.9': live('w', 'web.9') };
  assert.equal(await asking.updateConfig(config, late), 'done', 'what others have written meanwhile stays');
  const twice = { ...config.labels, '10.0.0.10': live('w', 'web.9') };
  assert.equal(await asking.updateConfig(config, twice), 'stale', 'an identity has one address');
  const now = swarm.find('limpet.default')?.Spec.Labels ?? {};
  assert.deepEqual(
    ['10.0.0.2', '10.0.0.3', '10.0.0.9', '10.0.0.10'].map((address) => now[address]),
    ['reserved: web.2', live('w', 'web.3'), live('w', 'web.9'), undefined],
  );
  await asking.close();
});

test('a megabyte of noise on the port, and questions that are none: others are answered', async (context) => {
  const { open, ca, port, swarm } = await world(context);
  const m = await open('m');
  await m.service.subnet(CIDR);
  const before = written(swarm);
  await new Promise<void>((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(randomBytes(1_000_000)));
    socket.on('error', () => {}).on('close', () => resolve());
  });
  const asking = raw(port, ca.node(id('w'), 'worker'));
  swarm.create({ Name: 'limpet.app', Labels: {}, Data: Buffer.from('a password').toString('base64') });
  const other = swarm.find('limpet.app')?.ID as string;
  assert.equal(await asking.config(other), undefined, 'what is not of Limpet is nobody’s business');
  assert.equal((await asking.configs('limpet.')).length, 2);
  swarm.remove(other);
  await assert.rejects(asking.config('../../secrets'), refuses('UNAVAILABLE', undefined, /names no config of Limpet/));
  await asking.close();
  assert.equal(written(swarm), before);
  assert.ok(m.told.some(({ message }) => /refused on the port for workers/.test(message)));
});

test('certificates that Docker renews are read anew, at both ends', async (context) => {
  const { open, ca, port } = await world(context);
  const folder = ca.node(id('m'), 'manager', { name: 'renewed' });
  const m = await open('m', { certificates: folder });
  const own = ca.node(id('w'), 'worker');
  const asking = raw(port, own);
  await asking.nodes();
  const next = { m: ca.node(id('m'), 'manager', { name: 'm2' }), w: ca.node(id('w'), 'worker', { name: 'w2' }) };
  for (const name of ['swarm-node.crt', 'swarm-node.key']) {
    copyFileSync(join(next.m, name), join(folder, name));
    copyFileSync(join(next.w, name), join(own, name));
  }
  await sleep(5500); // Docker's word of what this node is, and with it the certificates, is asked for anew
  assert.equal((await asking.nodes()).length, 4);
  await asking.close();
  assert.equal(m.told.filter(({ level }) => level === 'error').length, 0);
});

test('the root that Docker changes alone, at the end of a rotation, is read anew at both ends', async (context) => {
  const { open, ca, port } = await world(context);
  const next = new Authority('the-swarm');
  context.after(() => next.remove());
  const folders = [
    ['m', 'manager'],
    ['w', 'worker'],
  ] as const;
  const [manager, worker] = folders.map(([name, role]) => next.node(id(name), role)) as [string, string];
  const root = (folder: string) => join(folder, 'swarm-root-ca.crt');
  const [old, other] = [readFileSync(root(ca.node(id('x'), 'worker'))), readFileSync(root(manager))];
  for (const folder of [manager, worker]) writeFileSync(root(folder), old);
  await open('m', { certificates: manager });
  const asking = raw(port, worker);
  await assert.rejects(asking.nodes(), refuses('UNAVAILABLE'));
  for (const folder of [manager, worker]) writeFileSync(root(folder), other);
  await sleep(5500); // so long Docker's word of before counts
  assert.equal((await asking.nodes()).length, 4);
  await asking.close();
});

test('a connection that never shakes hands keeps nobody from closing the port', async (context) => {
  const { open, port } = await world(context);
  const m = await open('m');
  await m.service.subnet(CIDR);
  await eventually('workers are answered', () => m.told.some(({ message }) => /workers are answered/.test(message)));
  const socket = connect(port, '127.0.0.1');
  context.after(() => socket.destroy());
  socket.on('error', () => {});
  await new Promise((resolve) => socket.once('connect', resolve));
  await sleep(50);
  const began = performance.now();
  await m.service.close();
  assert.ok(performance.now() - began < 2000);
});

test('what is kept of a swarm that was left is not written again once it was removed', async () => {
  const time = new Time();
  const texts: string[] = [];
  const text = { read: async () => '', write: async (written: string) => void texts.push(written) };
  const kept = new Kept(text, time.process().clock);
  kept.note(() => []);
  await kept.end([]);
  kept.note(() => []);
  await time.pass(10_000);
  assert.equal(texts.length, 1);
});

test('a locked swarm, other data roots: clear words', async (context) => {
  const { open, ca } = await world(context);
  const folder = ca.node(id('m'), 'manager');
  const key = join(folder, 'swarm-node.key');
  writeFileSync(key, readFileSync(key, 'utf8').replaceAll('PRIVATE KEY', 'ENCRYPTED PRIVATE KEY'));
  await assert.rejects(readCertificates(folder), refuses('UNAVAILABLE', 'none', /this swarm is locked .* etcd/));
  await assert.rejects(readCertificates('/no/such/folder'), refuses('UNAVAILABLE', 'none', /set swarm\.source/));
  const m = await open('m', { certificates: folder });
  const net = await m.service.subnet(CIDR);
  assert.equal(await net.allocate('web.1', { node: id('m') }), '10.0.0.1', 'the manager serves itself all the same');
  await eventually('told', () => m.told.some(({ message }) => /cannot answer workers/.test(message)));
});

test('a demoted manager asks others from then on, a promoted worker answers them', async (context) => {
  const { open, nodes, ca, port } = await world(context);
  const folder = ca.node(id('w'), 'worker');
  const [m, w] = [await open('m'), await open('w', { certificates: folder })];
  const net = await w.service.subnet(CIDR);
  await net.allocate('web.1', { node: id('w') });
  ca.node(id('w'), 'manager'); // Docker renews the certificate first
  Object.assign(nodes.w, { isManager: true, known: [...HOSTS.slice(0, 3)] });
  Object.assign(nodes.m, { isManager: false, known: [HOSTS[2]] });
  await sleep(5500); // so long Docker's word of before counts
  await net.allocate('web.2', { node: id('w') });
  const asking = raw(port, ca.node(id('x'), 'worker'), [HOSTS[2] as string]);
  await eventually('the promoted one answers', () =>
    w.told.some(({ message }) => /workers are answered/.test(message)),
  );
  assert.equal((await asking.nodes()).length, 4);
  await asking.close();
  const there = m.service.find(CIDR) as SubnetService;
  await there.allocate('web.3', { node: id('m') });
  await eventually('they know each other', () => net.lookup('web.3')?.state === 'live', 20_000);
});
