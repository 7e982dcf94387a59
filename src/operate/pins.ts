// `limpet pin` and `limpet unpin`: a person chooses the address of one identity, or those of a service's slots. All of
// it is looked at before anything is changed.

import { whyUnfit } from '../docker/believed.js';
import { Chosen } from '../docker/chosen.js';
import { secondHomeOf, serviceOf } from '../docker/identities.js';
import { count } from '../host/count.js';
import { LimpetError } from '../host/errors.js';
import { type SubnetService, waitsFor } from '../service/index.js';
import { isSecondHome, whose } from '../service/second-homes.js';
import { isNode, type OperateEnvironment } from './environment.js';
import { identitiesFor } from './meant.js';
import { addressIn, onlyOne, type Selection, selectSubnets, subnetsWith } from './select.js';

export interface PinOptions extends Selection {
  /** An identity, or a service; of a service on every node `service.node`, with the node's name or ID. */
  readonly who: string;
  /** One address, a list or a range: for a service's slots 1 and on. Absent: the first homes stay as they are. */
  readonly addresses?: string | undefined;
  /** The same of their second homes. */
  readonly second?: string | undefined;
}

export interface PinRow {
  readonly space: string;
  readonly subnet: string;
  readonly identity: string;
  /** It is the identity's second home; absent of its first one. */
  readonly home?: 'second';
  readonly address: string;
  /** The address that it has until it stops, where that is another one. */
  readonly until?: string;
}

export interface PinAnswer {
  readonly pinned: readonly PinRow[];
  /** What an operator should know: tasks for which there was no address. */
  readonly warnings: readonly string[];
}

/** Addresses of one subnet, in turn. */
interface Wanted {
  readonly net: SubnetService;
  readonly addresses: readonly string[];
}

/**
 * Pins one address to one identity, or one to each slot of a service, and the same of their second homes. Nothing is
 * changed when one of them cannot be.
 * @throws LimpetError BAD_INPUT, OUT_OF_RANGE, EXCLUDED, OCCUPIED (`details.owner`), UNAVAILABLE
 */
export async function pin(environment: OperateEnvironment, options: PinOptions): Promise<PinAnswer> {
  const { who, addresses, second, ...selection } = options;
  const [homes, seconds] = [addresses, second].map((text) => text && wantedBy(environment, text, selection)) as (
    | Wanted
    | undefined
  )[];
  const { net, addresses: some } = oneOf(homes, seconds, who);
  const identities = await identitiesFor(environment, net, who, some.length);
  const unfit = identities.find((identity) => whyUnfit(identity) !== undefined);
  if (unfit !== undefined) throw bad(whyUnfit(unfit) as string, unfit);
  const pairs = [
    ...(homes?.addresses ?? []).map((address, n) => ({ name: identities[n] as string, address })),
    ...(seconds?.addresses ?? []).map((address, n) => ({ name: secondOf(identities[n] as string), address })),
  ];
  const twice = pairs.find(({ address }, n) => pairs.findIndex((each) => each.address === address) < n)?.address;
  if (twice !== undefined) throw bad(`${twice} cannot be both homes of ${who}`, twice);
  for (const { name, address } of pairs) net.mayPin(name, address);
  const pinned = await Promise.all(
    pairs.map(async ({ name, address }): Promise<PinRow> => {
      const { waits } = await net.pin(name, address);
      const until = waits ? net.lookup(name)?.address : undefined;
      return { ...rowOf(net, name, address), ...(until === undefined ? {} : { until }) };
    }),
  );
  return { pinned, warnings: beyond(net, who, some.length) };
}

/** @throws LimpetError BAD_INPUT, OUT_OF_RANGE */
function wantedBy({ service }: OperateEnvironment, text: string, selection: Selection): Wanted {
  const chosen = new Chosen(text);
  const version = addressIn(chosen.at(1, 4) ?? '') ?? 6;
  const [addresses, others] = [chosen.all(version), chosen.count(version === 4 ? 6 : 4)];
  if (others > 0) throw bad(`${text} has addresses of IPv4 and of IPv6: pin them one after the other`, text);
  const first = addresses[0] as string;
  return { net: onlyOne(subnetsWith(service, first, selection), first), addresses };
}

/**
 * That of the first homes; the second ones have to be as many, and in the same subnet. @throws LimpetError BAD_INPUT
 */
function oneOf(homes: Wanted | undefined, seconds: Wanted | undefined, who: string): Wanted {
  const one = homes ?? seconds;
  if (one === undefined) throw bad(`no address is named for ${who}: write limpet pin ${who} ADDRESS`, who);
  if (homes === undefined || seconds === undefined) return one;
  const [first, second] = [homes, seconds].map(({ addresses }) => addresses.length);
  if (first !== second)
    throw bad(
      `${count(first as number, 'address is', 'addresses are')} named for ${who}, and ${second} for second homes`,
      who,
    );
  const subnets = [homes, seconds].map(({ net }) => net.cidr);
  if (homes.net === seconds.net) return one;
  throw bad(`the two homes of ${who} are to be in one subnet, not in ${subnets.join(' and ')}`, who);
}

/** @throws LimpetError BAD_INPUT for what has none */
function secondOf(identity: string): string {
  const name = secondHomeOf(identity);
  if (name !== undefined) return name;
  throw bad(`${identity} has no second home: only tasks of services have one, with start-first`, identity);
}

function rowOf({ spec: { space, cidr: subnet } }: SubnetService, name: string, address: string): PinRow {
  const home = isSecondHome(name) ? ({ home: 'second' } as const) : {};
  return { space, subnet, identity: whose(name), ...home, address };
}

export interface UnpinOptions extends Selection {
  /** An identity, or a service: all that are pinned of its tasks, at both of their homes. */
  readonly who: string;
}

/**
 * Ends pins. The addresses stay with their identities, and can be reclaimed again.
 * @throws LimpetError UNKNOWN when nothing of that name is pinned, UNAVAILABLE
 */
export async function unpin(
  environment: OperateEnvironment,
  { who, ...selection }: UnpinOptions,
): Promise<{ readonly unpinned: readonly PinRow[] }> {
  const named = atNode(environment, who);
  const found = selectSubnets(environment.service, selection).flatMap((net) => {
    const all = pinnedIn(net);
    const own = all.filter(({ row }) => named.includes(row.identity));
    return own.length > 0 ? own : all.filter(({ row }) => serviceOf(row.identity) === who);
  });
  if (found.length === 0) throw new LimpetError('UNKNOWN', `nothing is pinned for ${JSON.stringify(who)}`, {});
  await Promise.all(found.map(({ net, name }) => net.unpin(name)));
  return { unpinned: found.map(({ row }) => row) };
}

interface PinnedHome {
  readonly net: SubnetService;
  /** Of the home's binding. */
  readonly name: string;
  readonly row: PinRow;
}

function pinnedIn(net: SubnetService): PinnedHome[] {
  const all = [...net.list()].filter(({ pinned }) => pinned);
  return all.map(({ identity, address }) => {
    const name = waitsFor(identity) ?? identity;
    return { net, name, row: rowOf(net, name, address) };
  });
}

/** The identity that is meant, and the same where its last part is the name of a node. */
function atNode(environment: OperateEnvironment, who: string): string[] {
  const found = new Set([who]);
  for (const net of environment.service.subnets()) {
    for (const { identity } of net.list()) {
      const name = whose(waitsFor(identity) ?? identity);
      const service = serviceOf(name);
      if (service !== undefined && isAt(environment, who, service, name.slice(service.length + 1))) found.add(name);
    }
  }
  return [...found];
}

/** Whether somebody means the task of that service on that node. */
function isAt(environment: OperateEnvironment, who: string, service: string, node: string): boolean {
  return who.startsWith(`${service}.`) && isNode(environment, node, who.slice(service.length + 1));
}

/** Slots of the service that are known, and for which no address is named. */
function beyond(net: SubnetService, who: string, named: number): string[] {
  const slots = [...net.list()].flatMap(({ identity }) => {
    const isOfIt = serviceOf(identity) === who && !isSecondHome(identity);
    const slot = isOfIt ? Number(identity.slice(who.length + 1)) : Number.NaN;
    return slot > named ? [slot] : [];
  });
  if (slots.length === 0) return [];
  const which = slots.sort((a, b) => a - b).map((slot) => `${who}.${slot}`);
  const shown = which.slice(0, 5).join(', ') + (which.length > 5 ? ' …' : '');
  return [
    `${count(named, 'address', 'addresses')} for ${who}, which has more tasks: ${shown} keep theirs, or get free ones`,
  ];
}

function bad(message: string, value: string): LimpetError {
  return new LimpetError('BAD_INPUT', message, { value });
}
