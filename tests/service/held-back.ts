// A store whose commits wait until they are let go.
import { type Commit, MemoryStore } from '../../src/entries/service.js';

export class HeldBack extends MemoryStore {
  readonly block: number;
  commits = 0;
  #isHolding = false;
  #waiting: (() => void)[] = [];

  constructor(block = 1) {
    super();
    this.block = block;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  override async commit(): Promise<Commit> {
    this.commits++;
    if (this.#isHolding) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    return super.commit();
  }

  holdBack(): void {
    this.#isHolding = true;
  }

  letGo(): void {
    this.#isHolding = false;
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
