// Networks and their subnets, from Docker's GET /networks or from the attachments that tasks carry.

import { withoutHostBits } from '../host/cidr.js';
import { LimpetError } from '../host/errors.js';
import { describe, dig, isObject, isUnset } from '../host/json.js';
import { otherKind } from './kinds.js';
import { whatItSays } from './message.js';

export interface NetworkSubnet {
  /** As Docker has it: host bits are set when it was learned from a task's address. */
  readonly subnet: string;
  readonly gateway?: string;
  /** `address`: nothing configured it, a task's address and prefix length tell it. */
  readonly origin: 'configuration' | 'address';
}

export interface Network {
  readonly id: string;
  /** The ID when a name is not known. */
  readonly name: string;
  /** Empty for networks without addresses of their own, such as `host`. */
  readonly subnets: readonly NetworkSubnet[];
}

/**
 * The network with this ID or, if there is none, this name, in what GET /networks answers.
 * @throws LimpetError NO_NETWORK naming those there are; BAD_INPUT when several have the name, or the list is none.
 */
export function findNetwork(networks: unknown, nameOrId: string): Network {
  const all = readNetworks(networks);
  const found = chooseNetwork(all, nameOrId);
  if (found !== undefined) return found;
  const names = all.map((network) => network.name);
  const there = names.length === 0 ? 'there are none' : `there are ${names.map(describe).join(', ')}`;
  throw new LimpetError('NO_NETWORK', `no network ${describe(nameOrId)} in the list; ${there}`, { names });
}

/**
 * The same choice among networks already read, by ID, else by name, else by the beginning of one ID, as Docker chooses;
 * undefined when there is none.
 * @throws LimpetError BAD_INPUT naming the IDs when several could be meant.
 */
export function chooseNetwork<N extends Pick<Network, 'id' | 'name'>>(
  networks: Iterable<N>,
  nameOrId: string,
): N | undefined {
  const all = [...networks];
  const byId = all.find(({ id }) => id === nameOrId);
  if (byId !== undefined) return byId;
  const named = all.filter(({ name }) => name === nameOrId);
  const found = named.length > 0 ? named : all.filter(({ id }) => nameOrId !== '' && id.startsWith(nameOrId));
  if (found.length <= 1) return found[0];
  const ids = found.map(({ id }) => id).sort();
  const how = named.length > 0 ? 'are named' : 'have an ID that begins with';
  throw bad(`${found.length} networks ${how} ${describe(nameOrId)}; give one's ID: ${ids.join(', ')}`);
}

/** The networks that a task is attached to; a task says of each all that is needed. Empty for anything but a task. */
export function networksOfTask(task: unknown): Network[] {
  const attachments = dig(task, 'NetworksAttachments');
  if (!Array.isArray(attachments)) return [];
  return attachments.flatMap((attachment) => {
    const id = dig(attachment, 'Network', 'ID');
    if (typeof id !== 'string' || id === '') return [];
    const name = dig(attachment, 'Network', 'Spec', 'Name');
    return [
      { id, name: typeof name === 'string' && name !== '' ? name : id, subnets: subnetsOfAttachment(attachment) },
    ];
  });
}

/**
 * What is known of a network with what one more task tells of it, host bits cleared. A configured subnet is the
 * network's only word; without one, all that its tasks' addresses say.
 */
export function joined(known: Network | undefined, more: Network): Network {
  if (known === undefined || isConfigured(known)) return known ?? cleaned(more);
  if (isConfigured(more)) return cleaned(more);
  return cleaned({ ...known, subnets: [...known.subnets, ...more.subnets] });
}

/** The networks that any of the tasks is attached to, by ID. Records that are no tasks are passed over. */
export function networksOfTasks(tasks: Iterable<unknown>): Map<string, Network> {
  const networks = new Map<string, Network>();
  for (const task of tasks) {
    for (const network of networksOfTask(task)) networks.set(network.id, joined(networks.get(network.id), network));
  }
  return networks;
}

/** The subnets of one network, as a task attached to it tells them; undefined when the task is not. */
export function subnetsOfTask(task: unknown, nameOrId: string): readonly NetworkSubnet[] | undefined {
  return networksOfTask(task).find((network) => network.id === nameOrId || network.name === nameOrId)?.subnets;
}

function isConfigured({ subnets }: Network): boolean {
  return subnets.some(({ origin }) => origin === 'configuration');
}

function cleaned(network: Network): Network {
  const byCidr = new Map(network.subnets.map((entry) => [withoutHostBits(entry.subnet), entry]));
  return { ...network, subnets: [...byCidr].map(([subnet, entry]) => ({ ...entry, subnet })) };
}

function readNetworks(networks: unknown): Network[] {
  if (!Array.isArray(networks)) {
    throw bad(`networks must be the list that GET /networks answers, not ${describe(networks)}${whatItSays(networks)}`);
  }
  const other = otherKind(networks, 'networks');
  if (other !== undefined) throw bad(other);
  return networks.map((network, index) => {
    const at = `networks[${index}]`;
    if (!isObject(network)) throw bad(`${at} must be a network, not ${describe(network)}`);
    const id = network.Id ?? network.ID;
    if (typeof id !== 'string' || id === '') throw bad(`${at}.Id must be a string, not ${describe(id)}`);
    const name = network.Name;
    if (typeof name !== 'string' || name === '') throw bad(`${at}.Name must be a string, not ${describe(name)}`);
    return { id, name, subnets: readConfigs(dig(network, 'IPAM', 'Config'), `${at}.IPAM.Config`) };
  });
}

// The network's own configuration; without one, the prefix length of the first task's addresses.
function subnetsOfAttachment(attachment: unknown): NetworkSubnet[] {
  const configured = subnetsIn(dig(attachment, 'Network', 'IPAMOptions', 'Configs'));
  if (configured.length > 0) return configured;
  const addresses = dig(attachment, 'Addresses');
  if (!Array.isArray(addresses)) return [];
  return addresses
    .filter((address): address is string => typeof address === 'string' && address.includes('/'))
    .map((subnet) => ({ subnet, origin: 'address' }));
}

function subnetsIn(configs: unknown): NetworkSubnet[] {
  if (!Array.isArray(configs)) return [];
  return configs.flatMap((config) => {
    const subnet = dig(config, 'Subnet');
    if (typeof subnet !== 'string' || subnet === '') return [];
    const gateway = dig(config, 'Gateway');
    if (typeof gateway !== 'string' || gateway === '') return [{ subnet, origin: 'configuration' }];
    // Older Dockers write 172.17.0.1/16.
    return [{ subnet, gateway: gateway.replace(/\/.*$/, ''), origin: 'configuration' }];
  });
}

function readConfigs(configs: unknown, at: string): NetworkSubnet[] {
  if (isUnset(configs)) return [];
  if (!Array.isArray(configs)) throw bad(`${at} must be a list, not ${describe(configs)}`);
  return subnetsIn(configs);
}

function bad(message: string): LimpetError {
  return new LimpetError('BAD_INPUT', message);
}
