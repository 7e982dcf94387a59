// From what was known of a subnet to what is known now, told as changes in an order in which each can be: what ends
// first, then the settings, then what begins.

import type { Change } from '../../service/store.js';
import type { Entry } from './labels.js';
import type { SubnetContent } from './subnet-content.js';

/** What to tell of a subnet that is new when nothing is known, and has ended when there is nothing now. */
export function* changesBetween(
  before: SubnetContent | undefined,
  after: SubnetContent | undefined,
  now: number,
): IterableIterator<Change> {
  if (after === undefined) {
    if (before !== undefined) yield { op: 'remove' };
    return;
  }
  if (before === undefined) yield { op: 'create', spec: after.spec };
  else yield* ends(before, after, now);
  if (before !== undefined && JSON.stringify(before.spec) !== JSON.stringify(after.spec))
    yield { op: 'settings', spec: after.spec };
  for (const user of after.users) if (!before?.users.has(user)) yield { op: 'use', user };
  for (const entry of after.entries()) {
    const old = before?.entry(entry.address);
    if (old !== entry) yield* begins(old, entry, now);
  }
}

function* ends(before: SubnetContent, after: SubnetContent, now: number): IterableIterator<Change> {
  for (const user of before.users) if (!after.users.has(user)) yield { op: 'disuse', user };
  for (const old of before.entries()) {
    const { address, identity } = old;
    const entry = after.entry(address);
    if (entry === old) continue;
    if (identity !== undefined && entry?.identity !== identity) {
      for (const node of old.nodes) yield { op: 'gone', identity, node, time: now };
      yield { op: 'reclaim', identity, address };
    }
    if (old.held !== undefined && entry?.held === undefined) yield { op: 'unhold', address };
  }
}

function* begins(old: Entry | undefined, entry: Entry, now: number): IterableIterator<Change> {
  const { address, identity, held, nodes, released, pinned } = entry;
  if (held !== undefined && old?.held === undefined) yield { op: 'hold', address };
  if (identity === undefined) return;
  const isSame = old?.identity === identity;
  const bind: Change = { op: 'bind', identity, address };
  if (!isSame) yield held === undefined ? bind : { ...bind, ticket: true };
  const wasPinned = isSame && old?.pinned === true;
  const time = released ?? now;
  if (pinned && !wasPinned) yield { op: 'pin', identity, address, time };
  if (!pinned && wasPinned) yield { op: 'unpin', identity, time };
  const were = isSame ? (old?.nodes ?? []) : [];
  for (const node of nodes) if (!were.includes(node)) yield { op: 'live', identity, node };
  const left = were.filter((node) => !nodes.includes(node));
  for (const node of left) yield { op: 'gone', identity, node, time };
  // Nobody was seen to leave: the time of the release is told all the same.
  if (nodes.length > 0 || left.length > 0 || (isSame && old?.released === released)) return;
  yield { op: 'live', identity, node: UNSEEN };
  yield { op: 'gone', identity, node: UNSEEN, time };
}

/** Stands for a node that was live between two looks. */
const UNSEEN = '';
