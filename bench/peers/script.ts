// The work of the race, generated from one seed into files that every runner replays, in whatever language. A file is
// one case: a line of JSON that says what kind of work it is, then one line for each identity, slot and operation.
//
//   take      the next free address
//   churn     the address in this slot is given back, and the next free one put into the slot
//   stick     the address of the identity with this number, which must be its own
//   return    the identity stops, then asks again, and must get its own address
//   restore   the bindings listed are put in, each at its ordinal

import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { identities, shuffled } from '../inputs.js';

export type Kind = 'take' | 'churn' | 'stick' | 'return' | 'restore';
/**
 * Before the clock starts: nothing taken; all but every n-th ordinal taken; every identity of the file has an address.
 */
export type SetUp = 'empty' | 'bound' | { readonly every: number };

export interface Case {
  readonly name: string;
  /** As the tables say it. */
  readonly title: string;
  readonly kind: Kind;
  /** The subnet is 10.0.0.0/prefix. */
  readonly prefix: number;
  readonly setUp: SetUp;
  /** Identities, each with an ordinal when the kind is restore. */
  readonly identities: number;
  readonly operations: number;
  /** After all operations no address is free, and asking must say so. */
  readonly full: boolean;
  /** The memory that the state takes is measured, divided by this many. */
  readonly memory?: { readonly per: number; readonly unit: string };
  /** Where the case stands in a curve. */
  readonly curve?: { readonly name: 'subnet' | 'identities'; readonly x: number };
}

/** Of a subnet, without network and broadcast address. */
const usable = (prefix: number) => 2 ** (32 - prefix) - 2;
const size = (count: number) => count.toLocaleString('en').replaceAll(',', ' ');
/** Enough for a round whose time means something, few enough to repeat it. */
const HITS = 200_000;
const CHURN = 20_000;

const fill = (prefix: number, count: number, title: string): Case => ({
  name: `fill-${prefix}`,
  title,
  kind: 'take',
  prefix,
  setUp: 'empty',
  identities: 0,
  operations: count,
  full: count === usable(prefix),
});

const churn = (prefix: number): Case => ({
  name: `churn-${prefix}`,
  title: `churn one address in a /${prefix} whose every 7th is free`,
  kind: 'churn',
  prefix,
  setUp: { every: 7 },
  identities: 0,
  operations: CHURN,
  full: false,
  curve: { name: 'subnet', x: usable(prefix) },
});

const among = (count: number) => ({
  kind: 'stick' as const,
  prefix: 8,
  setUp: 'bound' as const,
  identities: count,
  operations: HITS,
  full: false,
});

const stick = (count: number): Case => ({
  ...among(count),
  name: `stick-${count}`,
  title: `sticky hit among ${size(count)} identities`,
  curve: { name: 'identities', x: count },
});

const memory = (per: number, unit: string) => ({ memory: { per, unit } });

/** The cases of the tables. */
export const CASES: readonly Case[] = [
  { ...fill(16, usable(16), 'fill a /16'), ...memory(1, 'a full /16') },
  fill(12, 200_000, 'fill a /12 to 200 000'),
  churn(16),
  {
    ...fill(8, Math.floor(usable(8) / 10_000), 'next free in a /8 filled to 99.99 %'),
    name: 'last-8',
    setUp: { every: 10_000 },
    ...memory(1, 'a /8 filled to 99.99 %'),
  },
  {
    ...among(usable(16)),
    name: 'bind-16',
    title: 'fill a /16, each address with an identity',
    prefix: 16,
    setUp: 'empty',
    operations: usable(16),
    full: true,
  },
  stick(10_000),
  { ...stick(1_000_000), ...memory(1_000_000, 'one of 1 000 000 bindings') },
  { ...among(10_000), name: 'return', title: 'release and take again, 10 000 identities', kind: 'return' },
  {
    ...among(1_000_000),
    name: 'restore',
    title: 'restore 1 000 000 bindings',
    kind: 'restore',
    setUp: 'empty',
    operations: 1_000_000,
  },
];

/** The cases that only the curves need besides. */
export const CURVES: readonly Case[] = [...[24, 20, 12, 8].map(churn), ...[100, 1_000, 100_000].map(stick)];

const SEED = 0x11_4e_70;

/** Whole numbers below `limit` from a seed, the same on every machine. */
function* numbers(seed: number, limit: number): Generator<number> {
  for (let state = seed >>> 0; ; ) {
    // xorshift32
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    yield (state >>> 0) % limit;
  }
}

/** Writes the file of a case into a folder; answers its path. */
export async function writeScript(each: Case, folder: string): Promise<string> {
  const path = join(folder, `${each.name}.script`);
  const out = createWriteStream(path);
  let piece = '';
  for (const line of lines(each)) {
    piece += line;
    if (piece.length < 65_536) continue;
    if (!out.write(piece)) await once(out, 'drain');
    piece = '';
  }
  out.end(piece);
  await once(out, 'close');
  return path;
}

function* lines(each: Case): Generator<string> {
  const { title: _, curve: __, memory: ___, ...header } = each;
  const slots = each.kind === 'churn' ? startOfSlots(each) : [];
  yield `${JSON.stringify({ ...header, slots: slots.length })}\n`;
  const ordinals = each.kind === 'restore' ? shuffled(each.identities) : [];
  for (const [i, identity] of identities(each.identities).entries()) yield `${identity} ${ordinals[i] ?? 0}\n`;
  for (const ordinal of slots) yield `${ordinal}\n`;
  const inOrder = each.kind === 'take' || each.setUp === 'empty';
  const random = numbers(SEED, slots.length || each.identities || 1);
  for (let i = 0; i < each.operations; i++) yield `${inOrder ? i : random.next().value}\n`;
}

/** Ordinals that the set-up has taken, each once, in an order that jumps about: what the slots hold at first. */
function startOfSlots({ prefix, setUp, operations }: Case): number[] {
  const every = typeof setUp === 'object' ? setUp.every : Number.POSITIVE_INFINITY;
  const last = usable(prefix);
  const wanted = Math.min(operations, last - Math.floor(last / every));
  const chosen = new Set<number>();
  for (const number of numbers(SEED, last)) {
    if (chosen.size === wanted) break;
    if ((number + 1) % every) chosen.add(number + 1);
  }
  return [...chosen];
}
