// A worker's change, put into what others have written since it read: its way is longer than theirs, and by the version
// alone it would always come too late. What it has changed must be as it was for it, and what that rests on: the
// settings, and that an identity has one address.

import type { Config } from '../../../docker/swarm-api.js';
import { besideOf } from '../../../service/second-homes.js';
import { printEntry, readEntry } from '../labels.js';
import { Recent } from '../recent.js';
import { hasEnded, isAddressLabel, isUserLabel, RECENT, SETTINGS, SubnetContent } from '../subnet-content.js';
import { keyOf } from './permitted.js';

type Labels = Config['labels'];

export interface WorkersChange {
  /** As the worker read it. */
  readonly config: Config;
  /** As it is to be. */
  readonly labels: Labels;
}

/**
 * The labels to write on what is there now; `done` when it was written before, `stale` when it rests on what is no
 * longer so. The mark that each change leaves says whether it was: it can be sent twice.
 */
export function wantedOn(now: Config, change: WorkersChange): Labels | 'done' | 'stale' {
  const { config, labels } = change;
  const recent = Recent.read(now.labels[RECENT]);
  const read = Recent.read(config.labels[RECENT]);
  const marks = Recent.read(labels[RECENT]).since(read);
  // The last one is the write's own: those before it can be of writes that it rests on.
  const fate = recent.fate(marks.at(-1) ?? '');
  if (fate !== undefined) return fate === 'void' ? 'stale' : 'done';
  if (now.version === config.version) return labels;
  // The worker may have given it up and made it void so long ago that its mark has been pushed out.
  if (!recent.remembersSince(read)) return 'stale';
  const merged = mergedWith(now, change);
  if (merged === undefined) return 'stale';
  for (const mark of marks) recent.add(mark);
  return { ...merged, [RECENT]: recent.print() };
}

function mergedWith(now: Config, { config, labels: wanted }: WorkersChange): Labels | undefined {
  const read = config.labels;
  const isOther = read[SETTINGS] !== now.labels[SETTINGS] || hasEnded(now.labels);
  if (isOther || keyOf(now) === undefined) return undefined;
  const all = new Map(Object.entries(now.labels));
  for (const name of new Set([...Object.keys(read), ...Object.keys(wanted)])) {
    const to = wanted[name];
    if (name === RECENT || read[name] === to) continue;
    // Of settings and of the subnet's end others' changes matter, whichever they are.
    if (!isAddressLabel(name) && !isUserLabel(name)) return undefined;
    if (now.labels[name] !== read[name]) return undefined;
    if (to === undefined) all.delete(name);
    else all.set(name, to);
  }
  const labels = Object.fromEntries(all);
  if (strangeIn(now, labels) > strangeIn(now, now.labels)) return undefined;
  return isOtherBeside(now, { config, labels: wanted }) ? undefined : labels;
}

/** Whether the other home of somebody who loses one is not as the worker read it: its end may rest on that. */
function isOtherBeside(now: Config, { config, labels: wanted }: WorkersChange): boolean {
  const losers = Object.keys(config.labels)
    .filter((name) => isAddressLabel(name) && wanted[name] !== config.labels[name])
    .map((name) => [identityIn(name, config.labels), identityIn(name, wanted)])
    .filter(([before, after]) => before !== undefined && before !== after)
    .map(([before]) => before as string);
  if (losers.length === 0) return false;
  const [read, there] = [config.labels, now.labels].map((labels) => homesIn(now, labels));
  return losers.some((identity) => {
    const beside = besideOf(identity);
    return beside !== undefined && read?.get(beside) !== there?.get(beside);
  });
}

function identityIn(name: string, labels: Labels): string | undefined {
  const text = labels[name];
  return text === undefined ? undefined : readEntry(name, text)?.identity;
}

/** What the labels say of each identity's home, as text. */
function homesIn(config: Config, labels: Labels): Map<string, string> {
  const homes = new Map<string, string>();
  const key = keyOf(config);
  const read = key === undefined ? undefined : SubnetContent.read(key, labels, () => {});
  if (read === undefined || 'wrong' in read) return homes;
  for (const entry of read.value.entries())
    if (entry.identity !== undefined) homes.set(entry.identity, `${entry.address} ${printEntry(entry)}`);
  return homes;
}

/** How many labels cannot be: an identity that would have two addresses is one. */
function strangeIn(config: Config, labels: Labels): number {
  const key = keyOf(config);
  let count = 0;
  if (key !== undefined) SubnetContent.read(key, labels, () => count++);
  return count;
}
