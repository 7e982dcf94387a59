// What Limpet's configs say, read by the words of docs/STORES.md with no code of the product: as keys, the judge's.
import { keyOf } from '../facts.js';

export type Labels = Readonly<Record<string, string>>;

const FORM = /^(?:held (\S+?)(?:, |$))?(?:(pinned )?(?:live (\S+)|reserved(?: (\S+))?): ([\s\S]+))?$/;

/** The subnets that an index lists, with the names of their configs. */
export function listed(index: Labels): [subnet: string, config: string][] {
  return Object.entries(index)
    .filter(([label]) => label.startsWith('subnet '))
    .map(([label, config]) => [label.slice('subnet '.length), config]);
}

/** The keys of a subnet; none when it has ended. */
export function keysOf(subnet: string, labels: Labels): Map<string, string> {
  const keys = new Map<string, string>();
  const { 'limpet.settings': settings, 'limpet.removed': removed } = labels;
  if (settings === undefined || removed !== undefined) return keys;
  keys.set(keyOf('subnet', subnet), settings);
  for (const [address, text] of Object.entries(labels)) {
    if (address.startsWith('limpet.user.')) keys.set(keyOf('user', subnet, address.slice('limpet.user.'.length)), '');
    if (address.startsWith('limpet.')) continue;
    const [, held, pinned, live, left, identity] = FORM.exec(text) ?? [];
    if (held !== undefined) keys.set(keyOf('held', subnet, address), held);
    if (identity === undefined) continue;
    const released = left === undefined ? {} : { released: Date.parse(left) };
    const value = { address, ...(live === undefined ? released : {}), ...(pinned === undefined ? {} : { pinned: 1 }) };
    keys.set(keyOf('identity', subnet, identity), JSON.stringify(value));
    keys.set(keyOf('address', subnet, address), identity);
    for (const node of live?.split(',') ?? []) keys.set(keyOf('live', subnet, identity, decodeURIComponent(node)), '');
  }
  return keys;
}
