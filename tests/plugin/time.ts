// Time for tests: it passes only while somebody waits, from one event to the next, and nobody sleeps for real. One loop
// drives it for all that are waited for at once.
import { Process } from '../../src/simulator/swarm/process.js';
import { Timeline } from '../../src/simulator/swarm/timeline.js';
import { settled } from '../../src/simulator/turns.js';

/** Milliseconds of virtual time after which nothing is waited for any more: an hour and more is passed by tests. */
const MOST = 7 * 86_400_000;

export class Time {
  readonly #timeline = new Timeline(1, settled);
  #waiting = 0;
  #loop: Promise<void> | undefined;
  #processes = 0;

  /** Of a machine whose clock is right. */
  process(): Process {
    return new Process(this.#timeline, { ahead: 0 }, this.#timeline.chanceOf(`process ${this.#processes++}`));
  }

  /** Milliseconds since the epoch. */
  get now(): number {
    return this.#timeline.now;
  }

  /** Milliseconds since the beginning. */
  get age(): number {
    return this.#timeline.age;
  }

  /** Lets so many milliseconds pass, and whatever is due in them happen. */
  async pass(duration: number): Promise<void> {
    await this.until(this.#timeline.sleep(duration));
  }

  /** What the work comes to, for as long as it takes. @throws what the work throws, and when it would never end */
  async until<T>(work: Promise<T>): Promise<T> {
    this.#waiting++;
    const ended = work.finally(() => {
      this.#waiting--;
    });
    this.#loop ??= this.#run();
    return Promise.race([ended, this.#loop.then(() => ended)]);
  }

  /** How many milliseconds the work takes. */
  async took(work: Promise<unknown>): Promise<number> {
    const began = this.age;
    await this.until(work);
    return this.age - began;
  }

  async #run(): Promise<void> {
    const isDone = await this.#timeline.until(() => this.#waiting === 0, MOST);
    this.#loop = undefined;
    if (!isDone) throw new Error('somebody waits for what never comes');
  }
}
