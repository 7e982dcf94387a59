// Which subnets an operation is about: all, those of a space, or one by its CIDR; and which of them an address is in.

import { parseAddress, parseCidr, quote } from '../host/address.js';
import { contains } from '../host/cidr.js';
import { LimpetError } from '../host/errors.js';
import type { Allocator, SubnetService } from '../service/index.js';
import { option } from './command.js';

export interface Selection {
  /** A canonical CIDR. */
  readonly subnet?: string | undefined;
  readonly space?: string | undefined;
}

/**
 * The subnets that are meant, by space and then by address.
 * @throws LimpetError BAD_INPUT (no CIDR), UNKNOWN naming those there are
 */
export function selectSubnets(service: Allocator, { subnet, space }: Selection): SubnetService[] {
  const cidr = subnet === undefined ? undefined : parseCidr(subnet).text;
  const all = [...service.subnets()].sort(bySpaceAndAddress);
  const chosen = all.filter((each) => {
    return (cidr === undefined || each.cidr === cidr) && (space === undefined || each.spec.space === space);
  });
  if (chosen.length > 0 || (cidr ?? space) === undefined) return chosen;
  const wanted = [cidr && `subnet ${cidr}`, space && `space ${quote(space)}`].filter(Boolean).join(' in ');
  const there = all.map(({ spec }) => `${spec.cidr} (${spec.space})`);
  throw new LimpetError('UNKNOWN', `there is no ${wanted}; there ${listed(there, 'are no subnets')}`, {
    subnet,
    space,
  });
}

/** The address in canonical form when the text is one, else undefined: an identity can look like anything else. */
export function addressIn(text: string): 4 | 6 | undefined {
  if (parseAddress(text, 4) !== undefined) return 4;
  return parseAddress(text, 6) === undefined ? undefined : 6;
}

/**
 * The selected subnets that the address is in.
 * @throws LimpetError BAD_INPUT (no address), OUT_OF_RANGE naming the subnets there are
 */
export function subnetsWith(service: Allocator, address: string, selection: Selection): SubnetService[] {
  if (addressIn(address) === undefined) {
    throw new LimpetError('BAD_INPUT', `${quote(address)} is not a valid IP address`, { value: address });
  }
  const all = selectSubnets(service, selection);
  const found = all.filter((each) => contains(each.cidr, address));
  if (found.length > 0) return found;
  const there = all.map(({ cidr }) => cidr);
  const message = `${address} is in no subnet; there ${listed(there, 'are none')}`;
  throw new LimpetError('OUT_OF_RANGE', message, { address });
}

/**
 * The one subnet that is meant.
 * @throws LimpetError BAD_INPUT when there are several, naming what tells them apart
 */
export function onlyOne(found: readonly SubnetService[], what: string): SubnetService {
  const [only, ...more] = found;
  if (only !== undefined && more.length === 0) return only;
  const there = found.map(({ spec }) => `${option('space', spec.space).trim()} --subnet ${spec.cidr}`);
  throw new LimpetError('BAD_INPUT', `${what} is in ${found.length} subnets; choose one: ${there.join(', ')}`, {
    subnets: found.map(({ cidr }) => cidr),
  });
}

function listed(names: readonly string[], none: string): string {
  if (names.length === 0) return none;
  return `${names.length === 1 ? 'is' : 'are'} ${names.join(', ')}`;
}

function bySpaceAndAddress({ spec: a }: SubnetService, { spec: b }: SubnetService): number {
  if (a.space !== b.space) return a.space < b.space ? -1 : 1;
  const [left, right] = [parseCidr(a.cidr), parseCidr(b.cidr)];
  if (left.version !== right.version) return left.version - right.version;
  return left.base < right.base ? -1 : Number(left.base > right.base);
}
