// What a new subnet is to be: its CIDR and options, read and checked before the core hears of it.

import { type Cidr, mergeRanges, parseAddress, parseCidr, parseRange, quote, type Range } from './address.js';
import { checkOptions, describe } from './arguments.js';
import { Core, type Plan } from './boundary/core.js';
import { POLICIES } from './boundary/status.js';
import { LimpetError } from './errors.js';
import type { SubnetOptions } from './types.js';

const OPTIONS = ['gateway', 'exclude', 'policy'] as const satisfies readonly (keyof SubnetOptions)[];

/** @throws TypeError, LimpetError BAD_INPUT, OUT_OF_RANGE, EXCLUDED */
export function planOf(text: string, options: SubnetOptions): Plan & { readonly gateway: string | undefined } {
  if (typeof text !== 'string') throw new TypeError(`a CIDR is a string, not ${describe(text)}`);
  checkOptions(options, 'a subnet', OPTIONS);
  const cidr = parseCidr(text);
  const policy = policyOf(options);
  const gateway = options.gateway === undefined ? undefined : gatewayIn(cidr, options.gateway);
  const ranges = mergeRanges([...edges(cidr), ...excluded(cidr, options.exclude ?? [])]);
  if (ranges.length > Core.MOST_RANGES) {
    const message = `${ranges.length} excluded ranges that do not touch: ${Core.MOST_RANGES} is the most`;
    throw new LimpetError('BAD_INPUT', message, { value: ranges.length });
  }
  return { cidr, policy, excluded: ranges, gateway };
}

function policyOf({ policy = 'serial' }: SubnetOptions): Plan['policy'] {
  if (typeof policy !== 'string') throw new TypeError(`a policy is a string, not ${describe(policy)}`);
  if (POLICIES.includes(policy)) return policy;
  const message = `no policy is named ${quote(policy)}: there are ${POLICIES.join(' and ')}`;
  throw new LimpetError('BAD_INPUT', message, { value: policy });
}

/** What no host may have: RFC 4291 section 2.6.1 for IPv6, RFC 1122 section 3.2.1.3 for IPv4. */
export function edges({ base, size, version }: Cidr): Range[] {
  if (size <= 2n) return [];
  const network: Range = [base, base];
  const last = base + size - 1n;
  return version === 4 ? [network, [last, last]] : [network];
}

function excluded(cidr: Cidr, texts: Iterable<string>): Range[] {
  if (typeof texts !== 'object' || texts === null || !(Symbol.iterator in texts))
    throw new TypeError(`exclude is a list of strings, not ${describe(texts)}`);
  return Array.from(texts, (text) => {
    if (typeof text !== 'string') throw new TypeError(`an exclusion is a string, not ${describe(text)}`);
    const range = parseRange(text, cidr.version);
    if (range[0] >= cidr.base && range[1] < cidr.base + cidr.size) return range;
    throw new LimpetError('OUT_OF_RANGE', `the exclusion ${quote(text)} reaches outside ${cidr.text}`, {
      subnet: cidr.text,
      value: text,
    });
  });
}

function gatewayIn(cidr: Cidr, gateway: string): string {
  if (typeof gateway !== 'string') throw new TypeError(`a gateway is a string, not ${describe(gateway)}`);
  const address = parseAddress(gateway, cidr.version);
  if (address === undefined) {
    throw new LimpetError('BAD_INPUT', `the gateway ${quote(gateway)} is not a valid IPv${cidr.version} address`, {
      value: gateway,
    });
  }
  const details = { subnet: cidr.text, address: gateway };
  if (address < cidr.base || address >= cidr.base + cidr.size) {
    throw new LimpetError('OUT_OF_RANGE', `the gateway ${gateway} is outside ${cidr.text}`, details);
  }
  if (edges(cidr).some(([edge]) => edge === address)) {
    throw new LimpetError(
      'EXCLUDED',
      `the gateway ${gateway} is the network or broadcast address of ${cidr.text}`,
      details,
    );
  }
  return gateway;
}
