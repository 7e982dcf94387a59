// `--ipam-opt limpet.NAME=VALUE` → settings of a subnet. Options that are not ours pass by; one that looks like ours and is
// unknown is refused, since a mistyped policy would go unnoticed until the subnet is full.

import { parseCidr, parseRange, quote } from '../host/address.js';
import { LimpetError } from '../host/errors.js';
import { parseReclaimPolicy } from '../service/policy.js';
import type { SubnetSettings } from '../service/service.js';
import { formatRange, outside } from './ranges.js';

const KNOWN = ['limpet.exclude', 'limpet.policy', 'limpet.reclaim', 'limpet.scope'] as const;

export type PoolSettings = Omit<SubnetSettings, 'space' | 'gateway'> & {
  /** Whose the network's addresses are: its node's, or those of all nodes. It chooses the space. */
  readonly scope?: 'cluster' | 'node';
};

/** @throws LimpetError BAD_INPUT naming the option and its value */
export function readPoolOptions(options: Readonly<Record<string, string>>): PoolSettings {
  for (const name of Object.keys(options)) {
    if (name.startsWith('limpet.') && !KNOWN.includes(name as never))
      throw bad(`there is no option ${quote(name)}: there are ${KNOWN.join(', ')}`, name);
  }
  return {
    ...read(options, 'limpet.exclude', (text) => ({ exclude: text.split(',').map((part) => part.trim()) })),
    ...read(options, 'limpet.policy', (text) => ({ policy: oneOf(text, ['serial', 'lowest'] as const) })),
    ...read(options, 'limpet.reclaim', (text) => ({ reclaim: parseReclaimPolicy(text) })),
    ...read(options, 'limpet.scope', (text) => ({ scope: oneOf(text, ['cluster', 'node'] as const) })),
  };
}

/** The settings with all of the pool excluded that is outside the sub-pool. @throws LimpetError BAD_INPUT */
export function withinSubPool(settings: PoolSettings, pool: string, subPool: string): PoolSettings {
  if (subPool === '') return settings;
  const { version, base, size } = parseCidr(pool);
  const [first, last] = parseRange(subPool, version);
  if (first < base || last >= base + size) throw bad(`the sub-pool ${subPool} is not inside ${pool}`, subPool);
  const rest = outside([base, base + size - 1n], [first, last]).map((range) => formatRange(range, version));
  return { ...settings, exclude: [...(settings.exclude ?? []), ...rest] };
}

function read<T>(options: Readonly<Record<string, string>>, name: string, meaning: (text: string) => T): T | undefined {
  const text = options[name];
  if (text === undefined) return undefined;
  try {
    return meaning(text);
  } catch (error) {
    if (error instanceof LimpetError) throw bad(`${name}: ${error.message}`, text);
    throw error;
  }
}

function oneOf<T extends string>(text: string, words: readonly T[]): T {
  const found = words.find((word) => word === text);
  if (found === undefined) throw bad(`${quote(text)} is neither ${words.join(' nor ')}`, text);
  return found;
}

function bad(message: string, value: string): LimpetError {
  return new LimpetError('BAD_INPUT', message, { value });
}
