// Commits that wait until they are sent, in the order of the calls. One that is about the same as another before it,
// which waits or is on its way, waits for that; all others go past it.

import type { Order } from './order.js';

export class Queue {
  #waiting = new Set<Order>();
  /** Topics of what is on its way, or of which it is not known what became of it. */
  readonly #busy = new Set<string>();

  add(order: Order): void {
    this.#waiting.add(order);
  }

  /** False when it does not wait any more. */
  remove(order: Order): boolean {
    return this.#waiting.delete(order);
  }

  /** It is on its way from now on. */
  take(order: Order): void {
    this.#waiting.delete(order);
    for (const topic of order.topics) this.#busy.add(topic);
  }

  /** It is on its way no longer. */
  free({ topics }: Order): void {
    for (const topic of topics) this.#busy.delete(topic);
  }

  /** They wait again, before all others. */
  putBack(orders: readonly Order[]): void {
    for (const order of orders) this.free(order);
    this.#waiting = new Set([...orders, ...this.#waiting]);
  }

  /** Whether nothing that is about the same waits or is on its way. */
  isFree(topics: readonly string[]): boolean {
    if (topics.some((topic) => this.#busy.has(topic))) return false;
    for (const order of this.#waiting) if (order.topics.some((topic) => topics.includes(topic))) return false;
    return true;
  }

  /** Those that could be sent now, as they come; whoever takes or removes one may go on. */
  *ready(): IterableIterator<Order> {
    const before = new Set<string>();
    for (const order of this.#waiting) {
      if (order.topics.some((topic) => this.#busy.has(topic) || before.has(topic)))
        for (const topic of order.topics) before.add(topic);
      else yield order;
    }
  }

  get isReady(): boolean {
    return this.ready().next().done !== true;
  }

  /** All that wait, which wait no longer. */
  empty(): Order[] {
    const all = [...this.#waiting];
    this.#waiting.clear();
    return all;
  }
}
