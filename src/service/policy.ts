// Reclaim policies as text, as operators write them (`--ipam-opt limpet.reclaim=when-full,after=24h`), and their
// defaults.

import { quote } from '../host/address.js';
import { LimpetError } from '../host/errors.js';
import type { ReclaimPolicy } from './store.js';

/** So long after its release an address is nobody else's, even when the subnet is full: late packets, slow restarts. */
export const HOLD_DOWN = 10 * 60_000;

/** What a subnet does that says nothing: an address goes only when it is needed, and not at once. */
export const DEFAULT_RECLAIM: ReclaimPolicy = { whenFull: { holdDown: HOLD_DOWN } };

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `90s`, `10m`, `24h`, `7d`, `500ms` in milliseconds; undefined when the text is no duration. */
export function parseDuration(text: string): number | undefined {
  const [, count, unit] = /^(\d{1,9})(ms|s|m|h|d)$/.exec(text) ?? [];
  return count === undefined ? undefined : Number(count) * (UNITS[unit as string] as number);
}

/**
 * `never`, or one or both of `after=DURATION` and `when-full` (with a hold-down of its own: `when-full=DURATION`).
 * @throws LimpetError BAD_INPUT naming the text
 */
export function parseReclaimPolicy(text: string): ReclaimPolicy {
  if (text === 'never') return {};
  let policy: ReclaimPolicy = {};
  for (const part of text.split(',')) {
    const [name, value] = part.split('=', 2);
    const duration = value === undefined ? undefined : parseDuration(value);
    if (name === 'after' && duration !== undefined && policy.after === undefined) {
      policy = { ...policy, after: duration };
    } else if (
      name === 'when-full' &&
      (value === undefined || duration !== undefined) &&
      policy.whenFull === undefined
    ) {
      policy = { ...policy, whenFull: { holdDown: duration ?? HOLD_DOWN } };
    } else {
      throw new LimpetError(
        'BAD_INPUT',
        `${quote(text)} is not a valid reclaim policy: write never, after=24h, when-full, when-full=10m, or two`,
        { value: text },
      );
    }
  }
  return policy;
}
