// `--ipam-opt limpet.NAME=VALUE` → settings of a subnet. Options that are not ours pass by; one that looks like ours
// and is unknown is refused, since a mistyped policy would go unnoticed until the subnet is full.

import { quote } from '../host/address.js';
import { LimpetError } from '../host/errors.js';
import { parseReclaimPolicy } from '../service/policy.js';
import type { SubnetSettings } from '../service/service.js';

const KNOWN = ['limpet.exclude', 'limpet.policy', 'limpet.probe', 'limpet.reclaim', 'limpet.scope'] as const;
/** `limpet.pool.SERVICE=RANGE`: one for each service. */
const POOL = 'limpet.pool.';

/** What a network can ask its subnet to be. */
export type PoolSettings = Pick<SubnetSettings, 'exclude' | 'policy' | 'pools' | 'probe' | 'reclaim'>;

export interface PoolOptions {
  readonly settings: PoolSettings;
  /** `cluster`: networks of single hosts share one subnet. */
  readonly scope: 'cluster' | 'node' | undefined;
}

/** @throws LimpetError BAD_INPUT naming the option and its value */
export function readPoolOptions(options: Readonly<Record<string, string>>): PoolOptions {
  for (const name of Object.keys(options)) {
    if (!name.startsWith('limpet.') || name.startsWith(POOL) || KNOWN.includes(name as never)) continue;
    if (name === 'limpet.pool') throw bad(`limpet.pool: say whose: ${POOL}SERVICE=RANGE, or --ip-range for all`, name);
    throw bad(`there is no option ${quote(name)}: there are ${KNOWN.join(', ')}, ${POOL}SERVICE`, name);
  }
  return {
    settings: {
      ...read(options, 'limpet.exclude', (text) => ({ exclude: text.split(',').map((part) => part.trim()) })),
      ...read(options, 'limpet.policy', (text) => ({ policy: oneOf(text, ['serial', 'lowest'] as const) })),
      ...read(options, 'limpet.probe', (text) => ({ probe: oneOf(text, ['arp'] as const) })),
      ...read(options, 'limpet.reclaim', (text) => ({ reclaim: parseReclaimPolicy(text) })),
      ...readPools(options),
    },
    scope: read(options, 'limpet.scope', (text) => oneOf(text, ['cluster', 'node'] as const)),
  };
}

/** Whether the ranges are any of the subnet, is known when there is one. */
function readPools(options: Readonly<Record<string, string>>): Pick<PoolSettings, 'pools'> {
  const named = Object.entries(options).filter(([name]) => name.startsWith(POOL));
  if (named.length === 0) return {};
  return { pools: named.map(([name, range]) => ({ service: name.slice(POOL.length), range })) };
}

/** Whether no setting was asked for. */
export function isEmpty(settings: PoolSettings): boolean {
  return Object.keys(settings).length === 0;
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
  if (found === undefined)
    throw bad(`${quote(text)} is ${words.length === 1 ? 'not' : 'neither'} ${words.join(' nor ')}`, text);
  return found;
}

function bad(message: string, value: string): LimpetError {
  return new LimpetError('BAD_INPUT', message, { value });
}
