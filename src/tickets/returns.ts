// What Swarm's leader gives back. It asks one release after the other, and for nothing else meanwhile: when a service
// of a thousand tasks is removed, nobody else would get an address until each has been written. So who gives back many
// in a row is answered at once, and what is under way goes out together. What a process that dies has not written stays
// held, until the sweep.

import type { Clock, SubnetKey } from '../service/index.js';
import { Row } from '../service/row.js';

/** Releases in a row that are each written before they are answered. */
const IN_A_ROW = 4;

export class Returns {
  readonly #row: Row;
  /** By subnet. */
  readonly #underWay = new Map<string, Set<Promise<unknown>>>();

  constructor(clock: Pick<Clock, 'elapsed'>) {
    this.#row = new Row(clock);
  }

  /** Another one comes: whether it is one of many. */
  isOneOfMany(): boolean {
    return this.#row.next() >= IN_A_ROW;
  }

  /** An attempt to write one, until it has succeeded or failed. */
  async during<T>(subnet: SubnetKey, work: () => Promise<T>): Promise<T> {
    const key = keyOf(subnet);
    const underWay = this.#underWay.get(key) ?? new Set();
    this.#underWay.set(key, underWay);
    const attempt = work();
    underWay.add(attempt);
    try {
      return await attempt;
    } finally {
      this.#row.note();
      underWay.delete(attempt);
      if (underWay.size === 0) this.#underWay.delete(key);
    }
  }

  /** All that are under way now have succeeded or failed. */
  async settled(subnet: SubnetKey): Promise<void> {
    const underWay = this.#underWay.get(keyOf(subnet));
    if (underWay !== undefined) await Promise.allSettled(underWay);
  }
}

function keyOf({ space, cidr }: SubnetKey): string {
  return `${space} ${cidr}`;
}
