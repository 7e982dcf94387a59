// What Docker answers instead of what was asked for: { message }.

import { describe, dig } from '../host/json.js';

/** `; it says "…"` when the value is such an answer. Else nothing. */
export function whatItSays(value: unknown): string {
  const message = dig(value, 'message');
  return typeof message === 'string' ? `; it says ${describe(message)}` : '';
}
