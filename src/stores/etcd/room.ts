// Whether etcd has room: at its quota it refuses every write until somebody has made room and said so (NOSPACE), and
// answers what it has. That is told once as it begins and once as it ends, with what helps.

import type { StoreEvent } from '../../service/store.js';

/** etcd's own words for it. */
const FULL = /database space exceeded/;

const HELP = 'compact and defragment it, then disarm the alarm: docs/ETCD.md, "When etcd is full"';

const WORDS = `is full (NOSPACE, database space exceeded) and takes no writes: ${HELP}`;

export function isFull(error: unknown): boolean {
  return error instanceof Error && FULL.test(error.message);
}

/** etcd's words, with what helps where it is full. */
export function withHelp(why: string): string {
  return FULL.test(why) ? `it ${WORDS}` : why;
}

export class Room {
  readonly #report: (level: StoreEvent['level'], message: string) => void;
  #isFull = false;

  constructor(report: (level: StoreEvent['level'], message: string) => void) {
    this.#report = report;
  }

  get isFull(): boolean {
    return this.#isFull;
  }

  /** A write was refused. */
  refused(why: string): void {
    if (this.#isFull || !FULL.test(why)) return;
    this.#isFull = true;
    this.#report('error', `etcd ${WORDS}. What is known is answered, nothing new is`);
  }

  /** A write was taken. */
  taken(): void {
    if (this.#isFull) this.#report('info', 'etcd takes writes again');
    this.#isFull = false;
  }
}
