// Live marks and bindings that have outlived their reason: marks where nothing runs, made-up identities that nobody is,
// and reserved addresses of services that are no more.

import { believed } from '../../docker/believed.js';
import { mayStillRun } from '../../docker/containers.js';
import { identityOfTask, serviceOf } from '../../docker/identities.js';
import { made, nodeOfMade } from '../../docker/made-up.js';
import { nodeOfTask, type Observed, type Resident, recordsFor, type SwarmRecords } from '../../docker/observed.js';
import { mayRun } from '../../docker/states.js';
import { type SubnetService, waitsFor } from '../../service/index.js';
import { homeAt, homeText, whose } from '../../service/second-homes.js';
import { command, option } from '../command.js';
import { nameOfNode, type OperateEnvironment } from '../environment.js';
import type { Found } from './finding.js';

export interface Marks {
  readonly context: OperateEnvironment;
  readonly net: SubnetService;
  readonly observed: Observed;
  /** Everybody on the subnet's networks. */
  readonly residents: readonly Resident[];
  /** This node's ends of load balancers. */
  readonly ends: readonly string[];
  /** This node's ID. */
  readonly node: string;
  /** What tells the subnet from others, as options of a command. */
  readonly where: string;
  /** Live marks that cannot be judged from here are counted there. */
  readonly unjudged: (identity: string, node: string) => void;
}

export function* checkMarks(marks: Marks): Generator<Found> {
  const { net, where, residents } = marks;
  const byIdentity = grouped(residents);
  for (const { identity, address, state } of net.list()) {
    if (state === 'reserved') {
      yield* checkLeftover(marks, identity, address);
      continue;
    }
    for (const node of net.lookup(identity)?.nodes ?? []) {
      const own = () => byIdentity.get(whose(identity)) ?? [];
      const runs = node === marks.node ? runsHere(marks, identity, address) : runsThere(marks, identity, node, own());
      if (runs === undefined) marks.unjudged(identity, node);
      if (runs !== false) continue;
      const name = nameOfNode(marks.context, node);
      const message = `${homeText(identity)} (${address}) is live on ${name}, and does not run there`;
      const mend = command('limpet release', [identity], option('node', name) + where);
      yield { kind: 'stale-live', identity, address, message, mend };
    }
  }
}

/** Undefined for what no list of Docker's shows: addresses that a user has set aside. */
function runsHere(
  { context, net, observed, residents, ends }: Marks,
  home: string,
  address: string,
): boolean | undefined {
  const kind = made(home);
  if (kind === 'endpoint' && ends.includes(address)) return true;
  if (kind === 'endpoint') return undefined;
  // The container at the address counts, whatever it is called now.
  if (residents.some((each) => each.here && each.address === address)) return true;
  if (kind !== undefined) return false;
  if (context.isStarting(net, home, observed.containers)) return true;
  const records = recordsFor(observed.swarm, observed.info.swarm.nodeId);
  const elsewhere = new Set(residents.filter((each) => isAtOtherHome(net, each, home)).map(({ id }) => id));
  return observed.containers.some(
    (each) => mayStillRun(each) && believed(each, records).identity === whose(home) && !elsewhere.has(each.id),
  );
}

/** Whether somebody is at the other one of the two homes. */
function isAtOtherHome(net: SubnetService, { identity, address }: Resident, home: string): boolean {
  const at = identity === whose(home) ? homeAt(net, identity, address) : undefined;
  return at !== undefined && at !== home;
}

/** By the identity that they say they have: of many bindings each has few. */
function grouped(residents: readonly Resident[]): ReadonlyMap<string, readonly Resident[]> {
  const groups = new Map<string, Resident[]>();
  for (const resident of residents) {
    const group = groups.get(resident.identity);
    if (group === undefined) groups.set(resident.identity, [resident]);
    else group.push(resident);
  }
  return groups;
}

/**
 * As far as Swarm's tasks and the nodes' gossip tell; undefined when neither does.
 * @param own those who are of the home's identity
 */
function runsThere(
  { net, observed }: Marks,
  home: string,
  node: string,
  own: readonly Resident[],
): boolean | undefined {
  const { swarm } = observed;
  if (swarm === undefined) return undefined;
  // What a node's plugin has made up, it looks after itself for as long as it is there.
  if (made(home) !== undefined) return isReady(swarm, node) ? true : undefined;
  const identity = whose(home);
  const there = own.filter((each) => (each.node ?? node) === node);
  const elsewhere = there.filter((each) => isAtOtherHome(net, each, home));
  if (there.length > elsewhere.length) return true;
  const isService = [...swarm.services.values()].some(({ name }) => name === serviceOf(identity));
  if (!isService) return undefined;
  const tasks = swarm.tasks.filter((task) => mayRun(task) && identityOfTask(task, swarm.services) === identity);
  return tasks.filter((task) => nodeOfTask(task) === node).length > elsewhere.length;
}

function isReady({ nodes }: SwarmRecords, node: string | undefined): boolean {
  return node !== undefined && nodes.get(node)?.state === 'ready';
}

/** A made-up identity is nobody's when its node does not say otherwise: it is not given to anybody again. */
function* checkLeftover({ observed, where, node }: Marks, identity: string, address: string): Generator<Found> {
  const kind = made(identity);
  if (kind === undefined || observed.swarm === undefined) return;
  const owner = nodeOfMade(identity);
  if (owner !== node && isReady(observed.swarm, owner)) return; // its plugin may be starting again
  const message = `${address} is reserved for ${identity}, which no longer is`;
  yield {
    kind: 'leak',
    identity,
    address,
    message,
    mend: command('limpet reclaim', [identity], where),
  };
}

/** Addresses that were chosen for what runs at others: they are had from the next start on. */
export function* checkPins({ net }: Marks): Generator<Found> {
  for (const { identity: name, address } of net.list()) {
    const identity = waitsFor(name);
    if (identity === undefined) continue;
    const own = net.lookup(identity);
    const has = own === undefined ? '' : `, and has ${own.address} until it stops`;
    const message = `${identity} is pinned to ${address}${has}`;
    const service = serviceOf(identity);
    const mend =
      service === undefined
        ? command('docker restart', [identity])
        : command('docker service update --force', [service]);
    const isIdle = own === undefined || own.nodes.length === 0;
    yield { kind: 'waits', identity, address, message, ...(isIdle ? {} : { mend }) };
  }
}

/** Reserved bindings of services that the swarm does not have, one finding for each service. */
export function* checkOrphans({ net, observed, where }: Marks): Generator<Found> {
  if (observed.swarm === undefined) return;
  const names = new Set([...observed.swarm.services.values()].map(({ name }) => name));
  const counts = new Map<string, number>();
  const pinned = new Map<string, number>();
  for (const binding of net.list()) {
    const service = serviceOf(waitsFor(binding.identity) ?? binding.identity);
    if (binding.state !== 'reserved' || service === undefined || names.has(service)) continue;
    const kind = binding.pinned ? pinned : counts;
    kind.set(service, (kind.get(service) ?? 0) + 1);
  }
  for (const [service, count] of pinned) {
    const message = `${count} pinned for the tasks of ${service}, a service that no longer exists`;
    yield { kind: 'orphan', identity: service, message, mend: command('limpet unpin', [service], where) };
  }
  for (const [service, count] of counts) {
    const message = `${count} reserved for the tasks of ${service}, a service that no longer exists`;
    const mend = `limpet reclaim${option('service', service)}${where}`;
    yield { kind: 'orphan', identity: service, message, mend };
  }
}
