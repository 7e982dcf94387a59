// What an operator can change by hand: end bindings (reclaim), live marks (release), holds (unhold). Owner-keyed except
// for the last: a held address has no owner that could be named.

import { serviceOf } from '../docker/identities.js';
import { count } from '../host/count.js';
import { LimpetError } from '../host/errors.js';
import type { Binding } from '../host/types.js';
import { parseDuration, type SubnetService } from '../service/index.js';
import { homesOf, restsSince } from '../service/second-homes.js';
import { isNode, namesOfNodes, type OperateEnvironment } from './environment.js';
import { onlyOne, type Selection, selectSubnets, subnetsWith } from './select.js';

export interface ReclaimOptions extends Selection {
  /** This one identity with both its homes, or every binding that the filters leave. */
  readonly identity?: string | undefined;
  readonly service?: string | undefined;
  /** As `7d`: reserved for at least this long, without its identity being live at another home. */
  readonly olderThan?: string | undefined;
  readonly dryRun?: boolean | undefined;
}

export interface Ended {
  readonly space: string;
  readonly subnet: string;
  readonly identity: string;
  readonly address: string;
  readonly releasedAt?: number;
}

export interface Reclaimed {
  readonly now: number;
  readonly dryRun: boolean;
  /** With `dryRun` what would be reclaimed. */
  readonly reclaimed: readonly Ended[];
  /** Chosen, but not reclaimed: `why` says the reason. */
  readonly refused: readonly (Ended & { readonly why: string })[];
}

/**
 * Reserved → free. One identity in every subnet that is selected, or all reserved bindings that the filters leave.
 * @throws LimpetError UNKNOWN (no such identity), LIVE (the identity runs), BAD_INPUT, and UNAVAILABLE after what was
 * done before it
 */
export async function reclaim(context: OperateEnvironment, options: ReclaimOptions): Promise<Reclaimed> {
  const { identity, dryRun = false } = options;
  if (identity !== undefined && (options.service ?? options.olderThan) !== undefined) {
    throw new LimpetError('BAD_INPUT', `name ${JSON.stringify(identity)} or filters, not both`, { identity });
  }
  const chosen = identity === undefined ? dueBindings(context, options) : bindingsOf(context, identity, options);
  const reclaimed: Ended[] = [];
  const refused: (Ended & { why: string })[] = [];
  for (const { net, binding } of chosen) {
    const row = endedRow(net, binding);
    try {
      if (dryRun) net.mayReclaim(binding.identity);
      else await net.reclaim(binding.identity);
      reclaimed.push(row);
    } catch (error) {
      // It is pinned, it came back to life, or another process reclaimed it, since it was chosen.
      const expected = error instanceof LimpetError && ['LIVE', 'PINNED', 'UNKNOWN'].includes(error.code);
      if (!expected) throw error;
      refused.push({ ...row, why: error.message });
    }
  }
  return { now: context.clock.now(), dryRun, reclaimed, refused };
}

export interface ReleaseOptions extends Selection {
  readonly identity: string;
  /** By name or ID. */
  readonly node: string;
}

/**
 * Ends the live mark of an identity on a node. `released` is empty when it was not live there.
 * @throws LimpetError UNKNOWN, UNAVAILABLE
 */
export async function release(
  context: OperateEnvironment,
  { identity, node, ...selection }: ReleaseOptions,
): Promise<{ readonly released: readonly Ended[] }> {
  const released: Ended[] = [];
  for (const { net, binding } of knownBindings(context, [identity], selection)) {
    const ids = net.lookup(identity)?.nodes.filter((id) => isNode(context, id, node)) ?? [];
    if (ids.length > 1) {
      const message = `${ids.length} nodes are named ${JSON.stringify(node)}; give one's ID: ${ids.join(', ')}`;
      throw new LimpetError('BAD_INPUT', message, { node, ids });
    }
    const [id] = ids;
    if (id !== undefined && (await net.release(identity, id))) released.push(endedRow(net, binding));
  }
  return { released };
}

export interface UnholdOptions extends Selection {
  readonly address: string;
}

/**
 * Ends a hold. False when the address was not held.
 * @throws LimpetError BAD_INPUT (no address, several subnets have it), OCCUPIED (a gateway), OUT_OF_RANGE, UNAVAILABLE
 */
export async function unhold(
  { service }: OperateEnvironment,
  { address, ...selection }: UnholdOptions,
): Promise<{ readonly space: string; readonly subnet: string; readonly address: string; readonly unheld: boolean }> {
  const net = onlyOne(subnetsWith(service, address, selection), address);
  const unheld = await net.unhold(address);
  return { space: net.spec.space, subnet: net.cidr, address: net.inspect(address).address, unheld };
}

export interface ForgetOptions {
  readonly subnet: string;
  readonly space?: string | undefined;
  readonly dryRun?: boolean | undefined;
}

/**
 * Removes a subnet with its reserved bindings, for a network that will not come again. A dry run is refused as the real
 * one would be.
 * @throws LimpetError LIVE (something runs in it, is pinned, or Swarm has addresses of it), UNKNOWN, UNAVAILABLE
 */
export async function forget(
  { service }: OperateEnvironment,
  { subnet, space, dryRun = false }: ForgetOptions,
): Promise<{ readonly space: string; readonly subnet: string; readonly bindings: number }> {
  const net = onlyOne(selectSubnets(service, { subnet, space }), subnet);
  const { cidr, spec } = net;
  const { reserved } = net.stats;
  const refusal = inUse(net); // what it is now: afterwards it may have ended
  if (dryRun ? net.isNeeded : (await service.removeUnused(cidr, spec.space)) === 'in-use') throw refusal;
  return { space: spec.space, subnet: cidr, bindings: reserved };
}

/** Why a subnet cannot go, and what ends that. Its gateway is held for as long as it is there, and no reason. */
function inUse(net: SubnetService): LimpetError<'LIVE'> {
  const { cidr, spec, users } = net;
  const { live, pinned } = net.stats;
  const tickets = [...net.list()].filter(({ address }) => net.isHeld(address));
  const held = [...net.held()].filter((address) => address !== spec.gateway).length + tickets.length;
  const network = [
    ...(users.length === 0 ? [] : [`networks of ${users.join(' and ')}`]),
    ...(live === 0 ? [] : [count(live, 'live binding')]),
    ...(held === 0 ? [] : [count(held, 'held address', 'held addresses')]),
  ];
  const pins = pinned === 0 ? [] : [count(pinned, 'pinned address', 'pinned addresses')];
  const mend = [
    ...(network.length === 0 ? [] : ['remove its network']),
    ...(pinned === 0 ? [] : ['end its pins with limpet unpin']),
  ];
  const [why, hint] = [[...network, ...pins].join(', '), mend.join(' and ')];
  const message = why === '' ? 'an address of it is being asked for; try again' : `${why}; ${hint} first`;
  return new LimpetError('LIVE', `${cidr} is in use: ${message}`, { subnet: cidr, live, held, pinned, users });
}

type Chosen = { readonly net: SubnetService; readonly binding: Binding };

/** @throws LimpetError LIVE when it runs somewhere: nothing is reclaimed then, in no subnet */
function bindingsOf(context: OperateEnvironment, identity: string, selection: Selection): Chosen[] {
  const found = knownBindings(context, homesOf(identity), selection);
  const live = found.find(({ binding }) => binding.state === 'live');
  if (live === undefined) return found;
  const { nodes } = live.net.lookup(live.binding.identity) ?? { nodes: [] };
  const message =
    `${JSON.stringify(identity)} is live on ${namesOfNodes(context, nodes)}: only what does not run can be ` +
    'reclaimed';
  throw new LimpetError('LIVE', message, { identity, subnet: live.net.cidr, nodes });
}

function knownBindings({ service }: OperateEnvironment, homes: readonly string[], selection: Selection): Chosen[] {
  const found = selectSubnets(service, selection).flatMap((net) =>
    homes.flatMap((home) => {
      const binding = net.lookup(home);
      return binding === undefined ? [] : [{ net, binding }];
    }),
  );
  if (found.length > 0) return found;
  const [identity] = homes;
  const message = `${JSON.stringify(identity)} has no address in ${selection.subnet ?? 'any subnet'}`;
  throw new LimpetError('UNKNOWN', message, { identity });
}

function dueBindings({ service, clock }: OperateEnvironment, options: ReclaimOptions): Chosen[] {
  if ((options.service ?? options.olderThan) === undefined) {
    throw new LimpetError('BAD_INPUT', 'say what to reclaim: an identity, a service, or an age', {});
  }
  const age = options.olderThan === undefined ? 0 : ageOf(options.olderThan);
  const before = clock.now() - age;
  return selectSubnets(service, options).flatMap((net) => {
    return [...net.list()]
      .filter((binding) => {
        // By age a home that waits for the next turn of an identity that runs is not old: by name it is chosen.
        const since = options.olderThan === undefined ? binding.releasedAt : restsSince(net, binding);
        if (since === undefined || since > before) return false;
        return options.service === undefined || serviceOf(binding.identity) === options.service;
      })
      .map((binding) => ({ net, binding }));
  });
}

function ageOf(text: string): number {
  const age = parseDuration(text);
  if (age !== undefined) return age;
  throw new LimpetError('BAD_INPUT', `${JSON.stringify(text)} is not a valid duration: write 90s, 10m, 24h or 7d`, {
    value: text,
  });
}

function endedRow({ spec }: SubnetService, { identity, address, releasedAt }: Binding): Ended {
  const row = { space: spec.space, subnet: spec.cidr, identity, address };
  return releasedAt === undefined ? row : { ...row, releasedAt };
}
