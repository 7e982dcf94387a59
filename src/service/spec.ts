// What a subnet was asked to be → its spec in canonical form, checked, so that two ways of saying the same are the
// same.

import { formatAddress, mergeRanges, parseAddress, parseCidr, parseRange, quote, type Range } from '../host/address.js';
import { checkOptions } from '../host/arguments.js';
import { LimpetError } from '../host/errors.js';
import { planOf } from '../host/plan.js';
import type { SubnetOptions } from '../host/types.js';
import { HOLD_DOWN } from './policy.js';
import type { ReclaimPolicy, ServicePool, SubnetSpec } from './store.js';

const SETTINGS = ['space', 'cidr', 'gateway', 'exclude', 'policy', 'reclaim', 'pools', 'probe'];

/** @throws TypeError, LimpetError BAD_INPUT, OUT_OF_RANGE or EXCLUDED */
export function specOf(cidr: string, settings: Partial<SubnetSpec>): SubnetSpec {
  checkOptions(settings, 'a subnet', SETTINGS);
  const { space = 'default', gateway, policy = 'serial', reclaim = {}, pools = [], probe } = settings;
  const exclude = [...(settings.exclude ?? [])];
  if (typeof space !== 'string') throw new TypeError(`a space is a string, not ${typeof space}`);
  if (space === '') throw new LimpetError('BAD_INPUT', 'the name of the space is empty', { value: space });
  planOf(cidr, coreOptions({ exclude, policy, gateway })); // what the core would refuse is refused here
  const { text, version } = parseCidr(cidr);
  const address = (value: bigint) => formatAddress(value, version);
  const ranges = mergeRanges(exclude.map((range) => parseRange(range, version)));
  return {
    space,
    cidr: text,
    ...(gateway === undefined ? {} : { gateway: address(parseAddress(gateway, version) as bigint) }),
    exclude: ranges.map(([first, last]) => (first === last ? address(first) : `${address(first)}-${address(last)}`)),
    policy,
    reclaim: checkReclaim(reclaim),
    ...(pools.length === 0 ? {} : { pools: checkPools(text, pools) }),
    ...(probe === undefined ? {} : { probe: checkProbe(text, version, probe) }),
  };
}

/** The settings that the core goes by, as it takes them. */
export function coreOptions({ exclude, policy, gateway }: CoreSettings): SubnetOptions {
  return gateway === undefined ? { exclude, policy } : { exclude, policy, gateway };
}

type CoreSettings = Pick<SubnetSpec, 'exclude' | 'policy'> & { readonly gateway?: string | undefined };

/** Why a subnet of these settings has no such address for an identity; undefined when it has. */
export type Room = (address: string) => string | undefined;

/** An address counts in its canonical text only: by any other it would be a second one. */
export function roomOf(spec: SubnetSpec): Room {
  const { cidr, excluded } = planOf(spec.cidr, coreOptions(spec));
  const end = cidr.base + cidr.size;
  return (text) => {
    const address = parseAddress(text, cidr.version);
    if (address === undefined) return 'is not a valid address';
    if (address < cidr.base || address >= end) return `is outside ${cidr.text}`;
    if (cidr.version === 6 && formatAddress(address, 6) !== text) return 'is not written as addresses are';
    if (text === spec.gateway) return 'is the gateway';
    return isWithin(excluded, address) ? 'is excluded' : undefined;
  };
}

/** Of ranges that are ascending and do not touch. */
function isWithin(ranges: readonly Range[], address: bigint): boolean {
  let [from, to] = [0, ranges.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if ((ranges[middle] as Range)[1] < address) from = middle + 1;
    else to = middle;
  }
  const next = ranges[from];
  return next !== undefined && next[0] <= address;
}

function checkReclaim(reclaim: ReclaimPolicy): ReclaimPolicy {
  checkOptions(reclaim, 'a reclaim policy', ['after', 'whenFull']);
  const { after, whenFull } = reclaim;
  if (whenFull !== undefined) checkOptions(whenFull, 'whenFull', ['holdDown']);
  const holdDown = whenFull === undefined ? undefined : (whenFull.holdDown ?? HOLD_DOWN);
  for (const duration of [after, holdDown]) {
    if (duration === undefined || (Number.isSafeInteger(duration) && duration >= 0)) continue;
    throw new LimpetError('BAD_INPUT', `${duration} is not a valid duration in milliseconds`, { value: duration });
  }
  return {
    ...(after === undefined ? {} : { after }),
    ...(holdDown === undefined ? {} : { whenFull: { holdDown } }),
  };
}

/** By the services' names in order, each once. */
function checkPools(cidr: string, pools: readonly ServicePool[]): ServicePool[] {
  const named = new Map(pools.map(({ service, range }) => [service, poolIn(cidr, service, range)]));
  if (named.size < pools.length) throw new LimpetError('BAD_INPUT', 'a service has one pool, not several', {});
  return [...named].sort(([a], [b]) => (a < b ? -1 : 1)).map(([service, range]) => ({ service, range }));
}

/** As `first-last`. */
function poolIn(cidr: string, service: string, text: string): string {
  if (!isService(service)) {
    const message = `${quote(service)} is not a valid name of a service: it has letters, digits, - and _`;
    throw new LimpetError('BAD_INPUT', message, { value: service });
  }
  const { version, base, size } = parseCidr(cidr);
  const [first, last] = told(service, () => parseRange(text, version));
  if (first >= base && last < base + size) return `${formatAddress(first, version)}-${formatAddress(last, version)}`;
  throw new LimpetError('OUT_OF_RANGE', `the pool of ${service}: ${quote(text)} is not inside ${cidr}`, {
    value: text,
  });
}

function checkProbe(cidr: string, version: 4 | 6, probe: string): 'arp' {
  if (probe !== 'arp')
    throw new LimpetError('BAD_INPUT', `${quote(probe)} is no probe: there is arp`, { value: probe });
  if (version === 4) return probe;
  throw new LimpetError('BAD_INPUT', `ARP is of IPv4, and ${cidr} is IPv6`, { value: probe });
}

/** As Swarm has them. */
function isService(name: string): boolean {
  return /^[a-zA-Z0-9]([a-zA-Z0-9_-]{0,61}[a-zA-Z0-9])?$/.test(name);
}

function told<T>(service: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof LimpetError)) throw error;
    throw new LimpetError(error.code, `the pool of ${service}: ${error.message}`, { ...error.details });
  }
}

/** The settings that are not the same in both, as JSON. */
export function differences(has: SubnetSpec, wants: SubnetSpec): { name: string; has: string; wants: string }[] {
  const text = (spec: SubnetSpec, name: string) => JSON.stringify(spec[name as keyof SubnetSpec]) ?? 'none';
  return Object.keys({ ...has, ...wants })
    .map((name) => ({ name, has: text(has, name), wants: text(wants, name) }))
    .filter((each) => each.has !== each.wants);
}
