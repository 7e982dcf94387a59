// A real swarm's lists → its bindings, by the package's rebuild: what `limpet rebuild` does, in the browser.

import type { Limpet, RebuildReport, Subnet } from 'limpet';
import { findNetwork, holdVirtualAddresses, type Network, networksOfTasks, readServices } from 'limpet/swarm';
import { type Piece, Unusable } from './read.js';

export interface Given {
  readonly tasks?: Extract<Piece, { kind: 'tasks' }>;
  readonly services?: Extract<Piece, { kind: 'services' | 'networks' }>;
  readonly networks?: Extract<Piece, { kind: 'services' | 'networks' }>;
}

export interface Choice {
  readonly network: Network;
  /** Tasks attached to it. */
  readonly tasks: number;
}

export interface Rebuilt {
  readonly network: Network;
  readonly subnet: Subnet;
  /** Held, so that no task gets them. */
  readonly gateway: string | undefined;
  readonly virtual: readonly string[];
  readonly report: RebuildReport;
}

/** The networks to choose from, the one with the most tasks first. */
export function choicesIn({ tasks, networks }: Given): Choice[] {
  const records = tasks?.records ?? [];
  const found = networksOfTasks(records);
  const counts = new Map<string, number>();
  for (const record of records) {
    for (const id of networksOfTasks([record]).keys()) counts.set(id, (counts.get(id) ?? 0) + 1);
  }
  return [...found.values()]
    .filter(({ subnets }) => subnets.length > 0)
    .map((network) => ({ network: fromList(networks, network), tasks: counts.get(network.id) ?? 0 }))
    .sort((a, b) => b.tasks - a.tasks || (a.network.name < b.network.name ? -1 : 1));
}

/** Compact records are on no network: all of them count, on a subnet that only the visitor knows. */
export const NO_NETWORK: Network = { id: '', name: 'records without a network', subnets: [] };

/**
 * A new subnet with the bindings that the lists amount to. Nothing stays behind when it fails.
 * @param cidr which of the network's subnets
 * @throws LimpetError, Unusable naming the file
 */
export function rebuildGiven(limpet: Limpet, given: Given, network: Network, cidr: string): Rebuilt {
  const { tasks, services } = given;
  if (tasks === undefined) throw new Unusable('there is no task list yet');
  naming(services?.name, () => readServices(services?.list ?? []));
  const gateway = network.subnets.find(({ subnet }) => subnet === cidr)?.gateway;
  const subnet = limpet.subnet(cidr, gateway === undefined ? {} : { gateway });
  try {
    const virtual = naming(services?.name, () => holdVirtualAddresses(subnet, services?.list ?? [], network.id));
    const options = {
      ...(network === NO_NETWORK ? {} : { network: network.id }),
      ...(services === undefined ? {} : { services: services.list }),
    };
    const report = naming(tasks.name, () => subnet.rebuild(tasks.bytes, options));
    return { network, subnet, gateway, virtual, report };
  } catch (error) {
    subnet.destroy();
    throw error;
  }
}

function fromList(networks: Given['networks'], network: Network): Network {
  if (networks === undefined) return network;
  return naming(networks.name, () => {
    const listed = findNetwork(networks.list, network.id);
    return listed.subnets.length > 0 ? listed : network;
  });
}

function naming<T>(file: string | undefined, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw new Unusable(`${file ?? 'the input'}: ${(error as Error).message}`, { cause: error });
  }
}
