// The words for a subnet that is full: who gives way next, and when. An operator who cannot wait reclaims it by hand.

import { quote } from '../host/address.js';
import { LimpetError } from '../host/errors.js';
import type { Going } from './giving-way.js';
import type { ReclaimPolicy } from './store.js';

/** The same refusal, with what the policy will do about it. @param inTurn who could give way, in turn */
export function explained(
  error: LimpetError<'FULL'>,
  { whenFull, after }: ReclaimPolicy,
  inTurn: readonly Going[],
  now: number,
): LimpetError<'FULL'> {
  const ages = inTurn.flatMap(({ identity, kind, since }) => [
    ...(whenFull === undefined ? [] : [{ identity, due: since + whenFull.holdDown }]),
    ...(after === undefined || kind === 'waiting' ? [] : [{ identity, due: since + after }]),
  ]);
  const [next] = ages.sort((a, b) => a.due - b.due);
  if (next === undefined) {
    const [first] = inTurn;
    if (first === undefined) return error;
    const why = 'by its policy none of them gives way by itself';
    return new LimpetError('FULL', `${error.message}; ${why}`, { ...error.details, next: first.identity });
  }
  const message = `${error.message}; the next to give way is ${quote(next.identity)}, in ${timeText(next.due - now)}`;
  return new LimpetError('FULL', message, { ...error.details, next: next.identity, due: next.due });
}

/** Rounded up: whoever waits so long does not come too early. */
function timeText(duration: number): string {
  const seconds = Math.max(1, Math.ceil(duration / 1000));
  if (seconds < 120) return `${seconds} s`;
  const minutes = Math.ceil(seconds / 60);
  return minutes < 120 ? `${minutes} min` : `${Math.ceil(minutes / 60)} h`;
}
