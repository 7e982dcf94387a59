// Live marks and bindings that have outlived their reason: marks where nothing runs, made-up identities that nobody is, and
// reserved addresses of services that are no more.

import { type Container, identityOf, identityOfTask } from '../../docker/index.js';
import { made } from '../../docker/made-up.js';
import type { SubnetService } from '../../service/index.js';
import { serviceOf } from '../bindings.js';
import { type Facts, isLive, nodeOf, type Seen, type SwarmFacts } from '../facts.js';
import { quoted } from './containers.js';
import type { Found } from './finding.js';

export interface Marks {
  readonly net: SubnetService;
  readonly facts: Facts;
  /** Everybody on the subnet's networks. */
  readonly seen: readonly Seen[];
  /** This node's ends of load balancers. */
  readonly ends: readonly string[];
  /** This node, as live marks have it. */
  readonly node: string;
  /** What tells the subnet from others, as options of a command. */
  readonly where: string;
  /** Live marks that cannot be judged from here are counted there. */
  readonly unjudged: (identity: string, node: string) => void;
}

export function* checkMarks(marks: Marks): Generator<Found> {
  const { net, where } = marks;
  for (const { identity, address, state } of net.list()) {
    if (state === 'reserved') {
      yield* checkLeftover(marks, identity, address);
      continue;
    }
    for (const node of net.lookup(identity)?.nodes ?? []) {
      const runs = node === marks.node ? runsHere(marks, identity, address) : runsThere(marks, identity, node);
      if (runs === undefined) marks.unjudged(identity, node);
      if (runs !== false) continue;
      const message = `${identity} (${address}) is live on ${node}, and does not run there`;
      const mend = `limpet release ${quoted(identity)} --node ${quoted(node)}${where}`;
      yield { kind: 'stale-live', identity, address, message, mend };
    }
  }
}

/** Undefined for what no list of Docker's shows: gateways, and addresses that a user has set aside. */
function runsHere({ facts, seen, ends }: Marks, identity: string, address: string): boolean | undefined {
  const kind = made(identity);
  if (kind === 'endpoint' && ends.includes(address)) return true;
  if (kind === 'endpoint' || kind === 'gateway') return undefined;
  if (kind !== undefined) return seen.some((each) => each.here && each.address === address);
  return facts.containers.some((container) => mayRun(container) && identityOf(container) === identity);
}

function mayRun({ state }: Container): boolean {
  return state !== 'exited' && state !== 'dead' && state !== 'removing';
}

/** As far as Swarm's tasks and the nodes' gossip tell; undefined when neither does. */
function runsThere({ facts, seen }: Marks, identity: string, node: string): boolean | undefined {
  const { swarm } = facts;
  if (swarm === undefined) return undefined;
  // What a node's plugin has made up, it looks after itself for as long as it is there.
  if (made(identity) !== undefined) return isReady(swarm, node) ? true : undefined;
  if (seen.some((each) => each.identity === identity && (each.node ?? node) === node)) return true;
  const isService = [...swarm.services.values()].some(({ name }) => name === serviceOf(identity));
  if (!isService) return undefined; // a plain container's name can look like a task's
  const tasks = swarm.tasks.filter((task) => isLive(task) && identityOfTask(task, swarm.services) === identity);
  return tasks.some((task) => nodeOf(facts, task) === node);
}

function isReady({ nodes }: SwarmFacts, node: string | undefined): boolean {
  return [...nodes.values()].some(({ hostname, state }) => hostname === node && state === 'ready');
}

/** A made-up identity is nobody's when its node does not say otherwise: it is not given to anybody again. */
function* checkLeftover({ net, facts, where, node }: Marks, identity: string, address: string): Generator<Found> {
  const kind = made(identity);
  if (kind === undefined || kind === 'gateway' || facts.swarm === undefined) return;
  const owner = /^@(?:endpoint|unnamed)\/(.+)\/[^/]+$/.exec(identity)?.[1];
  if (owner !== node && isReady(facts.swarm, owner)) return; // its plugin may be starting again
  const message = `${address} is reserved for ${identity}, which no longer is`;
  yield {
    kind: 'leak',
    identity,
    address,
    message,
    mend: `limpet reclaim ${quoted(identity)} --subnet ${net.cidr}${space(where)}`,
  };
}

/** Reserved bindings of services that the swarm does not have, one finding for each service. */
export function* checkOrphans({ net, facts, seen, where }: Marks): Generator<Found> {
  if (facts.swarm === undefined) return;
  const names = new Set([...facts.swarm.services.values()].map(({ name }) => name));
  const counts = new Map<string, number>();
  const plain = new Set([...seen.map(({ identity }) => identity), ...facts.containers.map(identityOf)]);
  for (const { identity, state } of net.list()) {
    const service = serviceOf(identity);
    if (state !== 'reserved' || service === undefined || made(identity) !== undefined) continue;
    if (!names.has(service) && !plain.has(identity)) counts.set(service, (counts.get(service) ?? 0) + 1);
  }
  for (const [service, count] of counts) {
    const message = `${count} reserved for the tasks of ${service}, a service that is not there`;
    yield { kind: 'orphan', identity: service, message, mend: `limpet reclaim --service ${quoted(service)}${where}` };
  }
}

function space(where: string): string {
  return / --space \S+/.exec(where)?.[0] ?? '';
}
