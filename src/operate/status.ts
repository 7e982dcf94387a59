// `limpet status`: every subnet by its counts, and a warning where addresses run short.

import { count } from '../host/count.js';
import type { DamagedSubnet, SubnetService, SubnetSpec } from '../service/index.js';
import { isSecondHome } from '../service/second-homes.js';
import { nameOfNode, type OperateEnvironment } from './environment.js';
import { type Selection, selectSubnets } from './select.js';

export interface SubnetStatus {
  readonly space: string;
  readonly subnet: string;
  readonly policy: SubnetSpec['policy'];
  readonly reclaim: SubnetSpec['reclaim'];
  /** Counts of addresses; `size` is their sum. Beyond 2^53 (wide IPv6 subnets) they are rounded. */
  readonly size: number;
  readonly live: number;
  readonly reserved: number;
  readonly held: number;
  readonly excluded: number;
  readonly free: number;
  /** How many of the live and the reserved addresses are second homes. */
  readonly second: number;
  /** Of the live and reserved ones those that a person chose. */
  readonly pinned: number;
  /** `tight`: not every live task could have a ticket of its own. `full`: no address is free. */
  readonly room: 'plenty' | 'tight' | 'full';
  readonly warning?: string;
}

export interface Status {
  readonly version: string;
  /** This host's name, or its ID where that is not known. */
  readonly node: string;
  /** `away`: why no change could be answered now; absent when one could. */
  readonly store: { readonly name: string; readonly shared: boolean; readonly away?: string };
  /** Subnets that the store has and cannot read: others are served. `key` says where it stands. */
  readonly unreadable: readonly DamagedSubnet[];
  readonly subnets: readonly SubnetStatus[];
  /** What an operator should know of this Docker. */
  readonly notes: readonly string[];
}

/** @throws LimpetError BAD_INPUT, UNKNOWN (the selection) */
export async function status(environment: OperateEnvironment, selection: Selection): Promise<Status> {
  const { service, store, host, version, notes } = environment;
  const away = await service.whyAway();
  return {
    version,
    node: nameOfNode(environment, host),
    store: { name: store.name, shared: store.shared, ...(away === undefined ? {} : { away }) },
    unreadable: service.damaged(),
    subnets: selectSubnets(service, selection).map(statusOf),
    notes,
  };
}

/** One subnet's counts, and whether they are enough. */
export function statusOf(net: SubnetService): SubnetStatus {
  const { space, cidr, policy, reclaim } = net.spec;
  const { size, live, reserved, held, excluded, free, pinned } = net.stats;
  const counts = { size: Number(size), live, reserved, held, excluded: Number(excluded), free: Number(free), pinned };
  let second = 0;
  for (const { identity } of net.list()) if (isSecondHome(identity)) second++;
  const left = { ...counts, second, reserved: reclaimable(net) };
  return { space, subnet: cidr, policy, reclaim, ...counts, second, ...room(cidr, left) };
}

/** Reserved bindings that are not pinned. */
function reclaimable(net: SubnetService): number {
  const { reserved, pinned } = net.stats;
  if (pinned === 0) return reserved;
  return [...net.list()].filter((each) => each.state === 'reserved' && !each.pinned).length;
}

/**
 * Tickets and bindings share the subnet. A task that has moved takes two addresses: its own, and the ticket that Swarm
 * knows it by. So the free addresses and those held (among them the tickets that have been given) should be as many as
 * the live bindings.
 */
function room(
  cidr: string,
  { live, reserved, held, free, second }: Record<'live' | 'reserved' | 'held' | 'free' | 'second', number>,
) {
  const spare = reserved === 0 ? '' : `; ${reserved} reserved could be reclaimed`;
  if (free === 0) return { room: 'full', warning: `${cidr} is full: no new task can get a ticket${spare}` } as const;
  if (free + held >= live) return { room: 'plenty' } as const;
  const tickets = `the tickets of ${count(live, 'live binding')}`;
  const has = `${count(free, 'free address', 'free addresses')} and ${held} held for ${tickets}`;
  const plan = `${second === 0 ? 'twice' : 'three times'} as many addresses as tasks`;
  return { room: 'tight', warning: `${cidr} is tight: ${has}; plan ${plan}${spare}` } as const;
}
