// A worker's change, put into what others have written since it read: its way is longer than theirs, and by the version
// alone it would always come too late. What it has changed must be as it was for it, and what that rests on: the
// settings, and that an identity has one address.

import type { Config } from '../../../docker/swarm-api.js';
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
  const marks = Recent.read(labels[RECENT]).since(Recent.read(config.labels[RECENT]));
  // The last one is the write's own: those before it can be of writes that it rests on.
  const fate = recent.fate(marks.at(-1) ?? '');
  if (fate !== undefined) return fate === 'void' ? 'stale' : 'done';
  if (now.version === config.version) return labels;
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
  return strangeIn(now, labels) > strangeIn(now, now.labels) ? undefined : labels;
}

/** How many labels cannot be: an identity that would have two addresses is one. */
function strangeIn(config: Config, labels: Labels): number {
  const key = keyOf(config);
  let count = 0;
  if (key !== undefined) SubnetContent.read(key, labels, () => count++);
  return count;
}
