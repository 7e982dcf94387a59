// Replays a script on a peer: set-up and checks (answers.ts) outside the clock, the operations inside it.

import { Answers } from './answers.js';
import { Beside } from './beside.js';
import type { Peer, Sticky } from './peer.js';
import type { Script } from './read-script.js';

/** A set-up that was not finished in its time. */
export class TooSlow extends Error {
  constructor(
    readonly done: number,
    readonly of: number,
  ) {
    super(`${done} of ${of} steps of the set-up were done in the time given`);
  }
}

type Watch = (done: number, of: number) => void;

/** Throws TooSlow when so many seconds have passed. */
function until(seconds: number): Watch {
  const deadline = performance.now() + seconds * 1000;
  return (done, of) => {
    if (done % 64 === 0 && performance.now() > deadline) throw new TooSlow(done, of);
  };
}

/** No ordinal is a multiple of it: nothing is left free. */
const EVERYTHING = 2 ** 32;

export class Replay<A> {
  readonly #script: Script;
  readonly #peer: Peer<A>;
  #sticky: Sticky<A>;
  /** What the slots of churn hold. */
  #slots: A[] = [];
  #answers: Answers;

  constructor(peer: Peer<A>, script: Script) {
    this.#peer = peer;
    this.#script = script;
    this.#sticky = peer.sticky ?? new Beside(peer);
    this.#answers = new Answers(script);
  }

  /** Brings the peer to where the case begins. @throws TooSlow */
  setUp(seconds: number): void {
    const { setUp, prefix, names, slots } = this.#script;
    const watch = until(seconds);
    this.#reopen();
    if (setUp === 'bound') {
      for (const [i, name] of names.entries()) {
        watch(i, names.length);
        this.#answers.home(i, this.#ordinal(this.#sticky.stick(name)));
      }
    } else if (setUp !== 'empty') {
      if (this.#peer.prepare) this.#peer.prepare(prefix, setUp.every);
      else this.#takeAllBut(2 ** (32 - prefix) - 2, setUp.every, watch);
    }
    this.#slots = Array.from(slots, (ordinal) => this.#peer.address(ordinal));
  }

  /** Replays the first `count` operations; where the case begins with nothing, on a subnet made anew. Nanoseconds. */
  round(count: number): number {
    const { setUp, kind } = this.#script;
    if (setUp === 'empty') this.#reopen();
    const answers: (A | undefined)[] = new Array(count).fill(undefined);
    const started = process.hrtime.bigint();
    this.#run(count, answers);
    const elapsed = Number(process.hrtime.bigint() - started);
    if (kind === 'restore') this.#checkRestored(count);
    else this.#answers.check(Uint32Array.from(answers, (each) => this.#ordinal(each)));
    if (this.#script.full && count === this.#script.operations && !this.#refusesMore())
      throw new Error('a full subnet gave one more address');
    if (kind === 'take' && setUp !== 'empty') this.#giveBack(answers as A[]);
    return elapsed;
  }

  /** Builds the state whose memory is measured, with identities that nobody else holds. @throws TooSlow */
  state(seconds: number): void {
    const { setUp, names, operations, full, prefix } = this.#script;
    if (typeof setUp === 'object') {
      this.setUp(seconds);
      return;
    }
    this.#reopen();
    if (full && this.#peer.prepare) {
      this.#peer.prepare(prefix, EVERYTHING);
      return;
    }
    const watch = until(seconds);
    const steps = setUp === 'bound' ? names.length : operations;
    for (let i = 0; i < steps; i++) {
      watch(i, steps);
      if (setUp === 'bound') this.#sticky.stick(Buffer.from(names[i] as string, 'latin1').toString('latin1'));
      else this.#peer.take();
    }
  }

  #reopen(): void {
    this.#peer.open(this.#script.prefix);
    this.#sticky = this.#peer.sticky ?? new Beside(this.#peer);
    this.#answers = new Answers(this.#script);
  }

  #run(count: number, answers: (A | undefined)[]): void {
    const { kind, args, names, ordinals } = this.#script;
    const peer = this.#peer;
    const sticky = this.#sticky;
    const slots = this.#slots;
    if (kind === 'take') {
      for (let i = 0; i < count; i++) answers[i] = peer.take();
    } else if (kind === 'churn') {
      for (let i = 0; i < count; i++) {
        const slot = args[i] as number;
        peer.give(slots[slot] as A);
        answers[i] = slots[slot] = peer.take() as A;
      }
    } else if (kind === 'stick') {
      for (let i = 0; i < count; i++) answers[i] = sticky.stick(names[args[i] as number] as string);
    } else if (kind === 'return') {
      for (let i = 0; i < count; i++) {
        const name = names[args[i] as number] as string;
        sticky.release(name);
        answers[i] = sticky.stick(name);
      }
    } else sticky.restore(names, ordinals, count);
  }

  #takeAllBut(last: number, every: number, watch: Watch): void {
    for (let i = 1; i <= last; i++) {
      watch(i, last);
      this.#peer.take();
    }
    for (let i = every; i <= last; i += every) {
      watch(last, last);
      this.#peer.give(this.#peer.address(i));
    }
  }

  #giveBack(addresses: readonly A[]): void {
    for (const address of addresses) {
      this.#peer.give(address);
      this.#answers.gave(this.#peer.ordinal(address));
    }
  }

  /** Some of the identities must have got the ordinals listed, and a newcomer none of them. */
  #checkRestored(count: number): void {
    const { names, ordinals } = this.#script;
    const step = Math.max(1, Math.floor(count / 1000));
    for (let i = 0; i < count; i += step) {
      const got = this.#ordinal(this.#sticky.stick(names[i] as string));
      if (got !== ordinals[i]) throw new Error(`${names[i]} was restored to ordinal ${ordinals[i]} and has ${got}`);
    }
    const newcomer = this.#ordinal(this.#sticky.stick('a-newcomer'));
    if (ordinals.subarray(0, count).includes(newcomer)) throw new Error(`ordinal ${newcomer} was given out twice`);
  }

  #ordinal(address: A | undefined): number {
    if (address === undefined) throw new Error('no address was given though some are free');
    return this.#peer.ordinal(address);
  }

  #refusesMore(): boolean {
    try {
      return this.#peer.take() === undefined;
    } catch {
      return true; // which error says "full" is the peer's own affair
    }
  }
}
