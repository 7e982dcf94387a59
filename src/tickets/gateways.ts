// The gateway of a subnet. It is one of the subnet's settings, and so held for as long as the subnet is there: whoever
// asks for it again gets it, and nobody else does, whatever Docker lists and however long a plugin was away.

import { formatAddress, parseCidr, parseRange } from '../host/address.js';
import { LimpetError } from '../host/errors.js';
import { edges } from '../host/plan.js';
import { type CallOptions, type SubnetService, waitsFor } from '../service/index.js';
import { isSecondHome, whose } from '../service/second-homes.js';
import type { Environment, Wanted } from './environment.js';

/** Against other hosts that make a network on the same subnet. */
const ATTEMPTS = 16;

/**
 * The gateway as asked for, else the one that the subnet has, else the first address of the range that is free.
 * @throws LimpetError OCCUPIED naming the owner, EXCLUDED for the network and broadcast address, FULL
 */
export async function gatewayFor(environment: Environment, net: SubnetService, wanted: Wanted): Promise<string> {
  for (let n = 1; ; n++) {
    try {
      return await attempt(environment, net, wanted);
    } catch (error) {
      // Hosts that share a subnet can make a network each at the same moment: one of them was faster.
      if (n === ATTEMPTS || !(error instanceof LimpetError) || error.code !== 'CONTENDED') throw error;
    }
  }
}

async function attempt(
  environment: Environment,
  net: SubnetService,
  { address: asked, range, deadline }: Wanted,
): Promise<string> {
  const { gateway } = net.spec;
  if (asked === undefined) return gateway ?? makeGateway(environment, net, firstFree(net, range), { deadline });
  if (asked === gateway) return asked;
  const { state, identity } = net.inspect(asked);
  if (identity !== undefined) throw occupied(environment, net, asked, identity);
  if (state === 'held') return asked; // said again
  if (isEdge(net.cidr, asked)) throw edge(net, asked);
  if (state === 'excluded') return asked; // nobody is given it
  const isOnlyNetwork = net.users.length <= 1;
  if (gateway === undefined || isOnlyNetwork) return makeGateway(environment, net, asked, { deadline });
  return net.hold(asked, { deadline }); // hosts that share a subnet can have a gateway each
}

async function makeGateway(
  { service }: Environment,
  net: SubnetService,
  gateway: string,
  options: CallOptions,
): Promise<string> {
  const from = net.spec;
  const { cidr, ...settings } = from;
  await service().change(cidr, { ...settings, gateway }, { ...options, from });
  return gateway;
}

function firstFree(net: SubnetService, range: string | undefined): string {
  const { version, base, size } = parseCidr(net.cidr);
  const [first, last] = range === undefined ? [base, base + size - 1n] : parseRange(range, version);
  // The one address of a /32 is its gateway; from a /30 on the first address is the network's own.
  for (let at = first; at <= last; at++) {
    const address = formatAddress(at, version);
    if (net.inspect(address).state === 'free') return address;
  }
  throw new LimpetError('FULL', `${net.cidr} has no free address for a gateway`, { subnet: net.cidr });
}

/** Whether it is the network address or the IPv4 broadcast address. */
function isEdge(text: string, address: string): boolean {
  const cidr = parseCidr(text);
  return edges(cidr).some(([each]) => formatAddress(each, cidr.version) === address);
}

function edge(net: SubnetService, address: string): LimpetError {
  const message = `${address} cannot be the gateway: it is the network or broadcast address of ${net.cidr}`;
  return new LimpetError('EXCLUDED', message, { subnet: net.cidr, address });
}

/** The refusal of an address that nobody is given. */
export function excluded(net: SubnetService, address: string): LimpetError {
  const message = `${address} of ${net.cidr} is excluded: no container can have it`;
  return new LimpetError('EXCLUDED', message, { subnet: net.cidr, address });
}

/** The refusal of a user's wish for another address than was chosen for it. */
export function pinned(net: SubnetService, identity: string, address: string): LimpetError {
  const message = `${identity} is pinned to ${address} of ${net.cidr}: ask for that one, or unpin it`;
  return new LimpetError('PINNED', message, { subnet: net.cidr, identity, address });
}

/** The refusal of a gateway or an auxiliary address. */
export function heldByNetwork(net: SubnetService, address: string): LimpetError {
  const why = 'is held by its network, as gateway or auxiliary address';
  const message = `Address already in use: ${address} of ${net.cidr} ${why}`;
  return new LimpetError('OCCUPIED', message, { subnet: net.cidr, address });
}

/**
 * The refusal of an address that is somebody's, with the owner's name and where it runs. @param name of the owner's
 * binding
 */
export function occupied({ service }: Environment, net: SubnetService, address: string, name: string): LimpetError {
  const nodes = (net.lookup(name)?.nodes ?? []).map((id) => service().nodeName(id) ?? id);
  const waits = waitsFor(name);
  const where = waits === undefined ? 'reserved' : 'pinned';
  const how = nodes.length === 0 ? where : `live on ${nodes.join(' and ')}`;
  const home = waits ?? name;
  const owner = `${whose(home)} (${isSecondHome(home) ? 'its second home, ' : ''}${how})`;
  return new LimpetError('OCCUPIED', `Address already in use: ${address} of ${net.cidr} belongs to ${owner}`, {
    subnet: net.cidr,
    address,
    owner,
  });
}
