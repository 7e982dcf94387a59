// What the store does for nobody who waits: it puts the live marks of this process again when etcd has lost them, and
// it writes down when a process that died was last seen live.

import type { Clock } from '../../service/clock.js';
import type { Deadline } from '../../service/deadline.js';
import type { Commit, SubnetKey } from '../../service/store.js';
import type { DraftChange } from './draft.js';
import type { Keys } from './keys.js';
import type { Lease } from './lease.js';
import { type OwnMark, type OwnMarks, Unmarked } from './marks.js';
import type { View } from './view.js';

/** Live marks that are put again with one transaction. */
const MARKS_AT_ONCE = 30;
/** Transactions under way at once. */
const LANES = 16;
/** Marks are lost in heaps: after so many milliseconds one round puts them all. */
const HEAP = 50;
const RETRY = 500;

/** What the upkeep needs of its store. */
export interface Kept {
  readonly keys: Keys;
  readonly clock: Clock;
  readonly lease: Lease;
  readonly own: OwnMarks;
  readonly view: () => View | undefined;
  /** False while nothing can be committed. */
  readonly isSteady: () => boolean;
  readonly write: (subnet: SubnetKey, changes: readonly DraftChange[]) => Promise<Commit>;
}

export class Upkeep {
  readonly #kept: Kept;
  readonly #unmarked: Unmarked;
  readonly #timers = new Set<() => void>();
  /** Marks that are being put now, by key. */
  readonly #putting = new Map<string, Promise<unknown>>();
  #isPutting = false;
  #isEnded = false;

  constructor(kept: Kept) {
    this.#kept = kept;
    this.#unmarked = new Unmarked(kept.keys, kept.clock);
  }

  /** From now on the dead get a time of release. */
  begin(): void {
    this.#later(this.#kept.lease.ttl, () => this.#writeReleases());
  }

  end(): void {
    this.#isEnded = true;
    for (const callOff of this.#timers) callOff();
  }

  /** Nobody is live on the binding, and no time of release is recorded. */
  noteUnmarked(subnet: SubnetKey, identity: string): void {
    this.#unmarked.note(subnet, identity, this.#kept.clock.now());
  }

  /**
   * Waits until the mark is not being put: whoever ends it meanwhile would end nothing, and it would be there after.
   * @throws LimpetError UNAVAILABLE
   */
  async untilPut(key: string, deadline: Deadline): Promise<void> {
    for (let put = this.#putting.get(key); put !== undefined; put = this.#putting.get(key))
      await deadline.wait(put, 'wait for a live mark that is being put again');
  }

  /** Everything is about to be told anew. */
  forget(): void {
    this.#unmarked.clear();
  }

  /** Marks of this process are missing. */
  putAgain(delay = HEAP): void {
    if (this.#isPutting) return;
    this.#isPutting = true;
    this.#later(delay, async () => {
      const isDone = await this.#putAll();
      this.#isPutting = false;
      if (!isDone) this.putAgain(RETRY);
    });
  }

  /**
   * Puts the live marks that etcd has lost under the lease of now, where the binding is still the same. True when all
   * are there.
   */
  async #putAll(): Promise<boolean> {
    const { own, keys } = this.#kept;
    const view = this.#kept.view();
    if (view === undefined) return true;
    const lease = () => this.#kept.lease.writer.lease;
    const groups = new Map<string, OwnMark[]>();
    for (const mark of own.missing(view, lease())) {
      const key = keys.subnet(mark.subnet);
      groups.set(key, [...(groups.get(key) ?? []), mark]);
    }
    const chunks = [...groups.values()].flatMap((marks) => chunksOf(marks, MARKS_AT_ONCE));
    try {
      await inLanes(chunks, (marks) => this.#put(marks));
    } catch {
      return false; // away again, or being read again
    }
    return this.#kept.view() === view && own.missing(view, lease()).next().done === true;
  }

  async #put(marks: readonly OwnMark[]): Promise<void> {
    const { own, keys, write } = this.#kept;
    // Released, or its binding ended, since: nothing to put.
    const wanted = marks.filter((mark) => own.has(keys.live(mark.subnet, mark.identity, mark.node)));
    const [first] = wanted;
    if (first === undefined) return;
    const lives = wanted.map(({ identity, node, address }) => ({ op: 'live', identity, node, address }) as const);
    const put = write(first.subnet, lives);
    const over = put.catch(() => {});
    const marked = wanted.map((mark) => keys.live(mark.subnet, mark.identity, mark.node));
    for (const key of marked) this.#putting.set(key, over);
    try {
      if ((await put) !== 'conflict' || wanted.length === 1) return;
    } finally {
      for (const key of marked) this.#putting.delete(key);
    }
    for (const mark of wanted) await this.#put([mark]);
  }

  /** The time is the one when it was seen that nobody is live. */
  async #writeReleases(): Promise<void> {
    const { ttl } = this.#kept.lease;
    const { clock } = this.#kept;
    const view = this.#kept.view();
    if (view !== undefined && this.#kept.isSteady()) {
      const due = this.#unmarked.take(view, clock.now() - ttl);
      await inLanes(due, async (seen) => {
        const { subnet, identity, since } = seen;
        // On a conflict another process has done it, or has not and it is looked at again.
        const commit = await this.#kept.write(subnet, [{ op: 'mark', identity, time: since }]);
        if (commit === 'conflict') this.#unmarked.noteAgain(seen);
      }).catch(() => {}); // another process does it, or the next reading finds them
    }
    this.#later(ttl * (0.5 + clock.random()), () => this.#writeReleases());
  }

  #later(delay: number, action: () => Promise<void>): void {
    if (this.#isEnded) return;
    const callOff = this.#kept.clock.after(delay, () => {
      this.#timers.delete(callOff);
      void action();
    });
    this.#timers.add(callOff);
  }
}

function chunksOf<T>(list: readonly T[], size: number): T[][] {
  const chunks: T[][] = [];
  for (let at = 0; at < list.length; at += size) chunks.push(list.slice(at, at + size));
  return chunks;
}

async function inLanes<T>(list: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = list.values();
  const lane = async () => {
    for (const item of queue) await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(LANES, list.length) }, lane));
}
