// Chance by seed: mulberry32, whose whole state is one 32-bit number, so that a state of the simulation can hold it.

export class Chance {
  /** @param state a seed, or the state of another one to go on from */
  constructor(public state: number) {}

  /** A whole number from 0 to below `limit`. */
  below(limit: number): number {
    return Math.floor((this.next() / 2 ** 32) * limit);
  }

  pick<T>(items: readonly T[]): T {
    const item = items[this.below(items.length)];
    if (item === undefined) throw new Error('nothing to pick from: the list is empty');
    return item;
  }

  /** As Swarm's IDs: 25 characters of base 36. */
  id(): string {
    let id = '';
    for (let part = 0; part < 5; part++)
      id += this.below(36 ** 5)
        .toString(36)
        .padStart(5, '0');
    return id;
  }

  private next(): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), this.state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  }
}
