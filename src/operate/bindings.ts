// `limpet ls` and `limpet lookup`: bindings and held addresses, as rows that say where they are.

import { serviceOf } from '../docker/identities.js';
import { LimpetError } from '../host/errors.js';
import type { AddressState } from '../host/types.js';
import { type SubnetService, waitsFor } from '../service/index.js';
import { homesOf, isSecondHome, whose } from '../service/second-homes.js';
import { isNode, type OperateEnvironment } from './environment.js';
import { addressIn, type Selection, selectSubnets, subnetsWith } from './select.js';
import { findTask, type TaskFound } from './tasks.js';

/** One address; one that is free or excluded only as the answer to a lookup. */
export interface AddressRow {
  readonly space: string;
  readonly subnet: string;
  readonly address: string;
  readonly state: AddressState;
  readonly identity?: string;
  /** The address is the second home of the identity; absent of its first one. */
  readonly home?: 'second';
  /** A person chose the address: `waits` for an identity that runs at another one until it stops. */
  readonly pinned?: 'home' | 'waits';
  /** The IDs of the nodes where it is live. */
  readonly nodes: readonly string[];
  /** Milliseconds since the epoch; on reserved bindings. */
  readonly releasedAt?: number;
}

export interface Listing {
  /** The moment of the answer, milliseconds since the epoch. */
  readonly now: number;
  readonly rows: readonly AddressRow[];
  /** Names of nodes by ID, as far as they are known. */
  readonly names: Readonly<Record<string, string>>;
}

export interface ListFilter extends Selection {
  readonly state?: 'live' | 'reserved' | 'held' | undefined;
  /** By name or ID. */
  readonly node?: string | undefined;
  readonly service?: string | undefined;
  readonly pinned?: 'yes' | 'no' | undefined;
}

/**
 * Bindings in order of subnet and address; held addresses too when they are asked for by state.
 * @throws LimpetError BAD_INPUT, UNKNOWN (the selection)
 */
export function list(environment: OperateEnvironment, filter: ListFilter): Listing {
  const rows: AddressRow[] = [];
  for (const net of selectSubnets(environment.service, filter)) {
    for (const row of filter.state === 'held' ? heldRows(net) : bindingRows(net)) {
      if (filter.state !== undefined && row.state !== filter.state) continue;
      if (filter.node !== undefined && !row.nodes.some((id) => isNode(environment, id, filter.node))) continue;
      if (filter.pinned !== undefined && (row.pinned !== undefined) !== (filter.pinned === 'yes')) continue;
      if (filter.service !== undefined && serviceOf(row.identity ?? '') !== filter.service) continue;
      rows.push(row);
    }
  }
  return listing(environment, rows);
}

/** The answer of a lookup: of a task's ID also what the task is. */
export interface Found extends Listing {
  readonly task?: TaskFound;
}

/**
 * What an address is, or which addresses an identity or a task has. A text that is an address is looked up as one; an
 * identity can look like one too, or like a task's ID, and is found then as well.
 * @throws LimpetError UNKNOWN (no such identity or task), OUT_OF_RANGE (an address of no subnet)
 */
export async function lookup(
  environment: OperateEnvironment,
  { key, ...selection }: Selection & { key: string },
): Promise<Found> {
  const { service } = environment;
  const found = homeRows(environment, key, selection);
  if (addressIn(key) !== undefined && found.length === 0) {
    return listing(
      environment,
      subnetsWith(service, key, selection).map((net) => addressRow(net, key)),
    );
  }
  if (found.length > 0) return listing(environment, found);
  const task = await findTask(environment, key, selection);
  if (task !== undefined && task.addresses.length > 0) return taskListing(environment, task, selection);
  const who = task === undefined ? '' : `, which is task ${task.id} and ${task.identity},`;
  const where = selection.subnet === undefined ? 'any subnet' : selection.subnet;
  throw new LimpetError('UNKNOWN', `${JSON.stringify(key)}${who} has no address in ${where}`, { identity: key });
}

/** The rows of its identity, and of its tickets. */
function taskListing(environment: OperateEnvironment, task: TaskFound, selection: Selection): Found {
  const { service } = environment;
  const rows = homeRows(environment, task.identity, selection);
  for (const { space, subnet, ticket } of task.addresses) {
    const net = service.find(subnet, space);
    if (net === undefined || ticket === undefined) continue;
    const isThere = rows.some((row) => row.space === space && row.address === ticket);
    if (!isThere) rows.push(addressRow(net, ticket));
  }
  const { now, names } = listing(environment, [...rows, { nodes: task.node === undefined ? [] : [task.node] }]);
  return { now, task, rows, names };
}

function homeRows({ service }: OperateEnvironment, identity: string, selection: Selection): AddressRow[] {
  const homes = homesOf(identity);
  return selectSubnets(service, selection).flatMap((net) => homes.flatMap((home) => rowsOf(net, home)));
}

function listing<R extends Pick<AddressRow, 'nodes'>>(
  { service, clock }: OperateEnvironment,
  rows: readonly R[],
): Omit<Listing, 'rows'> & { readonly rows: readonly R[] } {
  const ids = new Set(rows.flatMap(({ nodes }) => nodes));
  const names = [...ids].flatMap((id) => {
    const name = service.nodeName(id);
    return name === undefined ? [] : [[id, name] as const];
  });
  return { now: clock.now(), rows, names: Object.fromEntries(names) };
}

function* bindingRows(net: SubnetService): Generator<AddressRow> {
  for (const { identity } of net.list()) yield bindingRow(net, identity) as AddressRow;
}

function* heldRows(net: SubnetService): Generator<AddressRow> {
  for (const address of net.held()) yield { ...whereOf(net), address, state: 'held', nodes: [] };
}

function bindingRow(net: SubnetService, identity: string): AddressRow | undefined {
  const binding = net.lookup(identity);
  if (binding === undefined) return undefined;
  const { pinned, ...row } = binding;
  const waits = waitsFor(identity);
  const how = pinned && { pinned: waits === undefined ? ('home' as const) : ('waits' as const) };
  const name = waits ?? identity;
  const second = isSecondHome(name) ? ({ home: 'second' } as const) : {};
  return { ...whereOf(net), ...row, identity: whose(name), ...second, ...how };
}

/** One home's address, and one that was chosen for it and waits. */
function rowsOf(net: SubnetService, identity: string): AddressRow[] {
  const pin = net.pinOf(identity);
  const own = bindingRow(net, identity);
  const chosen = pin?.waits ? addressRow(net, pin.address) : undefined;
  return [own, chosen].filter((row) => row !== undefined);
}

function addressRow(net: SubnetService, text: string): AddressRow {
  const { address, state, identity } = net.inspect(text);
  const bound = identity === undefined ? undefined : bindingRow(net, identity);
  return bound ?? { ...whereOf(net), address, state, nodes: [] };
}

function whereOf({ spec }: SubnetService): Pick<AddressRow, 'space' | 'subnet'> {
  return { space: spec.space, subnet: spec.cidr };
}
