// `limpet import`: adopts the addresses that containers have now. On a network that Limpet serves it makes good what
// the store does not know; of any other network it reserves every address for a Limpet network that is to take its
// place.

import { fit, whyUnfit } from '../../docker/believed.js';
import { identityOfTask } from '../../docker/identities.js';
import { endpoint } from '../../docker/made-up.js';
import { chooseNetwork } from '../../docker/network-list.js';
import { isOurs } from '../../docker/networks.js';
import {
  addressesOfTask,
  nodeOfTask,
  type Observed,
  observe,
  type Resident,
  residentsOn,
  usesOf,
} from '../../docker/observed.js';
import type { Network } from '../../docker/shapes.js';
import { SWARM } from '../../docker/spaces.js';
import { isWanted, mayRun } from '../../docker/states.js';
import { parseCidr } from '../../host/address.js';
import { contains, within, withoutHostBits } from '../../host/cidr.js';
import { LimpetError } from '../../host/errors.js';
import type { SubnetService } from '../../service/index.js';
import { type PoolSettings, readPoolOptions } from '../../tickets/pool-options.js';
import { nameOfNode, type OperateEnvironment } from '../environment.js';
import { isServed, placesOf } from '../served.js';
import { type Lookable, planBindings, planHolds, type Step } from './plan.js';

export interface ImportOptions {
  /** By name or ID; every network that Limpet serves when absent. */
  readonly network?: string | undefined;
  /**
   * Where to: a Limpet network that is there, by name or ID, or the CIDR of one to come. Default: the network's own
   * CIDR.
   */
  readonly into?: string | undefined;
  /** Of a subnet that is to be made for a network to come: the `--ipam-opt limpet.*` that this one will have. */
  readonly ipamOptions?: Readonly<Record<string, string>> | undefined;
  readonly dryRun?: boolean | undefined;
}

export interface Imported {
  readonly dryRun: boolean;
  readonly networks: readonly {
    readonly network: string;
    /** `adopt`: Limpet serves it. `move`: its addresses are reserved for another one. */
    readonly mode: 'adopt' | 'move';
    readonly space: string;
    readonly subnet: string;
    readonly created: boolean;
  }[];
  readonly steps: readonly Step[];
}

interface Target {
  readonly network: Network;
  readonly mode: 'adopt' | 'move';
  /** The network's own CIDR. */
  readonly from: string;
  readonly cidr: string;
  readonly space: string;
  readonly settings: PoolSettings;
}

/**
 * Idempotent: what is there already stays. Nothing that is bound is moved: that is a conflict, told with what ends it.
 * @throws LimpetError NO_NETWORK, BAD_INPUT, OVERLAP, UNAVAILABLE
 */
export async function importAddresses(context: OperateEnvironment, options: ImportOptions): Promise<Imported> {
  const { dryRun = false } = options;
  await context.service.refresh(SWARM);
  const observed = await observe(context.docker);
  const networks: Imported['networks'][number][] = [];
  const steps: Step[] = [];
  for (const target of targets(context, observed, options)) {
    const { network, mode, cidr, space } = target;
    const there = context.service.find(cidr, space);
    if (there !== undefined && options.ipamOptions !== undefined) throw fixed(cidr, space);
    const planned = await plan(context, observed, target, there ?? notMadeYet(cidr));
    const worth = planned.some(({ outcome }) => outcome === 'add');
    networks.push({ network: network.name, mode, space, subnet: cidr, created: there === undefined && worth });
    if (dryRun || !worth) steps.push(...planned);
    else steps.push(...(await carryOut(context, there ?? (await make(context, target)), planned)));
  }
  return { dryRun, networks, steps };
}

function targets(
  context: OperateEnvironment,
  observed: Observed,
  { network, into, ipamOptions = {} }: ImportOptions,
): Target[] {
  const chosen =
    network === undefined
      ? observed.networks.filter((each) => isServed(context, each))
      : [named(observed.networks, network)];
  if (network === undefined && into !== undefined) {
    throw new LimpetError('BAD_INPUT', `--into ${into} needs the network that is to be imported`, { into });
  }
  const found = [...placesOf(context, chosen)].map(({ network, cidr, space }): Target => {
    const mode = isServed(context, network) ? 'adopt' : 'move';
    const { settings } = readPoolOptions(mode === 'adopt' ? network.ipamOptions : ipamOptions);
    return { network, mode, from: cidr, cidr, space, settings };
  });
  if (network !== undefined && found.length === 0) {
    throw new LimpetError('NO_NETWORK', `network ${network} has no subnet that could be imported`, { network });
  }
  return into === undefined ? found : found.map((target) => redirected(context, observed, target, into));
}

/** The same, going to another network's subnet, or to a subnet that another network is to have. */
function redirected(context: OperateEnvironment, observed: Observed, target: Target, into: string): Target {
  if (target.mode === 'adopt') {
    const why = `network ${target.network.name} is served by Limpet already: its addresses stay where they are`;
    throw new LimpetError('BAD_INPUT', why, { into });
  }
  if (into.includes('/')) return { ...target, cidr: parseCidr(withoutHostBits(into)).text };
  const other = named(observed.networks, into);
  if (!isServed(context, other)) {
    throw new LimpetError('BAD_INPUT', `network ${into} has the IPAM driver ${other.ipam}, not Limpet`, { into });
  }
  const version = (cidr: string) => (cidr.includes(':') ? 6 : 4);
  const match = [...placesOf(context, [other])].find(({ cidr }) => version(cidr) === version(target.from));
  if (match !== undefined) return { ...target, cidr: match.cidr, space: match.space };
  throw new LimpetError('BAD_INPUT', `network ${into} has no IPv${version(target.from)} subnet`, { into });
}

function named(networks: readonly Network[], nameOrId: string): Network {
  const found = chooseNetwork(networks, nameOrId);
  if (found !== undefined) return found;
  const names = networks.filter(({ subnets }) => subnets.length > 0).map(({ name }) => name);
  const message = `there is no network ${JSON.stringify(nameOrId)}; there are ${names.join(', ') || 'none'}`;
  throw new LimpetError('NO_NETWORK', message, { network: nameOrId });
}

function fixed(cidr: string, space: string): LimpetError {
  const message = `${cidr} is there already (space ${space}), and its options are fixed: leave --ipam-opt out`;
  return new LimpetError('BAD_INPUT', message, { subnet: cidr, space });
}

/** As the plugin would make it when Docker asks for the pool. */
function make({ service }: OperateEnvironment, { cidr, space, settings }: Target): Promise<SubnetService> {
  return service.subnet(cidr, { ...settings, space });
}

/** To plan with: a subnet of which nothing is taken. */
function notMadeYet(cidr: string): Lookable {
  return {
    cidr,
    lookup: () => undefined,
    inspect: (address) => {
      if (contains(cidr, address)) return { address, state: 'free' };
      throw new LimpetError('OUT_OF_RANGE', `${address} is not in ${cidr}`, { subnet: cidr, address });
    },
  };
}

async function plan(context: OperateEnvironment, observed: Observed, target: Target, net: Lookable): Promise<Step[]> {
  const { network, mode, from, space } = target;
  const node = context.nodeOf({ spec: { space } });
  const { residents, ends } = await residentsOn(context.docker, observed, network, from, node);
  if (mode === 'move') {
    const rest = isOurs(network) ? [] : recorded(observed, network, from, residents);
    const lost = isOurs(network) ? unseen(context, observed, net, network, residents) : [];
    return [...planBindings(context, net, [...residents, ...rest], 'reserved'), ...lost];
  }
  const holds = planHolds(net, usesOf(observed.swarm, network, from));
  const mine = ends.map((address) => endHere(node, address));
  const bindings = planBindings(context, net, [...residents, ...mine], 'live');
  return [...holds, ...bindings, ...unseen(context, observed, net, network, residents)];
}

/** On a network of Docker's own IPAM the task's record is the address that its container has, wherever that runs. */
function recorded(observed: Observed, network: Network, cidr: string, residents: readonly Resident[]): Resident[] {
  const known = new Set(residents.map(({ task }) => task?.id));
  return tasksOn(observed, network).flatMap((task): Resident[] => {
    const identity = identityOfTask(task, observed.swarm?.services ?? new Map());
    if (known.has(task.id) || identity === undefined || !isWanted(task)) return [];
    return addressesOfTask(task, network)
      .filter(within(cidr))
      .map((address) => {
        const container = `${identity}.${task.id}`;
        return { ...fit(identity), container, address, node: nodeOfTask(task), here: false, task };
      });
  });
}

/**
 * With another IPAM driver the record may be only a ticket: what is not seen, and not bound, another node must tell.
 */
function unseen(
  context: OperateEnvironment,
  observed: Observed,
  net: Lookable,
  network: Network,
  residents: readonly Resident[],
): Step[] {
  const known = new Set(residents.map(({ task }) => task?.id));
  return tasksOn(observed, network).flatMap((task): Step[] => {
    const identity = identityOfTask(task, observed.swarm?.services ?? new Map());
    const id = nodeOfTask(task);
    const node = id === undefined ? undefined : nameOfNode(context, id);
    if (known.has(task.id) || identity === undefined || node === undefined || task.state !== 'running') return [];
    const step = { subnet: net.cidr, address: '', what: 'binding', of: identity, node } as const;
    const unfit = whyUnfit(identity);
    if (unfit !== undefined) return [{ ...step, outcome: 'conflict', why: unfit }];
    if (net.lookup(identity) !== undefined) return [];
    const why = `runs on ${node}, and its address is not heard of here: run limpet import there`;
    return [{ ...step, outcome: 'unseen', why }];
  });
}

function tasksOn({ swarm }: Observed, network: Network) {
  return (swarm?.tasks ?? []).filter((task) => mayRun(task) && addressesOfTask(task, network).length > 0);
}

/** This node's end of the load balancer: bound to the name that the plugin has for it, as when Docker asks for it. */
function endHere(node: string, address: string): Resident {
  const identity = endpoint(node, address);
  return { identity, container: identity, address, node, here: true };
}

async function carryOut(context: OperateEnvironment, net: SubnetService, planned: readonly Step[]): Promise<Step[]> {
  const done: Step[] = [];
  for (const step of planned) done.push(step.outcome === 'add' ? await attempt(context, net, step) : step);
  return done;
}

/** What another process has done since it was planned is a conflict, and no reason to leave the rest undone. */
async function attempt(context: OperateEnvironment, net: SubnetService, step: Step): Promise<Step> {
  try {
    if (step.what === 'binding') await bind(context, net, step);
    else await net.hold(step.address);
    return step;
  } catch (error) {
    const away = error instanceof LimpetError && ['UNAVAILABLE', 'CONTENDED', 'ENDED', 'BROKEN'].includes(error.code);
    if (away || !(error instanceof LimpetError)) throw error;
    return { ...step, outcome: 'conflict', why: error.message };
  }
}

/** Live on this node when it runs here; else reserved, until the plugin where it runs marks it. */
async function bind({ nodeOf }: OperateEnvironment, net: SubnetService, { of, address, live }: Step): Promise<void> {
  const node = nodeOf(net);
  const given = await net.allocate(of, { node, ticket: address });
  if (given !== address) {
    const message = `${of} has been bound to ${given} meanwhile`;
    throw new LimpetError('BOUND_ELSEWHERE', message, { identity: of, address: given });
  }
  if (live === undefined) await net.release(of, node);
}
