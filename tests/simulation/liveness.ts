// What must come true some time after the last fault: everybody who should run does and has an address, nothing is
// kept that nobody has, and `limpet check` finds nothing on any machine.
import { check } from '../../src/operate/check/check.js';
import type { Finding } from '../../src/operate/check/finding.js';
import type { EngineContainer } from '../../src/simulator/swarm/containers.js';
import type { SwarmNode } from '../../src/simulator/swarm/node.js';
import type { TaskRecord } from '../../src/simulator/swarm/records.js';
import { idIn, isMadeUp } from './naming.js';
import type { World } from './world.js';

/** What is not so yet, a sentence each. */
export async function lacking(world: World): Promise<string[]> {
  const lacks = [...missing(world), ...leaks(world), ...marks(world)];
  if (lacks.length > 0) return lacks;
  const step = Math.ceil(world.plugins.length / (world.plan.large?.checks ?? world.plugins.length));
  for (const plugin of world.plugins.filter((_, n) => n % step === 0)) {
    const { hostname } = plugin.node.record;
    const operate = plugin.operate;
    if (operate === undefined || plugin.ails !== undefined) {
      lacks.push(`the plugin of ${hostname} is not healthy: ${plugin.ails ?? 'it does not run'}`);
      continue;
    }
    const checked = await world.until(check(operate, {}).catch((error: Error) => error));
    if (checked instanceof Error) {
      lacks.push(`limpet check on ${hostname}: ${checked.message}`);
      continue;
    }
    const { findings } = checked;
    const problems = findings.filter((finding) => finding.severity === 'problem' && !isExcused(world, finding));
    for (const { kind, message } of problems) lacks.push(`limpet check on ${hostname}: ${kind}: ${message}`);
  }
  return lacks;
}

/** Every address is somebody's, or held: then a task can wait for one. */
export function isFull({ judge, plan }: World): boolean {
  const subnet = `swarm ${plan.cidr}`;
  const taken = new Set([...judge.truth.held(subnet), ...judge.truth.bindings(subnet).map(([, address]) => address)]);
  return taken.size >= 2 ** (32 - Number(plan.cidr.split('/')[1])) - 3;
}

/**
 * Who was renamed while it ran is at the home of its old name until it is started again. Nobody ends one of two
 * containers that came to one address while a host was cut off; and a container whose address went to another one
 * meanwhile has it until a person restarts it, as its node's log says.
 */
function isExcused(world: World, { kind, space, subnet, address = '' }: Finding): boolean {
  const { judge } = world;
  const key = `${space} ${subnet}`;
  if (kind === 'leak' && (isHidden(world, key, address) || isEnd(world, address))) return true;
  if (judge.isShared(key, address)) return ['double', 'foreign', 'stale-live', 'not-live'].includes(kind);
  const there = [...judge.at(key, address)];
  // Its own node knows who has it; the others hear of its name alone, and see that it is not the owner's.
  const isLate = there.some(([container, node]) => judge.lapses.has(node, container.since));
  if (isLate) return ['foreign', 'stale-live'].includes(kind);
  return kind === 'foreign' && there.some(([container]) => judge.isRenamed(container));
}

/**
 * By the swarm's records a node's end of a load balancer, which Docker's API does not show. A node that was given
 * another one while it made its network goes on with the one before.
 */
function isEnd({ swarm }: World, address: string): boolean {
  return [...swarm.records.nodes.values()].some(({ ends }) => [...ends.values()].includes(address));
}

/** Its address went to another while its node was cut off for longer than its marks last: it waits for a person. */
function isTaken({ judge }: World, node: SwarmNode, { name, since }: EngineContainer, owner?: string): boolean {
  return owner !== undefined && !name.startsWith(`${owner}.`) && judge.lapses.has(node, since);
}

function missing(world: World): string[] {
  const { swarm } = world;
  if (swarm.leader === undefined) return ['the swarm has no leader'];
  const { records } = swarm;
  const lacks: string[] = [];
  const runs = (task: TaskRecord) =>
    task.state === 'running' && task.desired !== 'shutdown' && task.desired !== 'remove';
  for (const service of records.services.values()) {
    const { id, name, mode, replicas } = service;
    const tasks = records.tasksOf(id);
    const nodes = [...records.nodes.values()].filter((node) => node.isReady && node.isActive);
    const count = mode === 'global' ? nodes.length : replicas;
    const good = tasks.filter((task) => runs(task) || (mode === 'replicated job' && task.state === 'complete'));
    const keys = new Set(good.map((task) => (mode === 'global' ? task.nodeId : task.slot)));
    const shown = tasks.map(
      (task) => `${task.slot}:${task.state}/${task.desired}${task.address && ' '}${task.address}`,
    );
    if (keys.size < count && !isFull(world))
      lacks.push(`${name} has ${keys.size} of ${count} tasks that run: ${shown.join(', ')}`);
  }
  return lacks;
}

/**
 * Whether a held address can be the end of a load balancer that the leader has for a node, for all that is known: a
 * full subnet keeps the node from asking for it, or it goes on with the one before; and the leader's plugin began after
 * the leader and does not know, or the leader has the address and has itself forgotten for whom.
 */
function isHidden(world: World, subnet: string, address: string): boolean {
  const { swarm, plan } = world;
  const { networks, nodes } = swarm.records;
  const network = [...networks.values()].find(({ cidr }) => subnet === `swarm ${cidr}`);
  if (swarm.leader === undefined || network?.cidr !== plan.cidr) return false;
  const has = new Set(swarm.nodes.flatMap(({ engine }) => engine.networks.ends().map((end) => end.address)));
  const isUnseen = [...nodes.values()].some(({ ends }) => {
    const end = ends.get(network.id);
    return end === undefined ? isFull(world) : !has.has(end);
  });
  return isUnseen && (!world.pluginOf(swarm.leader).knowsLeader || swarm.lost.has(address));
}

/** What is held is in Swarm's records, or a gateway. */
function leaks(world: World): string[] {
  const { judge, swarm } = world;
  const { truth } = judge;
  const { networks, services, nodes, tasks } = swarm.records;
  const known = new Set([...services.values()].map(({ virtual }) => virtual));
  for (const task of tasks.values()) if (!task.isGivenBack) known.add(task.address);
  for (const { ends } of nodes.values()) for (const end of ends.values()) known.add(end);
  for (const { gateway } of networks.values()) known.add(gateway);
  for (const { engine } of swarm.nodes) {
    for (const { address } of engine.networks.ends()) known.add(address);
    for (const { subnets } of engine.networks.listed([])) known.add(subnets[0]?.gateway ?? '');
  }
  return truth.subnets().flatMap((subnet) => {
    const gateway = truth.settings(subnet)?.gateway;
    const isOurs = subnet.startsWith('swarm ');
    const held = truth.held(subnet).filter((address) => address !== gateway && !(isOurs && known.has(address)));
    const shown = held.filter((address) => !isHidden(world, subnet, address));
    return shown.map((address) => `${address} of ${subnet} is held, and nobody has it`);
  });
}

/** Who is live runs, and who runs is live. */
function marks(world: World): string[] {
  const { judge, swarm } = world;
  const { truth } = judge;
  const lacks: string[] = [];
  const has = new Map<string, string>();
  for (const node of swarm.nodes) {
    for (const container of node.engine.containers.values()) {
      const { name, has: address } = container;
      const subnet = judge.subnetOf(node, container);
      if (address === '' || subnet === undefined) continue;
      const id = idIn(subnet, node);
      has.set(`${subnet} ${address} ${id}`, name);
      const owner = truth.ownerOf(subnet, address);
      if (judge.isShared(subnet, address) || isTaken(world, node, container, owner)) continue;
      if (owner === undefined) lacks.push(`${name} has ${address}, which is nobody's`);
      else if (!truth.liveOn(subnet, owner).includes(id)) lacks.push(`${name} has ${address}, and is not live there`);
    }
  }
  for (const subnet of truth.subnets()) {
    for (const [identity, address] of truth.bindings(subnet)) {
      if (identity.startsWith('@endpoint/')) continue;
      const nodes = truth.liveOn(subnet, identity);
      for (const node of nodes)
        if (!has.has(`${subnet} ${address} ${node}`))
          lacks.push(`${identity} is live on ${node}, and does not run there`);
      // A pin waits for as long as a person wants it to.
      if (nodes.length === 0 && isMadeUp(identity) && !identity.startsWith('@pin/'))
        lacks.push(`${address} is kept for ${identity}, which is over`);
    }
  }
  return lacks;
}
