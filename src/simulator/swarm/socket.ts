// Docker's end of the plugin's socket. Docker tries again for a while where nobody listens, and when the process that
// listened has died in the middle of a call; it gives up on one that does not answer.

import type { Process } from './process.js';
import type { Timeline } from './timeline.js';

type Answer = Readonly<Record<string, unknown>>;

/** The plugin's side. Rejects with what Docker is to be told. @param gone Docker has closed the connection */
export type Answering = (call: string, request: object, gone: AbortSignal) => Promise<Answer>;

/** A life of dockerd, as one who calls. */
export interface Caller {
  readonly isDead: boolean;
  readonly died: Promise<void>;
  /**
   * Never settles once dockerd has died: nothing of it goes on.
   * @throws Error in the plugin's words, or Docker's own when nobody answers
   */
  readonly call: (call: string, request: object) => Promise<Answer>;
}

/** The pauses between Docker's attempts, in milliseconds: half a minute in all. */
const PAUSES = [1000, 2000, 4000, 8000, 15_000];
/** Docker waits no longer for an answer. */
const GIVES_UP = 30_000;

export class PluginSocket {
  readonly #timeline: Timeline;
  #caller: Caller & { readonly die: () => void };
  #serving: { readonly process: Process; readonly answer: Answering } | undefined;
  /** Calls that are under way. */
  readonly #underWay = new Set<UnderWay>();

  constructor(timeline: Timeline) {
    this.#timeline = timeline;
    this.#caller = this.#begin();
  }

  /** The dockerd that runs now, or is the next to be started. */
  get caller(): Caller {
    return this.#caller;
  }

  /** From now on this process listens. */
  serve(process: Process, answer: Answering): void {
    this.#serving = { process, answer };
  }

  /** The process has died. */
  close(): void {
    this.#serving = undefined;
    for (const { lost } of [...this.#underWay]) lost();
  }

  /** Dockerd has died: its connections are closed, nobody waits for what it asked, and it asks nothing again. */
  hangUp(): void {
    this.#caller.die();
    this.#caller = this.#begin();
    for (const { hungUp } of [...this.#underWay]) hungUp();
  }

  #begin(): Caller & { readonly die: () => void } {
    let isDead = false;
    let die = () => {};
    const died = new Promise<void>((resolve) => {
      die = () => {
        isDead = true;
        resolve();
      };
    });
    const isOver = () => isDead;
    return {
      get isDead() {
        return isDead;
      },
      died,
      die,
      call: (call, request) => this.#call(call, request, isOver),
    };
  }

  async #call(call: string, request: object, isOver: () => boolean): Promise<Answer> {
    for (const pause of [...PAUSES, undefined]) {
      if (isOver()) return never();
      const answer = await this.#once(call, request);
      if (answer !== 'nobody') return answer;
      if (pause !== undefined) await this.#timeline.sleep(pause);
    }
    throw new Error('Error while dialing: nobody listens on the plugin socket');
  }

  #once(call: string, request: object): Promise<Answer | 'nobody'> {
    const serving = this.#serving;
    if (serving === undefined) return Promise.resolve('nobody');
    return new Promise((resolve, reject) => {
      const connection = new AbortController();
      const close = () => serving.process.enter(() => connection.abort());
      const end = (settle: () => void) => {
        this.#underWay.delete(underWay);
        callOff();
        settle();
      };
      const underWay = { lost: () => end(() => resolve('nobody')), hungUp: () => end(close) };
      const callOff = this.#timeline.after(GIVES_UP, () => {
        close();
        end(() => reject(new Error('net/http: timeout awaiting response headers')));
      });
      this.#underWay.add(underWay);
      const answered = (settle: () => void) =>
        this.#timeline.after(0.2, () => this.#underWay.has(underWay) && end(settle));
      this.#timeline.after(0.2, () => {
        serving.process.enter(() => {
          serving.answer(call, request, connection.signal).then(
            (answer) => answered(() => resolve(answer)),
            (error: Error) => answered(() => reject(error)),
          );
        });
      });
    });
  }
}

/** A call, by what ends it: the plugin's process has died, or dockerd. */
interface UnderWay {
  readonly lost: () => void;
  readonly hungUp: () => void;
}

function never(): Promise<never> {
  return new Promise(() => {});
}
