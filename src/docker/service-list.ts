// The answer of Docker's GET /services: which name and mode stand behind a task's ServiceID.

import { within, withoutPrefix } from '../host/cidr.js';
import { LimpetError } from '../host/errors.js';
import { describe, dig, isObject, isUnset } from '../host/json.js';
import type { Subnet } from '../host/subnet.js';
import { otherKind } from './kinds.js';
import { whatItSays } from './message.js';

export type ServiceMode = 'replicated' | 'replicated job' | 'global';

export interface ServiceName {
  readonly name: string;
  /** `global`: one task a node, named by its node; a global job counts as that. */
  readonly mode: ServiceMode;
}

/**
 * The services by ID.
 * @throws LimpetError BAD_INPUT naming the entry and field of the wrong shape, or an ID or name that is there twice:
 * two services of one name would share their tasks' identities.
 */
export function readServices(services: unknown): ReadonlyMap<string, ServiceName> {
  const byId = new Map<string, ServiceName>();
  const idOfName = new Map<string, string>();
  for (const [index, service] of listOf(services).entries()) {
    const at = `services[${index}]`;
    if (!isObject(service)) throw bad(`${at} must be a service, not ${describe(service)}`);
    const id = textAt(service.ID, `${at}.ID`);
    const name = textAt(dig(service, 'Spec', 'Name'), `${at}.Spec.Name`);
    if (byId.has(id)) throw bad(`${at}: service ID ${describe(id)} is there twice`);
    const other = idOfName.get(name);
    if (other !== undefined) throw bad(`two services are named ${describe(name)}: ${other} and ${id}`);
    byId.set(id, { name, mode: modeOf(dig(service, 'Spec', 'Mode'), `${at}.Spec.Mode`) });
    idOfName.set(name, id);
  }
  return byId;
}

/** The virtual IPs that services have on a network, by its ID, without prefix length; nobody's task gets these. */
export function virtualAddresses(services: unknown, networkId: string): string[] {
  const addresses: string[] = [];
  for (const [index, service] of listOf(services).entries()) {
    const at = `services[${index}].Endpoint.VirtualIPs`;
    const virtual = dig(service, 'Endpoint', 'VirtualIPs');
    if (isUnset(virtual)) continue;
    if (!Array.isArray(virtual)) throw bad(`${at} must be a list, not ${describe(virtual)}`);
    for (const [n, entry] of virtual.entries()) {
      if (dig(entry, 'NetworkID') !== networkId) continue;
      const address = dig(entry, 'Addr');
      if (isUnset(address) || address === '') continue; // a virtual IP not given yet
      const plain = withoutPrefix(textAt(address, `${at}[${n}].Addr`));
      if (plain === undefined) throw bad(`${at}[${n}].Addr: ${describe(address)} is not an IP address`);
      addresses.push(plain);
    }
  }
  return addresses;
}

/**
 * Holds the virtual IPs that services have on a network, where they are in the subnet and free; answers which it held.
 * @throws LimpetError BAD_INPUT as {@link virtualAddresses}
 */
export function holdVirtualAddresses(subnet: Subnet, services: unknown, networkId: string): string[] {
  const inside = virtualAddresses(services, networkId).filter(within(subnet.cidr));
  return inside.filter((address) => {
    if (subnet.inspect(address).state !== 'free') return false;
    subnet.hold(address);
    return true;
  });
}

function modeOf(mode: unknown, at: string): ServiceMode {
  if (isUnset(mode)) return 'replicated'; // Swarm's default
  if (!isObject(mode)) throw bad(`${at} must be an object, not ${describe(mode)}`);
  if (!isUnset(mode.Global) || !isUnset(mode.GlobalJob)) return 'global';
  return isUnset(mode.ReplicatedJob) ? 'replicated' : 'replicated job';
}

function listOf(services: unknown): readonly unknown[] {
  if (Array.isArray(services)) {
    const other = otherKind(services, 'services');
    if (other !== undefined) throw bad(other);
    return services;
  }
  throw bad(`services must be the list that GET /services answers, not ${describe(services)}${whatItSays(services)}`);
}

function textAt(value: unknown, at: string): string {
  if (typeof value === 'string' && value !== '') return value;
  throw bad(`${at} must be a string with at least one character, not ${describe(value)}`);
}

function bad(message: string): LimpetError {
  return new LimpetError('BAD_INPUT', message);
}
