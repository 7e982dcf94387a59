// `limpet pin` and `limpet unpin`: a person chooses the address of one identity, or those of a service's slots. All of
// it is looked at before anything is changed.

import { whyUnfit } from '../docker/believed.js';
import { Chosen } from '../docker/chosen.js';
import { serviceOf } from '../docker/identities.js';
import type { Service } from '../docker/shapes.js';
import { LimpetError } from '../host/errors.js';
import { type SubnetService, waitsFor } from '../service/index.js';
import { isNode, nameOfNode, type OperateEnvironment } from './environment.js';
import { addressIn, onlyOne, type Selection, selectSubnets, subnetsWith } from './select.js';

export interface PinOptions extends Selection {
  /** An identity, or a service; of a service on every node `service.node`, with the node's name or ID. */
  readonly who: string;
  /** One address, a list or a range: for a service's slots 1 and on. */
  readonly addresses: string;
}

export interface PinRow {
  readonly space: string;
  readonly subnet: string;
  readonly identity: string;
  readonly address: string;
  /** The address that it has until it stops, where that is another one. */
  readonly until?: string;
}

export interface PinAnswer {
  readonly pinned: readonly PinRow[];
  /** What an operator should know: tasks for which there was no address. */
  readonly warnings: readonly string[];
}

/**
 * Pins one address to one identity, or one to each slot of a service. Nothing is changed when one of them cannot be.
 * @throws LimpetError BAD_INPUT, OUT_OF_RANGE, EXCLUDED, OCCUPIED (`details.owner`), UNAVAILABLE
 */
export async function pin(environment: OperateEnvironment, options: PinOptions): Promise<PinAnswer> {
  const { who, addresses, ...selection } = options;
  const chosen = new Chosen(addresses);
  const version = addressIn(chosen.at(1, 4) ?? '') ?? 6;
  const [all, others] = [chosen.all(version), chosen.count(version === 4 ? 6 : 4)];
  if (others > 0) throw bad(`${addresses} has addresses of IPv4 and of IPv6: pin them one after the other`, addresses);
  const net = onlyOne(subnetsWith(environment.service, all[0] as string, selection), all[0] as string);
  const identities = await identitiesFor(environment, net, who, all.length);
  const pairs = identities.map((identity, n) => ({ identity, address: all[n] as string }));
  for (const { identity, address } of pairs) {
    const why = whyUnfit(identity);
    if (why !== undefined) throw bad(why, identity);
    net.mayPin(identity, address);
  }
  const { space, cidr: subnet } = net.spec;
  const pinned = await Promise.all(
    pairs.map(async ({ identity, address }): Promise<PinRow> => {
      const { waits } = await net.pin(identity, address);
      const until = waits ? net.lookup(identity)?.address : undefined;
      return { space, subnet, identity, address, ...(until === undefined ? {} : { until }) };
    }),
  );
  return { pinned, warnings: beyond(net, who, all.length) };
}

export interface UnpinOptions extends Selection {
  /** An identity, or a service: all that are pinned of its tasks. */
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
    const own = all.filter(({ identity }) => named.includes(identity));
    const rows = own.length > 0 ? own : all.filter(({ identity }) => serviceOf(identity) === who);
    return rows.map((row) => ({ net, row }));
  });
  if (found.length === 0) throw new LimpetError('UNKNOWN', `nothing is pinned for ${JSON.stringify(who)}`, {});
  await Promise.all(found.map(({ net, row }) => net.unpin(row.identity)));
  return { unpinned: found.map(({ row }) => row) };
}

function pinnedIn(net: SubnetService): PinRow[] {
  const { space, cidr: subnet } = net.spec;
  return [...net.list()]
    .filter(({ pinned }) => pinned)
    .map(({ identity, address }) => ({ space, subnet, identity: waitsFor(identity) ?? identity, address }));
}

/** The identity that is meant, and the same where its last part is the name of a node. */
function atNode(environment: OperateEnvironment, who: string): string[] {
  const found = new Set([who]);
  for (const net of environment.service.subnets()) {
    for (const { identity } of net.list()) {
      const name = waitsFor(identity) ?? identity;
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

/** Whose the addresses are to be, in turn. @throws LimpetError BAD_INPUT when there are not as many as addresses */
async function identitiesFor(
  environment: OperateEnvironment,
  net: SubnetService,
  who: string,
  count: number,
): Promise<string[]> {
  const services = await servicesOf(environment);
  const slots = () => Array.from({ length: count }, (_, n) => `${who}.${n + 1}`);
  const service = services.find(({ name }) => name === who);
  if (service?.mode === 'global') {
    throw bad(`${who} has a task on every node: pin them by node, as in limpet pin ${who}.NODE ADDRESS`, who);
  }
  if (service !== undefined) return slots();
  const one = await taskOnNode(environment, services, who);
  if (one !== undefined || serviceOf(who) !== undefined) {
    if (count > 1) throw bad(`${who} is one task, and ${count} addresses are named`, who);
    return [one ?? who];
  }
  const isService = [...net.list()].some(({ identity }) => serviceOf(identity) === who);
  return count > 1 || isService ? slots() : [who];
}

/** `agent.NODE` of a service with a task on every node, as the identity that it is. */
async function taskOnNode(
  { docker, service: allocator }: OperateEnvironment,
  services: readonly Service[],
  who: string,
): Promise<string | undefined> {
  const service = services.find(({ name, mode }) => mode === 'global' && who.startsWith(`${name}.`));
  if (service === undefined) return undefined;
  const meant = who.slice(service.name.length + 1);
  const nodes = await docker.nodes();
  const found = nodes.filter(({ id, hostname }) => id === meant || hostname === meant);
  const [node, ...more] = found;
  if (node !== undefined && more.length === 0) return `${service.name}.${node.id}`;
  const names = nodes.map(({ id }) => nameOfNode({ service: allocator }, id)).join(', ');
  if (node === undefined) throw bad(`there is no node ${JSON.stringify(meant)}; there are ${names}`, meant);
  const ids = found.map(({ id }) => id).join(', ');
  throw bad(`${found.length} nodes are named ${JSON.stringify(meant)}; give one's ID: ${ids}`, meant);
}

/** Only a manager can say; elsewhere a service is known by its tasks. */
async function servicesOf({ docker }: OperateEnvironment): Promise<readonly Service[]> {
  try {
    return (await docker.info()).swarm.manager ? await docker.services() : [];
  } catch (error) {
    if (error instanceof LimpetError && error.code === 'UNAVAILABLE') return [];
    throw error;
  }
}

/** Slots of the service that are known, and for which no address is named. */
function beyond(net: SubnetService, who: string, count: number): string[] {
  const slots = [...net.list()].flatMap(({ identity }) => {
    const slot = serviceOf(identity) === who ? Number(identity.slice(who.length + 1)) : Number.NaN;
    return slot > count ? [slot] : [];
  });
  if (slots.length === 0) return [];
  const which = slots.sort((a, b) => a - b).map((slot) => `${who}.${slot}`);
  const shown = which.slice(0, 5).join(', ') + (which.length > 5 ? ' …' : '');
  return [`${count} addresses for ${who}, which has more tasks: ${shown} keep theirs, or get free ones`];
}

function bad(message: string, value: string): LimpetError {
  return new LimpetError('BAD_INPUT', message, { value });
}
