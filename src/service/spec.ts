// What a subnet was asked to be → its spec in canonical form, checked, so that two ways of saying the same are the
// same.

import { formatAddress, mergeRanges, parseAddress, parseCidr, parseRange } from '../host/address.js';
import { LimpetError } from '../host/errors.js';
import type { Limpet } from '../host/limpet.js';
import type { ReclaimPolicy, SubnetSpec } from './store.js';

/** @throws TypeError, LimpetError BAD_INPUT or OUT_OF_RANGE */
export function specOf(limpet: Limpet, cidr: string, settings: Partial<SubnetSpec>): SubnetSpec {
  const { space = 'default', gateway, exclude = [], policy = 'serial', reclaim = {} } = settings;
  if (typeof space !== 'string') throw new TypeError(`a space is a string, not ${typeof space}`);
  if (space === '') throw new LimpetError('BAD_INPUT', 'the name of the space is empty', { value: space });
  // The core's own checks of everything else.
  limpet.subnet(cidr, gateway === undefined ? { exclude, policy } : { exclude, policy, gateway }).destroy();
  const { text, version } = parseCidr(cidr);
  const address = (value: bigint) => formatAddress(value, version);
  const ranges = mergeRanges([...exclude].map((range) => parseRange(range, version)));
  return {
    space,
    cidr: text,
    ...(gateway === undefined ? {} : { gateway: address(parseAddress(gateway, version) as bigint) }),
    exclude: ranges.map(([first, last]) => (first === last ? address(first) : `${address(first)}-${address(last)}`)),
    policy,
    reclaim: checkReclaim(reclaim),
  };
}

function checkReclaim({ after, whenFull }: ReclaimPolicy): ReclaimPolicy {
  for (const duration of [after, whenFull?.holdDown]) {
    if (duration === undefined || (Number.isSafeInteger(duration) && duration >= 0)) continue;
    throw new LimpetError('BAD_INPUT', `${duration} is no duration in milliseconds`, { value: duration });
  }
  return {
    ...(after === undefined ? {} : { after }),
    ...(whenFull === undefined ? {} : { whenFull: { holdDown: whenFull.holdDown } }),
  };
}

/** The settings that are not the same in both, as JSON. */
export function differences(has: SubnetSpec, wants: SubnetSpec): { name: string; has: string; wants: string }[] {
  const text = (spec: SubnetSpec, name: string) => JSON.stringify(spec[name as keyof SubnetSpec]) ?? 'none';
  return Object.keys({ ...has, ...wants })
    .map((name) => ({ name, has: text(has, name), wants: text(wants, name) }))
    .filter((each) => each.has !== each.wants);
}

export function overlapping(a: string, b: string): boolean {
  const [left, right] = [parseCidr(a), parseCidr(b)];
  if (left.version !== right.version) return false;
  return left.base < right.base + right.size && right.base < left.base + left.size;
}
