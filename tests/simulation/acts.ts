// What can befall a world: what its users do, and what goes wrong. Each takes three numbers, from which it draws.
import { reclaim, release } from '../../src/operate/changes.js';
import type { EngineContainer } from '../../src/simulator/swarm/containers.js';
import type { Wanted } from '../../src/simulator/swarm/engine.js';
import type { SwarmNode } from '../../src/simulator/swarm/node.js';
import { pinSome, unpinSome } from './pin-acts.js';
import type { Act } from './plan.js';
import type { World } from './world.js';

export interface Deed {
  /** Drawn by itself (pins.ts), so that other worlds stay as they are. */
  readonly isApart?: true;
  /** Worlds know it by themselves; else only some do. */
  readonly isUsual: boolean;
  readonly play: (world: World, of: Act['of']) => void;
}

const usual = (play: Deed['play']): Deed => ({ isUsual: true, play });
const apart = (play: Deed['play']): Deed => ({ isUsual: false, isApart: true, play });
const rare = (play: Deed['play']): Deed => ({ isUsual: false, play });

const SERVICES = ['web', 'api', 'job'];
const LOCAL = 'home';
const LAN = 'lan';
/** Two of them look like a task's, and are none. */
const PLAIN = ['db', 'cache', 'web.internal', 'web.1'];

export const acts = {
  scale: usual(({ swarm }, [a, b]) => swarm.scale(pick(SERVICES, a), b % 6)),
  update: usual(({ swarm }, [a, b]) => swarm.update(pick(SERVICES, a), b % 2 === 0 ? 'stop-first' : 'start-first')),
  failing: rare(({ swarm }, [a, b]) => swarm.failNext(pick(SERVICES, a), 1 + (b % 3))),
  'remove service': rare((world, [a, b]) => {
    const name = pick(SERVICES, a);
    const service = world.swarm.records.serviceNamed(name);
    if (service === undefined) return;
    void world.swarm.removeService(name);
    world.timeline.after(500 + b * 10, () => world.swarm.createService({ ...service }, 'net'));
  }),
  'make network anew': rare((world, [a]) => void remakeNetwork(world, a)),
  drain: usual((world, [a, b]) => {
    const node = pick(world.swarm.nodes, a);
    world.swarm.setActive(node, false);
    world.lasting(3000 + b * 20, () => {
      node.record.isActive = true;
      world.swarm.records.changed();
    });
  }),
  'depose leader': rare(({ swarm }) => swarm.depose()),
  'machine dies': usual((world, [a, b]) => {
    const node = pick(world.swarm.nodes, a);
    if (node.engine.state === 'down') return;
    world.pluginOf(node).die();
    node.engine.die();
    const settle = world.judge.disturb(node);
    world.lasting(1000 + b * 50, () => {
      boot(world, node);
      settle();
    });
  }),
  'docker restarts': usual((world, [a, b]) => {
    const node = pick(world.swarm.nodes, a);
    if (node.engine.state !== 'up') return;
    const settle = world.judge.disturb(node);
    void node.engine.shutDown().then(() => {
      world.pluginOf(node).die();
      world.lasting(200 + b * 3, () => {
        boot(world, node);
        settle();
      });
    });
  }),
  'plugin dies': usual((world, [a, b, c]) => {
    const plugin = pick(world.plugins, a);
    if (plugin.running === undefined) return;
    plugin.die();
    const settle = world.judge.disturb(plugin.node);
    world.lasting(c % 3 === 0 ? b * 25 : b, () => {
      if (plugin.node.engine.state !== 'down') plugin.start();
      settle();
    });
  }),
  'plugin stands still': rare((world, [a, b]) => {
    const plugin = pick(world.plugins, a);
    const process = plugin.running?.process;
    if (process === undefined) return;
    process.stand();
    const settle = world.judge.disturb(plugin.node);
    world.lasting(500 + b * 20, () => {
      process.goOn();
      settle();
    });
  }),
  'clock jumps': rare((world, [a, b]) => {
    const node = pick(world.swarm.nodes, a);
    node.wall.ahead = Math.floor((b / 1000 - 0.5) * 2 * world.plan.skew * (b % 3 === 0 ? 1 : 0.01));
  }),
  'cut from etcd': usual((world, [a, b, c]) => {
    const node = pick(world.swarm.nodes, a);
    const { hostname } = node.record;
    const members = c % 4 === 0 ? [pick(world.etcd.members, c)] : world.etcd.members;
    const ends = members.flatMap((member) => [
      ...(b % 3 !== 1 ? [world.network.cut(hostname, member)] : []),
      ...(b % 3 !== 2 ? [world.network.cut(member, hostname)] : []),
    ]);
    const settle = world.judge.disturb(node);
    world.lasting(300 + (b % 2 === 0 ? c * 30 : c * 4), () => {
      for (const end of ends) end();
      settle();
    });
  }),
  'cut from swarm': usual((world, [a, b]) => {
    const node = pick(world.swarm.nodes, a);
    node.isCutOff = true;
    world.lasting(1000 + b * 40, () => {
      node.isCutOff = false;
    });
  }),
  'cut from all': usual((world, [a, b]) => {
    const node = pick(world.swarm.nodes, a);
    node.isCutOff = true;
    const ends = [world.network.cut(node.record.hostname, '*'), world.network.cut('*', node.record.hostname)];
    const settle = world.judge.disturb(node);
    world.lasting(1000 + b * 50, () => {
      node.isCutOff = false;
      for (const end of ends) end();
      settle();
    });
  }),
  'etcd member leaves': rare((world, [a, b, c]) => {
    const member = pick(world.etcd.members, a);
    world.etcd.leave(member, c % 2 === 0 ? 'dies' : 'isolated');
    const settle = world.judge.disturb('*');
    world.lasting(500 + b * (c % 3 === 0 ? 40 : 8), () => {
      world.etcd.comeBack(member);
      settle();
    });
  }),
  'etcd away': rare((world, [, b]) => {
    for (const member of world.etcd.members) world.etcd.leave(member, 'dies');
    const settle = world.judge.disturb('*');
    world.lasting(500 + b * 30, () => {
      for (const member of world.etcd.members) world.etcd.comeBack(member);
      settle();
    });
  }),
  'answers get lost': usual((world, [a, b]) => {
    world.network.lost = 2 + (a % 40);
    const settle = world.judge.disturb('*');
    world.lasting(1000 + b * 8, () => {
      world.network.lost = 0;
      settle();
    });
  }),
  'slow network': rare((world, [a, b]) => {
    world.network.slowest = 20 + a / 4;
    const settle = world.judge.disturb('*');
    world.lasting(2000 + b * 10, () => {
      world.network.slowest = 3;
      settle();
    });
  }),
  compaction: rare(({ etcd }) => etcd.compact()),
  run: usual((world, [a, b, c]) => {
    const node = pick(world.swarm.nodes, a);
    const network = c % 5 === 0 && node.engine.networks.named(LAN) !== undefined ? LAN : LOCAL;
    const name = network === LAN ? `${pick(PLAIN, b)}-on-${node.record.hostname}` : pick(PLAIN, b);
    if (node.engine.state !== 'up' || node.engine.named(name) !== undefined) return;
    const asked = network === LOCAL && c % 4 === 0 ? `${homeOf(node)}.${2 + (c % 11)}` : '';
    const container = createHere(world, node, { name, network, asked, restarts: c % 2 === 0 });
    // One in seven is only created: `docker create`.
    if (container !== undefined && c % 7 !== 0) void node.engine.startHere(container);
  }),
  'stop or start': usual((world, [a, b]) => {
    const node = pick(world.swarm.nodes, a);
    const container = plainOf(node, b);
    if (container === undefined || node.engine.state !== 'up') return;
    if (container.state === 'running') void node.engine.stop(container);
    else void node.engine.startHere(container);
  }),
  restart: usual((world, [a, b]) => {
    const node = pick(world.swarm.nodes, a);
    const container = plainOf(node, b);
    if (container === undefined || node.engine.state !== 'up') return;
    void node.engine.stop(container).then(() => node.engine.startHere(container));
  }),
  'host renamed': rare((world, [a, b]) => {
    pick(world.swarm.nodes, a).record.title = `server-${b % 3}`; // two hosts can have one name
  }),
  rename: rare((world, [a, b, c]) => {
    const { engine } = pick(world.swarm.nodes, a);
    const container = engine.named(pick(PLAIN, b));
    const name = pick(PLAIN, c);
    if (container === undefined || container.isBusy || engine.state !== 'up' || engine.named(name) !== undefined)
      return;
    container.name = name;
  }),
  'remove container': rare((world, [a, b]) => {
    const node = pick(world.swarm.nodes, a);
    const container = plainOf(node, b);
    if (container !== undefined && node.engine.state === 'up') void node.engine.remove(container);
  }),
  'crowd on two hosts': usual((world, [a, b, c]) => {
    for (const node of world.swarm.nodes.slice(0, 2)) {
      const names = [`crowd-${a % 5}-on-${node.record.hostname}`, `crowd-${b % 5}-on-${node.record.hostname}`];
      if (node.engine.state !== 'up') continue;
      for (const name of new Set([...names, `shared-${c % 3}`])) {
        if (node.engine.named(name) !== undefined) continue;
        const container = createHere(world, node, { name, network: LAN, asked: '', restarts: false });
        if (container !== undefined) void node.engine.startHere(container);
      }
    }
  }),
  attach: rare((world, [a, b]) => {
    const node = pick(world.swarm.nodes, a);
    void world.swarm.attach(node, attachedTo(node, b), 'net');
  }),
  'stop attached': rare((world, [a, b]) => {
    const node = pick(world.swarm.nodes, a);
    const container = node.engine.named(attachedTo(node, b));
    if (container !== undefined && node.engine.state === 'up') void node.engine.remove(container);
  }),
  'second network': rare((world, [a]) => {
    const node = pick(world.swarm.nodes, a);
    if (node.engine.state === 'up') void node.engine.networks.create('twin', `${homeOf(node)}.0/28`).catch(() => {});
  }),
  reclaim: rare((world, [a, b]) => void reclaimOne(world, a, b)),
  pin: apart((world, of) => void pinSome(world, of)),
  unpin: apart((world, of) => void unpinSome(world, of)),
  'release by hand': rare((world, [a, b]) => void releaseOne(world, a, b)),
} satisfies Record<string, Deed>;

export type ActName = keyof typeof acts;

/** The swarm's network, its services, a network on each machine. */
export function begin(world: World): void {
  const { swarm, plan } = world;
  for (const plugin of world.plugins) plugin.start();
  const options: Record<string, string> = plan.reclaim === '' ? {} : { 'limpet.reclaim': plan.reclaim };
  swarm.createNetwork('net', plan.cidr, options);
  const { replicas, order } = plan;
  swarm.createService({ name: 'web', mode: 'replicated', replicas, order, hasVirtual: true }, 'net');
  swarm.createService({ name: 'api', mode: 'replicated', replicas: 2, order, hasVirtual: false }, 'net');
  if (plan.hasAgents)
    swarm.createService({ name: 'agent', mode: 'global', replicas: 0, order, hasVirtual: false }, 'net');
  if (plan.hasJobs)
    swarm.createService({ name: 'job', mode: 'replicated job', replicas: 2, order, hasVirtual: false }, 'net');
  for (const node of swarm.nodes) void node.engine.networks.create(LOCAL, `${homeOf(node)}.0/28`).catch(() => {});
  if (plan.lan === 'none') return;
  for (const [n, { engine }] of swarm.nodes.slice(0, 2).entries()) {
    const range = plan.lan === 'whole' ? '' : `10.99.0.${64 + 32 * n + 1}/27`; // host bits are masked
    void engine.networks.create(LAN, '10.99.0.0/24', { 'limpet.scope': 'cluster' }, range).catch(() => {});
  }
}

function pick<T>(items: readonly T[], n: number): T {
  return items[n % items.length] as T;
}

/** Of one name on two machines the second would be the first one's guest, and both would be right. */
function attachedTo({ record }: SwarmNode, n: number): string {
  return `attached-${n % 4}-on-${record.hostname}`;
}

function homeOf({ record }: SwarmNode): string {
  return `10.6.${record.hostname.slice(5)}`;
}

export function boot(world: World, node: SwarmNode): void {
  if (node.engine.state !== 'down') return;
  world.timeline.after(100 + world.timeline.chance.below(600), () => world.pluginOf(node).start());
  void node.engine.boot();
}

function createHere(world: World, node: SwarmNode, about: Pick<Wanted, 'name' | 'network' | 'asked' | 'restarts'>) {
  const network = node.engine.networks.named(about.network);
  if (network === undefined) return undefined;
  if (about.asked !== '') world.judge.wishing.add(about.name).add(`container:${about.name}`);
  return node.engine.create({ ...about, networkId: network.id });
}

/** One of the host's own containers, on its own networks. */
function plainOf({ engine }: SwarmNode, n: number): EngineContainer | undefined {
  const own = [...engine.containers.values()].filter(
    ({ task, network }) => !task && (network === LOCAL || network === LAN),
  );
  return own[n % Math.max(own.length, 1)];
}

/** Its services go, it goes, and all come again. */
async function remakeNetwork(world: World, n: number): Promise<void> {
  const { swarm, timeline, plan } = world;
  const services = [...swarm.records.services.values()];
  for (const { name } of services) await swarm.removeService(name);
  for (let tries = 0; tries < 40; tries++) {
    await timeline.sleep(500);
    if (await swarm.removeNetwork('net')) break;
  }
  await timeline.sleep(n * 5);
  const options: Record<string, string> = plan.reclaim === '' ? {} : { 'limpet.reclaim': plan.reclaim };
  if (swarm.records.networkNamed('net') === undefined) swarm.createNetwork('net', plan.cidr, options);
  for (const service of services) swarm.createService({ ...service }, 'net');
}

/** An operator ends a binding, as `limpet reclaim IDENTITY` does. */
async function reclaimOne(world: World, a: number, b: number): Promise<void> {
  const operate = pick(world.plugins, a).operate;
  if (operate === undefined) return;
  const reserved = [...operate.service.subnets()].flatMap((net) =>
    [...net.list()].filter(({ state }) => state === 'reserved'),
  );
  const chosen = reserved[b % Math.max(reserved.length, 1)];
  if (chosen === undefined) return;
  world.judge.ending.add(chosen.identity);
  await reclaim(operate, { identity: chosen.identity }).catch(() => {});
}

/** An operator ends the marks of what a machine that is gone has left. */
async function releaseOne(world: World, a: number, b: number): Promise<void> {
  const operate = pick(world.plugins, a).operate;
  const gone = pick(world.swarm.nodes, b);
  if (operate === undefined || gone.engine.state !== 'down') return;
  for (const net of operate.service.subnets()) {
    for (const { identity } of [...net.list()]) {
      if (net.lookup(identity)?.nodes.includes(gone.record.id))
        await release(operate, { identity, node: gone.record.id }).catch(() => {});
    }
  }
}
