// What Docker says at one moment: who is on which network with which address, and which addresses Swarm's records take.
// What this node cannot see is left out. The plugin's looks, `limpet check` and `limpet import` all read it here.

import { within } from '../host/cidr.js';
import { canonical, subnetOf } from './address.js';
import type { DockerApi } from './api.js';
import { type Believed, believed, type Doubt, fit, type TaskRecords } from './believed.js';
import { hasItsAddresses, isPassing } from './containers.js';
import { identityOf, identityOfTask, isBalancerEnd } from './identities.js';
import { guest } from './made-up.js';
import { isOn } from './networks.js';
import type { Container, Info, NamedEndpoint, Network, Node, Service, Task } from './shapes.js';
import { mayRun } from './states.js';

/** A container at an address. */
export interface Resident {
  /** Of one whose name can be none: a guest's, as of everybody whose address has to have an owner. */
  readonly identity: string;
  /** It is not who it says it is, or its name can be no identity. */
  readonly doubt?: Doubt;
  /** The container's name. */
  readonly container: string;
  /** Its ID; undefined for a container of another node. */
  readonly id?: string;
  /** Nobody makes it again by itself once it is removed; undefined for a container of another node. */
  readonly isPassing?: boolean;
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
  readonly tasksById: ReadonlyMap<string, Task>;
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
  return { tasks, tasksById: byId(tasks), services: byId(services), nodes: byId(nodes) };
}

function byId<T extends { readonly id: string }>(all: readonly T[]): ReadonlyMap<string, T> {
  return new Map(all.map((each) => [each.id, each]));
}

/** What is said of containers is judged by this; undefined where nobody can say. @param node Swarm's ID of this node */
export function recordsFor(swarm: SwarmRecords | undefined, node: string): TaskRecords | undefined {
  return swarm && { tasks: swarm.tasksById, services: swarm.services, node };
}

/**
 * This node's containers that have an address of the subnet now, on one of these networks. @param node this node's ID
 */
export function residentsHere(
  containers: readonly Container[],
  networks: readonly Network[],
  cidr: string,
  node: string,
  records: TaskRecords | undefined,
): Resident[] {
  const isInside = within(cidr);
  return containers.filter(hasItsAddresses).flatMap((container) => {
    const addresses = container.endpoints
      .filter((endpoint) => isOn(endpoint, networks))
      .flatMap((endpoint) => endpoint.addresses.map(canonical))
      .filter(isInside);
    const { name, id } = container;
    const who = believed(container, records);
    const about = { container: name, id, isPassing: isPassing(container), node, here: true };
    return addresses.map((address) => ({ ...at(address, who), ...about }));
  });
}

/** Whoever can have no identity of its own is a guest at its address. */
function at(address: string, { identity, doubt }: Believed): Pick<Resident, 'identity' | 'address' | 'doubt'> {
  return { identity: doubt?.kind === 'unfit' ? guest(address) : identity, address, ...(doubt && { doubt }) };
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
  const { containers, swarm, info } = observed;
  const records = recordsFor(swarm, info.swarm.nodeId);
  const claimed = new Map(containers.map(({ id, task }) => [id, task?.id]));
  const here = residentsHere(containers, [network], cidr, node, records).map((resident): Resident => {
    const id = resident.doubt === undefined ? claimed.get(resident.id as string) : undefined;
    const task = id === undefined ? undefined : swarm?.tasksById.get(id);
    return task === undefined ? resident : { ...resident, task };
  });
  if (network.scope !== 'swarm') return { residents: here, ends: [] };
  const isInside = within(cidr);
  const all = (await docker.endpoints(network.id)).filter(({ address }) => isInside(address));
  return { residents: [...here, ...heardOf(observed, here, all)], ends: endsAmong(all, network) };
}

/**
 * The addresses that this node's ends of the load balancers have, on one of these networks. Not to be asked within a
 * call of Docker's. @throws LimpetError UNAVAILABLE
 */
export async function endsHere(docker: DockerApi, networks: readonly Network[], cidr: string): Promise<string[]> {
  const lists = networks
    .filter(({ scope }) => scope === 'swarm')
    .map(async (network) => endsAmong(await docker.endpoints(network.id), network));
  return (await Promise.all(lists)).flat().filter(within(cidr));
}

function endsAmong(all: readonly NamedEndpoint[], network: Network): string[] {
  return all
    .filter(({ here, name }) => here && isBalancerEnd(name, [network]))
    .map(({ address }) => canonical(address));
}

function heardOf({ swarm }: Observed, here: readonly Resident[], all: readonly NamedEndpoint[]): Resident[] {
  if (swarm === undefined) return [];
  const names = new Set(here.map(({ container }) => container));
  // Of what is here, the list of containers knows more.
  const heard = all.filter((each) => !each.here && !names.has(each.name));
  const addresses = new Map<string, Set<string>>();
  for (const { name, address } of heard) addresses.set(name, (addresses.get(name) ?? new Set()).add(address));
  return heard.flatMap(({ name, address }): Resident[] => {
    const task = swarm.tasksById.get(name.slice(name.lastIndexOf('.') + 1));
    if (task !== undefined && !mayRun(task)) return []; // gossip forgets late
    const identity = task === undefined ? undefined : identityOfTask(task, swarm.services);
    // A name alone is nothing: any container of another node can end in a task's ID.
    if (task === undefined || identity === undefined || name !== `${identity}.${task.id}`) {
      return [{ ...at(address, fit(identityOf({ name }))), container: name, node: undefined, here: false }];
    }
    const known = { container: name, node: nodeOfTask(task), here: false, task };
    const several = addresses.get(name)?.size ?? 1;
    if (several === 1) return [{ ...at(address, fit(identity)), ...known }];
    const why = `${several} containers of other nodes are called so, and it cannot be told which is the task`;
    return [{ ...at(address, { identity, doubt: { kind: 'impostor', why } }), ...known }];
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
  const tickets = (swarm?.tasks ?? []).filter(mayRun).flatMap((task) => {
    const of = identityOfTask(task, services) ?? `task ${task.id}`;
    return addressesOfTask(task, network).map((address): Use => ({ address, kind: 'ticket', of, task }));
  });
  const isInside = within(cidr);
  return [...gateways, ...virtual, ...tickets]
    .map((use) => ({ ...use, address: canonical(use.address) }))
    .filter(({ address }) => isInside(address));
}

/** The tickets that Swarm's record of a task has on a network. */
export function addressesOfTask({ attachments }: Task, network: Pick<Network, 'id'>): string[] {
  return attachments.filter(({ networkId }) => networkId === network.id).flatMap(({ addresses }) => addresses);
}
