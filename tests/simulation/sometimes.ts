// The rare branches that a campaign must have reached: one that never gets there proves nothing. What is counted are
// the words of the product's own telling, and what the world has seen.

import { FIELD } from './field.js';

/** Each must have happened at least once in {@link ENOUGH} worlds. */
const MUST: readonly string[] = [
  // What becomes of a request and of a release.
  'address global new',
  'address global home',
  'address global same',
  'address global gateway',
  'address local own',
  'address local ticket',
  'address local new',
  'address local second',
  'address local guest',
  'address local endpoint',
  'address local unnamed',
  'address local gateway',
  'release global unheld',
  'release global kept',
  'release local released',
  'release local ended',
  'release local late',
  'release local unproven',
  'release local not-ours',
  // What the looks find.
  'mend set',
  'mend ended',
  'conflict',
  'sweep',
  // What befalls the store.
  'store read again',
  'store is back',
  'store faster',
  'an answer is lost after the fact',
  'a call comes twice',
  // What befalls homes.
  'a home is given up',
  'a home is reclaimed by policy',
  'a person chooses an address',
  'an author chooses addresses',
  'an identity moves to a chosen home',
  'two at one address, one cut off',
  // What Docker does.
  'asked while Docker boots',
  'refused OCCUPIED',
  'refused OVERLAP',
  'refused UNAVAILABLE',
  // What befalls a file store's disk.
  'disk is full',
  'disk is broken',
  'disk was torn',
  'disk waits for its disk',
  'disk snapshot of generation',
  'disk no snapshot was written',
  'disk process killed',
  'disk process without power',
  // What people have reported.
  ...FIELD.map((name) => `field ${name}`),
];

/** Only an etcd has these. */
const MUST_ON_ETCD: readonly string[] = [
  'store the lease had ended',
  'store is away',
  'a lease ends',
  'a compare is lost',
  'a watch is compacted',
  'a mark is put again',
];

/** Each of these as well, in {@link MANY}. */
const MUST_IN_MANY: readonly string[] = ['release local failed', 'mend held', 'sweep waits'];

/** Of fewer worlds nothing is demanded. */
const ENOUGH = 300;
const MANY = 2000;

export function add(all: Map<string, number>, some: Iterable<readonly [string, number]>): void {
  for (const [what, count] of some) all.set(what, (all.get(what) ?? 0) + count);
}

/** What never happened in so many worlds, though it must. @param store that all of them have */
export function never(all: ReadonlyMap<string, number>, worlds: number, store?: 'etcd' | 'swarm'): string[] {
  if (worlds < ENOUGH) return [];
  const must = [...MUST, ...(store === 'swarm' ? [] : MUST_ON_ETCD), ...(worlds < MANY ? [] : MUST_IN_MANY)];
  return must.filter((what) => !all.has(what));
}
