// Checks what a peer answered, by ordinals and whatever its policy: only free ordinals are given, each once, and an
// identity gets its own. bench/peers/go/race/answers.go does the same.

import type { Script } from './read-script.js';

const NONE = 0;

export class Answers {
  readonly #script: Script;
  /** 1 for each ordinal that is taken. */
  readonly #taken: Uint8Array;
  /** What the slots of churn hold. */
  readonly #slots: Uint32Array;
  /** The ordinal of each identity, or NONE while it has none. */
  readonly #homes: Uint32Array;

  constructor(script: Script) {
    const size = 2 ** (32 - script.prefix);
    this.#script = script;
    this.#taken = new Uint8Array(size);
    this.#taken[0] = this.#taken[size - 1] = 1;
    if (typeof script.setUp === 'object') {
      for (let i = 1; i < size - 1; i++) this.#taken[i] = i % script.setUp.every ? 1 : 0;
    }
    this.#slots = script.slots.slice();
    this.#homes = new Uint32Array(script.names.length).fill(NONE);
  }

  /** What the set-up gave to an identity. */
  home(identity: number, ordinal: number): void {
    this.#take(ordinal);
    this.#homes[identity] = ordinal;
  }

  /** An ordinal has been given back outside the script. */
  gave(ordinal: number): void {
    this.#taken[ordinal] = 0;
  }

  /** @throws Error that names the operation and its wrong answer */
  check(ordinals: Uint32Array): void {
    const { kind, args } = this.#script;
    for (const [i, ordinal] of ordinals.entries()) {
      const arg = args[i] as number;
      if (kind === 'churn') {
        this.#taken[this.#slots[arg] as number] = 0;
        this.#slots[arg] = ordinal;
      }
      if (kind === 'take' || kind === 'churn') this.#take(ordinal);
      else if (this.#homes[arg] === NONE) this.home(arg, ordinal);
      else if (this.#homes[arg] !== ordinal) {
        throw new Error(`operation ${i}: identity ${arg} got ordinal ${ordinal}; its own is ${this.#homes[arg]}`);
      }
    }
  }

  #take(ordinal: number): void {
    if (this.#taken[ordinal] !== 0) throw new Error(`ordinal ${ordinal} was given out though it is taken or outside`);
    this.#taken[ordinal] = 1;
  }
}
