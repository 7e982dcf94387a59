// One commit on its way: what is to be written, what it is about, until when somebody waits, and who hears of its
// outcome.

import type { Deadline } from '../../service/deadline.js';
import type { Commit, SubnetKey } from '../../service/store.js';
import type { DraftChange } from './draft.js';
import type { KnownSubnet } from './known.js';
import type { Transaction } from './transaction.js';

type Known = number | boolean | undefined;

/** What the service had when it proposed the changes. */
export interface Basis {
  /** The reading. */
  readonly epoch: number;
  /** The revision of the subnet's settings. */
  readonly settings: number | undefined;
  /** Of what is to end: when the owners of bindings were released and whether they run, and the revisions of holds. */
  readonly endings: readonly Known[];
}

export interface Order {
  readonly subnet: SubnetKey;
  readonly changes: readonly DraftChange[];
  /** Orders that have one in common are sent one after the other, in the order of the calls. */
  readonly topics: readonly string[];
  readonly basis: Basis;
  /** It is not sent after that. */
  readonly deadline: Deadline;
  /** It shares its transaction with no other. */
  isAlone: boolean;
  /** What it demanded when it was sent last. */
  draft?: Transaction;
  answer(commit: Commit): void;
  refuse(error: Error): void;
}

/** What stands in the core as a proposal, and no longer does after a reading. */
export function isProposed({ op }: DraftChange): boolean {
  return op === 'bind' || op === 'hold' || op === 'create' || op === 'settings';
}

/** What the changes end, as {@link Basis} has it, by what is known of the subnet now. */
export function endingsOf(subnet: KnownSubnet | undefined, changes: readonly DraftChange[]): Known[] {
  return changes.flatMap((change): Known[] => {
    if (change.op === 'unhold') return [subnet?.held.get(change.address)];
    if (change.op !== 'reclaim') return [];
    const own = subnet?.bindings.get(change.identity);
    if (change.beside === undefined) return [own?.released];
    const other = subnet?.bindings.get(change.beside);
    return [own?.released, other?.released, (other?.live.size ?? 0) > 0];
  });
}

export function isLive({ op }: DraftChange): boolean {
  return op === 'live';
}

/** Whether a change is about a whole subnet: whoever looks at so much looks alone. */
export function isWhole({ op }: DraftChange): boolean {
  return op === 'create' || op === 'remove' || op === 'settings';
}

/** The identities, addresses and users that changes are about. */
export function topicsOf({ space, cidr }: SubnetKey, changes: readonly DraftChange[]): string[] {
  const topics = new Set<string>();
  for (const change of changes) {
    if ('identity' in change) topics.add(`${space} ${cidr} identity ${change.identity}`);
    if ('beside' in change) topics.add(`${space} ${cidr} identity ${change.beside}`);
    if ('address' in change) topics.add(`${space} ${cidr} address ${change.address}`);
    if ('user' in change) topics.add(`${space} ${cidr} user ${change.user}`);
  }
  return [...topics];
}
