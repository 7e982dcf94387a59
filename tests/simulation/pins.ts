// What the judge knows of pins.
import type { Change } from './etcd/history.js';
import type { Key, Truth } from './truth.js';

const WAITING = '@pin/';

/** What is wrong with a change of an identity's key, as to pins; undefined when nothing is. */
export function wrongPin(
  truth: Truth,
  key: Key,
  { before, after }: Change,
  pinning: ReadonlySet<string>,
): string | undefined {
  const [identity = ''] = key.rest;
  const was = before === undefined ? undefined : JSON.parse(before.value.toString());
  if (was?.pinned === undefined || after !== undefined) return undefined;
  if (!identity.startsWith(WAITING)) return `${identity} is pinned to ${was.address} and loses it`;
  const waits = identity.slice(WAITING.length);
  const isHome = truth.homeOf(key.subnet, waits) === was.address;
  return isHome || pinning.has(waits) ? undefined : `${waits} was to have ${was.address}, and nobody chose otherwise`;
}
