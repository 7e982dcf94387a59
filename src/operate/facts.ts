// What Docker says at one moment, in the terms of Limpet: networks with their subnets, who really has which address, and which
// addresses Swarm's records take. What this node cannot see is left out and said.

import {
  type Container,
  type DockerApi,
  type Info,
  identityOf,
  identityOfTask,
  type NamedEndpoint,
  type Network,
  type Node,
  type Service,
  type Task,
} from '../docker/index.js';
import { isOurs } from '../docker/networks.js';
import { SWARM, spaceOf } from '../docker/spaces.js';
import { LIVE_STATES } from '../docker/states.js';
import { contains, withoutHostBits } from '../host/cidr.js';
import type { AdminContext } from './context.js';

/** A container at an address. */
export interface Seen {
  readonly identity: string;
  /** The container's name. */
  readonly container: string;
  readonly address: string;
  /** The node's name; undefined for a plain container of another node. */
  readonly node: string | undefined;
  /** On this node: its API says so. Elsewhere: the nodes' gossip does, which comes a moment later. */
  readonly here: boolean;
  readonly task?: Task;
}

/** An address that Swarm's records take. */
export interface Use {
  readonly address: string;
  readonly kind: 'gateway' | 'virtual IP' | 'ticket';
  /** The service, or the task's identity; the network for a gateway. */
  readonly of: string;
  readonly task?: Task;
}

/** What only a manager can tell. */
export interface SwarmFacts {
  readonly tasks: readonly Task[];
  readonly services: ReadonlyMap<string, Service>;
  readonly nodes: ReadonlyMap<string, Node>;
}

export interface Facts {
  /** This node, as live marks have it. */
  readonly node: string;
  readonly info: Info;
  readonly networks: readonly Network[];
  readonly containers: readonly Container[];
  /** Undefined on a node that is no manager. */
  readonly swarm?: SwarmFacts;
}

/** @throws LimpetError UNAVAILABLE */
export async function gather({ docker, node }: AdminContext): Promise<Facts> {
  const info = await docker.info();
  const [networks, containers, swarm] = await Promise.all([
    docker.networks(),
    docker.containers(),
    info.swarm.manager ? gatherSwarm(docker) : undefined,
  ]);
  return { node, info, networks, containers, ...(swarm && { swarm }) };
}

async function gatherSwarm(docker: DockerApi): Promise<SwarmFacts> {
  const [tasks, services, nodes] = await Promise.all([docker.tasks(), docker.services(), docker.nodes()]);
  return { tasks, services: byId(services), nodes: byId(nodes) };
}

function byId<T extends { readonly id: string }>(all: readonly T[]): ReadonlyMap<string, T> {
  return new Map(all.map((each) => [each.id, each]));
}

/** Who is on a network, with addresses of one subnet. */
export interface Crowd {
  /** Containers: of this node, and of others as far as they are heard of. */
  readonly seen: readonly Seen[];
  /** Addresses of this node's ends of the load balancer. */
  readonly ends: readonly string[];
}

/** @throws LimpetError UNAVAILABLE */
export async function crowdOn(docker: DockerApi, facts: Facts, network: Network, cidr: string): Promise<Crowd> {
  const here = seenHere(facts, network, cidr);
  if (network.scope !== 'swarm') return { seen: here, ends: [] };
  const all = (await docker.endpoints(network.id)).filter(({ address }) => contains(cidr, address));
  const ends = all.filter((each) => each.here && each.name === `${network.name}-endpoint`);
  return {
    seen: [...here, ...heardOf(facts, here, all)],
    ends: ends.map(({ address }) => address),
  };
}

function heardOf(facts: Facts, here: readonly Seen[], all: readonly NamedEndpoint[]): Seen[] {
  if (facts.swarm === undefined) return [];
  const names = new Set(here.map(({ container }) => container));
  const tasks = new Map(facts.swarm.tasks.map((task) => [task.id, task]));
  // Of what is here, the list of containers knows more.
  const heard = all.filter((each) => !each.here && !names.has(each.name));
  return heard.flatMap(({ name, address }): Seen[] => {
    const task = tasks.get(name.slice(name.lastIndexOf('.') + 1));
    if (task === undefined) return [{ identity: name, container: name, address, node: undefined, here: false }];
    if (!isLive(task)) return []; // gossip forgets late
    const identity = identityOfTask(task, facts.swarm?.services ?? new Map()) ?? name;
    return [{ identity, container: name, address, node: nodeOf(facts, task), here: false, task }];
  });
}

function seenHere(facts: Facts, network: Network, cidr: string): Seen[] {
  const tasks = new Map(facts.swarm?.tasks.map((task) => [task.id, task]));
  return facts.containers.flatMap((container) => {
    const task = container.task && tasks.get(container.task.id);
    const addresses = container.endpoints
      .filter(({ networkId }) => networkId === network.id)
      .flatMap((endpoint) => endpoint.addresses.filter((address) => contains(cidr, address)));
    return addresses.map((address) => ({
      identity: identityOf(container),
      container: container.name,
      address,
      node: facts.node,
      here: true,
      ...(task && { task }),
    }));
  });
}

/** The addresses of the subnet that Swarm's records take on this network. */
export function usesOf(facts: Facts, network: Network, cidr: string): Use[] {
  const { tasks = [], services = new Map<string, Service>() } = facts.swarm ?? {};
  const gateways = network.subnets.flatMap(({ subnet, gateway }): Use[] => {
    return gateway !== undefined && withoutHostBits(subnet) === cidr
      ? [{ address: gateway, kind: 'gateway', of: network.name }]
      : [];
  });
  const virtual = [...services.values()].flatMap(({ name, virtual }) => {
    const here = virtual.filter(({ networkId }) => networkId === network.id);
    return here.map(({ address }): Use => ({ address, kind: 'virtual IP', of: name }));
  });
  const tickets = tasks.filter(isLive).flatMap((task) => {
    const addresses = task.attachments.filter(({ networkId }) => networkId === network.id);
    const of = identityOfTask(task, services) ?? `task ${task.id}`;
    return addresses
      .flatMap(({ addresses }) => addresses)
      .map((address): Use => {
        return { address, kind: 'ticket', of, task };
      });
  });
  return [...gateways, ...virtual, ...tickets].filter(({ address }) => address !== '' && contains(cidr, address));
}

/** Whether the task's container runs or may yet, so that its address counts. */
export function isLive({ state }: Task): boolean {
  return LIVE_STATES.includes(state);
}

/** The name of the node that a task is on; undefined while it is on none. */
export function nodeOf({ swarm }: Facts, { nodeId }: Task): string | undefined {
  return swarm?.nodes.get(nodeId)?.hostname;
}

/** Each subnet of each network, and the space where Limpet keeps it. */
export function* pools(
  { service, node }: AdminContext,
  networks: readonly Network[],
): Generator<{ readonly network: Network; readonly cidr: string; readonly space: string }> {
  for (const network of networks) {
    const shared = network.scope === 'swarm' || network.ipamOptions['limpet.scope'] === 'cluster';
    for (const { subnet } of network.subnets) {
      const cidr = withoutHostBits(subnet);
      yield { network, cidr, space: shared || service.find(cidr, SWARM) !== undefined ? SWARM : spaceOf(node) };
    }
  }
}

/** A driver by this name, whatever registry and tag it has. */
const LIMPET = /(?:^|\/)limpet(?::|$)/;

/** Whether Limpet gives this network's addresses: its driver is named so, or the store has one of its subnets. */
export function isServed(context: AdminContext, network: Network): boolean {
  if (!isOurs(network) || network.subnets.length === 0) return false;
  if (LIMPET.test(network.ipam)) return true;
  return [...pools(context, [network])].some(({ cidr, space }) => context.service.find(cidr, space) !== undefined);
}
