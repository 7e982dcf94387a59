// What the users of a world do, and its operators.
import { identityOf } from '../../src/docker/identities.js';
import { reclaim, release } from '../../src/operate/changes.js';
import { type EngineContainer, listed } from '../../src/simulator/swarm/containers.js';
import type { Wanted } from '../../src/simulator/swarm/engine.js';
import type { SwarmNode } from '../../src/simulator/swarm/node.js';
import { homeOf, LAN, LOCAL, optionsOf, ownOf } from './begin.js';
import { type Deed, pick, rare, usual } from './deed.js';
import type { World } from './world.js';

const SERVICES = ['web', 'api', 'job'];
/** Two of them look like a task's, and are none. */
const PLAIN = ['db', 'cache', 'web.internal', 'web.1'];

export const users = {
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
    const node = pick(world.swarm.nodes, a);
    const { engine } = node;
    const there = PLAIN.map((each) => engine.named(each)).filter((each) => each !== undefined && !each.isBusy);
    const free = PLAIN.filter((each) => engine.named(each) === undefined);
    if (there.length === 0 || free.length === 0 || engine.state !== 'up') return;
    const [container, name] = [pick(there, b) as EngineContainer, pick(free, c)];
    const { name: before, network } = container;
    container.name = name;
    if (container.asked !== '') wishes(world, name);
    // As who replaces a container by hand does it: the old one is put aside, and a new one takes its name.
    world.timeline.after(500 + 3 * b, () => {
      if (engine.state !== 'up' || engine.named(before) !== undefined) return;
      const newcomer = createHere(world, node, { name: before, network, asked: '', restarts: false });
      if (newcomer !== undefined) void engine.startHere(newcomer);
    });
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
    if (node.engine.state === 'up') void node.engine.networks.create('twin', ownOf(world, node)).catch(() => {});
  }),
  reclaim: rare((world, [a, b]) => void reclaimOne(world, a, b)),
  'reclaim service': rare((world, [a, b]) => void reclaimService(world, a, pick(SERVICES, b))),
  'release by hand': rare((world, [a, b]) => void releaseOne(world, a, b)),
} satisfies Record<string, Deed>;

/** Of one name on two machines the second would be the first one's guest, and both would be right. */
function attachedTo({ record }: SwarmNode, n: number): string {
  return `attached-${n % 4}-on-${record.hostname}`;
}

/** The user of a container of that name wants an address, and gives up the home that it has for it. */
function wishes({ judge }: World, name: string): void {
  judge.wishing.add(name).add(`container:${name}`);
}

function createHere(world: World, node: SwarmNode, about: Pick<Wanted, 'name' | 'network' | 'asked' | 'restarts'>) {
  const network = node.engine.networks.named(about.network);
  if (network === undefined) return undefined;
  if (about.asked !== '') wishes(world, about.name);
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
  if (swarm.records.networkNamed('net') === undefined) swarm.createNetwork('net', plan.cidr, optionsOf(plan));
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
  if (chosen === undefined || runsSomewhere(world, (identity) => identity === chosen.identity)) return;
  await ending(world, [chosen.identity], () => reclaim(operate, { identity: chosen.identity }));
}

/** A person sees that it runs, whatever the store says of a machine that was cut off. */
function runsSomewhere({ swarm }: World, isMeant: (identity: string) => boolean): boolean {
  const all = swarm.nodes.flatMap(({ engine }) => [...engine.containers.values()]);
  return all.some((container) => container.has !== '' && isMeant(identityOf(listed(container))));
}

/** As `limpet reclaim --service NAME` does: no container of another name loses its home. */
async function reclaimService(world: World, a: number, service: string): Promise<void> {
  const operate = pick(world.plugins, a).operate;
  if (operate === undefined) return;
  const isItsSlot = new RegExp(`^${service}\\.(\\d+|[a-z0-9]{25})$`);
  if (runsSomewhere(world, (identity) => isItsSlot.test(identity))) return;
  const all = [...operate.service.subnets()].flatMap((net) => [...net.list()].map(({ identity }) => identity));
  const slots = all
    .map((identity) => identity.replace(/^@second\//, ''))
    .filter((identity) => isItsSlot.test(identity));
  await ending(world, slots, () => reclaim(operate, { service }));
}

/** Bindings that end from now on until a while after it is done are a person's doing. */
async function ending({ judge, timeline }: World, identities: readonly string[], act: () => Promise<unknown>) {
  for (const each of identities) judge.ending.set(each, Number.POSITIVE_INFINITY);
  await act().catch(() => {});
  for (const each of identities) judge.ending.set(each, timeline.now);
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
