// What an import would do, worked out before anything is done: which bindings and holds there are to be, which are
// there already, and which cannot be. Looks only; carrying it out is import.ts's affair.

import { secondHomeOf } from '../../docker/identities.js';
import { made } from '../../docker/made-up.js';
import type { Resident, Use } from '../../docker/observed.js';
import { isWanted } from '../../docker/states.js';
import { LimpetError } from '../../host/errors.js';
import type { Inspection } from '../../host/subnet.js';
import { homeAt, homeText } from '../../service/second-homes.js';
import { command } from '../command.js';
import { nameOfNode, type OperateEnvironment } from '../environment.js';

/** What is looked at of the subnet: a SubnetService, or a subnet that is not made yet. */
export interface Lookable {
  readonly cidr: string;
  lookup(identity: string): { readonly address: string; readonly nodes: readonly string[] } | undefined;
  inspect(address: string): Inspection;
}

export interface Step {
  readonly subnet: string;
  readonly address: string;
  readonly what: 'binding' | Use['kind'];
  /** Of a binding the identity, of a hold what Swarm has it for. */
  readonly of: string;
  /** Where the container runs, by name. */
  readonly node?: string;
  /** `add`: to be done. `there`: done already. `conflict` and `unseen`: cannot be done, `why` says the reason. */
  readonly outcome: 'add' | 'there' | 'conflict' | 'unseen';
  readonly why?: string;
  /** The container runs on this node, on a network of Limpet: it is to be live. */
  readonly live?: true;
}

/**
 * Of several claims of one home, or on one address, the first that is wanted and newest; the rest are told. Where two
 * of an identity run now, one is at its second home.
 */
export function planBindings(
  context: OperateEnvironment,
  net: Lookable,
  claims: readonly Resident[],
  marks: 'live' | 'reserved',
): Step[] {
  const byHome = new Map<string, Resident>();
  const byAddress = new Map<string, Resident>();
  const steps: Step[] = [];
  const sorted = [...claims].sort(compare);
  const homes = marks === 'live' ? homesFor(net, sorted) : new Map<Resident, string>();
  for (const claim of sorted) {
    const { identity, address, doubt } = claim;
    const home = homes.get(claim) ?? identity;
    // Nobody but the plugin makes names up, and where nobody can tell which is the task, it is none of them.
    if (doubt !== undefined && (doubt.kind === 'unfit' || claim.task !== undefined)) {
      steps.push(conflict(context, net, { ...claim, identity: claim.container }, doubt.why));
      continue;
    }
    const own = byHome.get(home);
    if (own !== undefined && own.address !== address) continue; // an update under way: the newer task is it
    const other = byAddress.get(address);
    if (own === undefined) byHome.set(home, claim);
    if (other === undefined) byAddress.set(address, claim);
    if (own !== undefined) continue;
    steps.push(
      other === undefined
        ? planOne(context, net, { ...claim, identity: home }, marks)
        : conflict(context, net, claim, `${other.identity} runs at it too`),
    );
  }
  return steps.sort((a, b) => byText(a.of, b.of));
}

/** Which of its identity's homes each is at: the one it is bound to, else the first one that nobody claims. */
function homesFor(net: Lookable, claims: readonly Resident[]): Map<Resident, string> {
  const homes = new Map<Resident, string>();
  const taken = new Set<string>();
  for (const claim of claims) {
    const home = homeAt(net, claim.identity, claim.address);
    if (home === undefined) continue;
    homes.set(claim, home);
    taken.add(home);
  }
  for (const claim of claims) {
    if (homes.has(claim)) continue;
    const { identity } = claim;
    const home = taken.has(identity) ? (secondHomeOf(identity) ?? identity) : identity;
    homes.set(claim, home);
    taken.add(home);
  }
  return homes;
}

export function planHolds(net: Lookable, uses: readonly Use[]): Step[] {
  const seen = new Set<string>();
  return uses.flatMap(({ address, kind, of }): Step[] => {
    if (seen.has(address)) return [];
    seen.add(address);
    const step = { subnet: net.cidr, address, what: kind, of };
    const state = stateOf(net, address);
    if (typeof state !== 'string') return [{ ...step, outcome: 'conflict', why: state.why }];
    return [{ ...step, outcome: state === 'free' ? 'add' : 'there' }];
  });
}

function planOne(context: OperateEnvironment, net: Lookable, claim: Resident, marks: 'live' | 'reserved'): Step {
  const { identity, address, node, here } = claim;
  const step = { ...stepOf(context, net, claim), ...(here && marks === 'live' ? { live: true as const } : {}) };
  const binding = net.lookup(identity);
  if (binding?.address === address) {
    const isDone = step.live === undefined || (node !== undefined && binding.nodes.includes(node));
    return { ...step, outcome: isDone ? 'there' : 'add' };
  }
  const state = stateOf(net, address);
  if (typeof state !== 'string') return conflict(context, net, claim, state.why);
  const owner = net.inspect(address).identity;
  if (owner !== undefined && made(owner) !== undefined)
    return conflict(context, net, claim, `it runs there as a guest (${owner})`);
  if (owner !== undefined)
    return conflict(
      context,
      net,
      claim,
      `it is bound to ${homeText(owner)}; ${command('limpet reclaim', [owner])} ends that`,
    );
  if (binding !== undefined) {
    const mend = command('limpet reclaim', [identity]);
    const why = `${homeText(identity)} is bound to ${binding.address}; ${mend} ends that`;
    return conflict(context, net, claim, why);
  }
  if (state === 'excluded') return conflict(context, net, claim, `${net.cidr} excludes it`);
  return { ...step, outcome: 'add' };
}

function conflict(context: OperateEnvironment, net: Lookable, claim: Resident, why: string): Step {
  return { ...stepOf(context, net, claim), outcome: 'conflict', why };
}

function stepOf(context: OperateEnvironment, net: Lookable, { identity, address, node }: Resident) {
  const where = node === undefined ? {} : { node: nameOfNode(context, node) };
  return { subnet: net.cidr, address, what: 'binding' as const, of: identity, ...where };
}

function stateOf(net: Lookable, address: string): Inspection['state'] | { readonly why: string } {
  try {
    return net.inspect(address).state;
  } catch (error) {
    if (error instanceof LimpetError) return { why: error.message };
    throw error;
  }
}

/** Those that Swarm wants to run first, then the newest; then by name, so that the order of the list says nothing. */
function compare(a: Resident, b: Resident): number {
  const wanted = ({ task }: Resident) => Number(task === undefined || isWanted(task));
  const version = ({ task }: Resident) => task?.version ?? 0;
  return wanted(b) - wanted(a) || version(b) - version(a) || byText(a.container, b.container);
}

function byText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
