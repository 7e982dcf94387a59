// What etcd has that is none of Limpet's, or that cannot be believed, told to the operator: in few lines, however much
// of it there is. Who can write there could else fill every node's log, and its memory with what is to be said.

import { visible } from '../../host/visible.js';
import type { Clock } from '../../service/clock.js';
import type { StoreEvent } from '../../service/store.js';
import { textOf } from '../values.js';

/** Milliseconds: keys come in heaps, and a heap is one line. */
const HEAP = 1000;
/** Milliseconds between two lines about the same. */
const SPAN = 60_000;
/** Values that have a line of their own in one span. */
const MOST_LINES = 20;
const EXAMPLES = 3;
/** Characters of a key that are shown. */
const SHOWN = 120;

/** Many of a kind: how many, and the first of them. */
class Heap {
  count = 0;
  readonly examples: string[] = [];

  add(key: string | Buffer): void {
    if (this.count++ < EXAMPLES) this.examples.push(shown(key));
  }
}

export class Findings {
  readonly #clock: Clock;
  readonly #report: (event: StoreEvent) => void;
  /** Keys that Limpet did not write; keys of a subnet or a binding that is not there; values beyond those told. */
  #heaps = newHeaps();
  /** Lines about single values in this span, and when it began. */
  #lines = 0;
  #since = Number.NEGATIVE_INFINITY;
  #told = Number.NEGATIVE_INFINITY;
  #callOff: (() => void) | undefined;
  #isEnded = false;

  constructor(clock: Clock, report: (event: StoreEvent) => void) {
    this.#clock = clock;
    this.#report = report;
  }

  /** A key that Limpet did not write. */
  strange(key: string | Buffer): void {
    this.#heaps.strange.add(key);
    this.#later();
  }

  /** A key of Limpet's form, which belongs to nothing that is there. */
  orphan(key: string): void {
    this.#heaps.orphans.add(key);
    this.#later();
  }

  /** A value that cannot be believed, or a whole subnet's settings. */
  wrong(key: string, why: string, details: Readonly<Record<string, unknown>> = {}): void {
    if (this.#clock.now() - this.#since > SPAN) {
      this.#since = this.#clock.now();
      this.#lines = 0;
    }
    if (this.#lines++ >= MOST_LINES) {
      this.#heaps.wrong.add(key);
      this.#later();
      return;
    }
    const message = `etcd has a value that cannot be believed at ${shown(key)}: ${visible(why)}`;
    this.#report({ level: 'error', message, details: { ...details, key: shown(key) } });
  }

  /** Tells now what has gathered. */
  tell(): void {
    this.#callOff?.();
    this.#callOff = undefined;
    const { strange, orphans, wrong } = this.#heaps;
    this.#heaps = newHeaps();
    this.#tellHeap('warn', strange, 'that Limpet did not write');
    this.#tellHeap('warn', orphans, 'of subnets or bindings that are not there');
    this.#tellHeap('error', wrong, 'more with values that cannot be believed');
  }

  end(): void {
    this.#isEnded = true;
    this.#callOff?.();
  }

  #tellHeap(level: StoreEvent['level'], { count, examples }: Heap, what: string): void {
    if (count === 0) return;
    this.#told = this.#clock.now();
    const keys = count === 1 ? `a key ${what}: ` : `${count} keys ${what}, such as `;
    this.#report({ level, message: `etcd has ${keys}${examples.join(', ')}`, details: { count, keys: examples } });
  }

  #later(): void {
    if (this.#isEnded || this.#callOff !== undefined) return;
    const wait = Math.max(HEAP, this.#told + SPAN - this.#clock.now());
    this.#callOff = this.#clock.after(wait, () => this.tell());
  }
}

function newHeaps() {
  return { strange: new Heap(), orphans: new Heap(), wrong: new Heap() };
}

/** A key as it may be shown; of one that is no text, every byte that is none by its number. */
function shown(key: string | Buffer): string {
  const text = typeof key === 'string' ? key : (textOf(key) ?? bytesShown(key));
  const short = text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text;
  return visible(short);
}

function bytesShown(key: Buffer): string {
  const each = (byte: number) => (byte < 0x80 ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, '0')}`);
  return Array.from(key.subarray(0, SHOWN), each).join('');
}
