// What Docker says at one moment: who is on which network with which address, and which addresses Swarm's records take.
// What this node cannot see is left out. The plugin's looks, `limpet check` and `limpet import` all read it here.

import { contains } from '../host/cidr.js';
import { canonical, subnetOf } from './address.js';
import type { DockerApi } from './api.js';
import { hasItsAddresses } from './containers.js';
import { identityOf, identityOfTask, isBalancerEnd } from './identities.js';
import { isOn } from './networks.js';
import type { Container, Info, NamedEndpoint, Network, Node, Service, Task } from './shapes.js';
import { holdsTicket, mayRun } from './states.js';

/** A container at an address. */
export interface Resident {
  readonly identity: string;
  /** The container's name. */
  readonly container: string;
  /** Its ID; undefined for a container of another node. */
  readonly id?: string;
  readonly address: string;
  /** The node's ID; undefined for a plain container of another node. */
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
export interface SwarmRecords {
  readonly tasks: readonly Task[];
  readonly services: ReadonlyMap<string, Service>;
  readonly nodes: ReadonlyMap<string, Node>;
}

/** What one look has seen. */
export interface Observed {
  readonly info: Info;
  readonly networks: readonly Network[];
  readonly containers: readonly Container[];
  /** Undefined on a node that is no manager. */
  readonly swarm?: SwarmRecords;
}

/** @throws LimpetError UNAVAILABLE */
export async function observe(docker: DockerApi): Promise<Observed> {
  const info = await docker.info();
  const [networks, containers, swarm] = await Promise.all([
    docker.networks(),
    docker.containers(),
    info.swarm.manager ? readRecords(docker) : undefined,
  ]);
  return { info, networks, containers, ...(swarm && { swarm }) };
}

/** Swarm's records, as only a manager has them. @throws LimpetError UNAVAILABLE */
export async function readRecords(docker: DockerApi): Promise<SwarmRecords> {
  const [tasks, services, nodes] = await Promise.all([docker.tasks(), docker.services(), docker.nodes()]);
  return { tasks, services: byId(services), nodes: byId(nodes) };
}

function byId<T extends { readonly id: string }>(all: readonly T[]): ReadonlyMap<string, T> {
  return new Map(all.map((each) => [each.id, each]));
}

/**
 * This node's containers that have an address of the subnet now, on one of these networks. @param node this node's ID
 */
export function residentsHere(
  containers: readonly Container[],
  networks: readonly Network[],
  cidr: string,
  node: string,
): Resident[] {
  return containers.filter(hasItsAddresses).flatMap((container) => {
    const addresses = container.endpoints
      .filter((endpoint) => isOn(endpoint, networks))
      .flatMap((endpoint) => endpoint.addresses.map(canonical))
      .filter((address) => contains(cidr, address));
    const { name, id } = container;
    return addresses.map((address) => ({
      identity: identityOf(container),
      container: name,
      id,
      address,
      node,
      here: true,
    }));
  });
}

/** Who is on a network, with addresses of one subnet. */
export interface Residents {
  /** Containers: of this node, and of others as far as they are heard of. */
  readonly residents: readonly Resident[];
  /** Addresses of this node's ends of the load balancer. */
  readonly ends: readonly string[];
}

/** @param node this node's ID. @throws LimpetError UNAVAILABLE */
export async function residentsOn(
  docker: DockerApi,
  observed: Observed,
  network: Network,
  cidr: string,
  node: string,
): Promise<Residents> {
  const tasks = new Map(observed.swarm?.tasks.map((task) => [task.id, task]));
  const here = residentsHere(observed.containers, [network], cidr, node).map((resident): Resident => {
    const id = observed.containers.find((each) => each.id === resident.id)?.task?.id;
    const task = id === undefined ? undefined : tasks.get(id);
    return task === undefined ? resident : { ...resident, task };
  });
  if (network.scope !== 'swarm') return { residents: here, ends: [] };
  const all = (await docker.endpoints(network.id)).filter(({ address }) => contains(cidr, address));
  const ends = all.filter((each) => each.here && isBalancerEnd(each.name, [network]));
  return { residents: [...here, ...heardOf(observed, here, all)], ends: ends.map(({ address }) => address) };
}

function heardOf({ swarm }: Observed, here: readonly Resident[], all: readonly NamedEndpoint[]): Resident[] {
  if (swarm === undefined) return [];
  const names = new Set(here.map(({ container }) => container));
  const tasks = new Map(swarm.tasks.map((task) => [task.id, task]));
  // Of what is here, the list of containers knows more.
  const heard = all.filter((each) => !each.here && !names.has(each.name));
  return heard.flatMap(({ name, address }): Resident[] => {
    const task = tasks.get(name.slice(name.lastIndexOf('.') + 1));
    if (task === undefined) return [{ identity: name, container: name, address, node: undefined, here: false }];
    if (!mayRun(task)) return []; // gossip forgets late
    const identity = identityOfTask(task, swarm.services) ?? name;
    return [{ identity, container: name, address, node: nodeOfTask(task), here: false, task }];
  });
}

/** The ID of the node that a task is on; undefined while it is on none. */
export function nodeOfTask({ nodeId }: Task): string | undefined {
  return nodeId === '' ? undefined : nodeId;
}

/**
 * The addresses of the subnet that Swarm's records take on this network. Without the records only the gateway is known.
 */
export function usesOf(swarm: SwarmRecords | undefined, network: Network, cidr: string): Use[] {
  const services = swarm?.services ?? new Map<string, Service>();
  const gateways = network.subnets.flatMap(({ subnet, gateway }): Use[] => {
    return gateway !== undefined && subnetOf(subnet) === cidr
      ? [{ address: gateway, kind: 'gateway', of: network.name }]
      : [];
  });
  const virtual = [...services.values()].flatMap(({ name, virtual }) => {
    const here = virtual.filter(({ networkId }) => networkId === network.id);
    return here.map(({ address }): Use => ({ address, kind: 'virtual IP', of: name }));
  });
  const tickets = (swarm?.tasks ?? []).filter(holdsTicket).flatMap((task) => {
    const of = identityOfTask(task, services) ?? `task ${task.id}`;
    return addressesOfTask(task, network).map((address): Use => ({ address, kind: 'ticket', of, task }));
  });
  return [...gateways, ...virtual, ...tickets]
    .map((use) => ({ ...use, address: canonical(use.address) }))
    .filter(({ address }) => contains(cidr, address));
}

/** The tickets that Swarm's record of a task has on a network. */
export function addressesOfTask({ attachments }: Task, network: Pick<Network, 'id'>): string[] {
  return attachments.filter(({ networkId }) => networkId === network.id).flatMap(({ addresses }) => addresses);
}
