// How a world begins: a plugin on each machine, the swarm's network and its services, a network on each machine.
import type { SwarmNode } from '../../src/simulator/swarm/node.js';
import type { Plan } from './plan.js';
import type { World } from './world.js';

/** A machine's own network, and the one that two machines share. */
export const LOCAL = 'home';
export const LAN = 'lan';

export function begin(world: World): void {
  const { swarm, plan } = world;
  for (const plugin of world.plugins) plugin.start();
  swarm.createNetwork('net', plan.cidr, optionsOf(plan));
  const { replicas, order } = plan;
  swarm.createService({ name: 'web', mode: 'replicated', replicas, order, hasVirtual: true }, 'net');
  swarm.createService({ name: 'api', mode: 'replicated', replicas: 2, order, hasVirtual: false }, 'net');
  if (plan.hasAgents)
    swarm.createService({ name: 'agent', mode: 'global', replicas: 0, order, hasVirtual: false }, 'net');
  if (plan.hasJobs)
    swarm.createService({ name: 'job', mode: 'replicated job', replicas: 2, order, hasVirtual: false }, 'net');
  for (const node of swarm.nodes) void node.engine.networks.create(LOCAL, ownOf(world, node)).catch(() => {});
  if (plan.lan === 'none') return;
  for (const [n, { engine }] of swarm.nodes.slice(0, 2).entries()) {
    const range = plan.lan === 'whole' ? '' : `10.99.0.${64 + 32 * n + 1}/27`; // host bits are masked
    void engine.networks.create(LAN, '10.99.0.0/24', { 'limpet.scope': 'cluster' }, range).catch(() => {});
  }
}

/** `--ipam-opt`s of the swarm's network. */
export function optionsOf({ policy, reclaim }: Plan): Record<string, string> {
  return {
    ...(policy === 'serial' ? {} : { 'limpet.policy': policy }),
    ...(reclaim === '' ? {} : { 'limpet.reclaim': reclaim }),
  };
}

export function homeOf({ record }: SwarmNode): string {
  return `10.6.${record.hostname.slice(5)}`;
}

/** The subnet of its own network. */
export function ownOf({ plan }: World, node: SwarmNode): string {
  return `${homeOf(node)}.0/${plan.own}`;
}
