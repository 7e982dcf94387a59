// Time that only passes when nothing is left to do: events in order of their moment, one after the other, each with
// all that follows from it before the next. The same events in the same order, whatever the machine: a seed is a
// history.

import { Chance } from '../random.js';

interface Event {
  readonly at: number;
  /** Tells events of one moment apart: first come, first served. */
  readonly order: number;
  action: (() => void) | undefined;
}

/** When every world begins: milliseconds since the epoch. */
const BEGINNING = Date.UTC(2026, 0, 1);

export class Timeline {
  /** Milliseconds since the epoch, with fractions. */
  now = BEGINNING;
  /** Events that have happened. */
  passed = 0;
  readonly chance: Chance;
  readonly #settled: () => Promise<void>;
  /** A binary heap. */
  readonly #events: Event[] = [];
  #order = 0;

  /** @param settled resolves when all that has begun waits for an event: when the machine's microtasks are done */
  constructor(seed: number, settled: () => Promise<void>) {
    this.chance = new Chance(seed);
    this.#settled = settled;
  }

  /** Milliseconds since the beginning. */
  get age(): number {
    return this.now - BEGINNING;
  }

  /** Chance of its own, for somebody whose draws shall not depend on those of others. */
  chanceOf(name: string): Chance {
    let seed = this.chance.state;
    for (const letter of name) seed = Math.imul(seed ^ letter.charCodeAt(0), 0x01000193) >>> 0;
    return new Chance(seed);
  }

  /** Calls once, after `delay` milliseconds; the answer calls it off. */
  after(delay: number, action: () => void): () => void {
    const event: Event = { at: this.now + Math.max(delay, 0), order: this.#order++, action };
    this.#push(event);
    return () => {
      event.action = undefined;
    };
  }

  sleep(delay: number): Promise<void> {
    return new Promise((resolve) => {
      this.after(delay, resolve);
    });
  }

  /** Lets time pass. @param each after every event: true ends it early */
  async run(duration: number, each: () => boolean | undefined = () => false): Promise<void> {
    const end = this.now + duration;
    await this.#settled();
    while (await this.#pass(end)) if (each() === true) return;
    this.now = end;
  }

  /** Lets time pass until it is so, and no longer. Answers false when it is never so, or not within `most` ms. */
  async until(isSo: () => boolean, most: number): Promise<boolean> {
    const end = this.now + most;
    await this.#settled();
    while (!isSo()) if (!(await this.#pass(end))) return false;
    return true;
  }

  /** The next event, with all that follows from it; false when there is none by then. */
  async #pass(end: number): Promise<boolean> {
    for (let next = this.#events[0]; next !== undefined && next.at <= end; next = this.#events[0]) {
      this.#pop();
      if (next.action === undefined) continue;
      this.now = next.at;
      this.passed++;
      next.action();
      await this.#settled();
      return true;
    }
    return false;
  }

  #push(event: Event): void {
    const heap = this.#events;
    let at = heap.push(event) - 1;
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (!isBefore(event, heap[above] as Event)) break;
      heap[at] = heap[above] as Event;
      at = above;
    }
    heap[at] = event;
  }

  #pop(): void {
    const heap = this.#events;
    const last = heap.pop() as Event;
    if (heap.length === 0) return;
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      if (below >= heap.length) break;
      if (below + 1 < heap.length && isBefore(heap[below + 1] as Event, heap[below] as Event)) below++;
      if (!isBefore(heap[below] as Event, last)) break;
      heap[at] = heap[below] as Event;
      at = below;
    }
    heap[at] = last;
  }
}

function isBefore(a: Event, b: Event): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}
