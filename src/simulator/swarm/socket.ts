// Docker's end of the plugin's socket. Docker tries again for a while where nobody listens, and when the process that
// listened has died in the middle of a call; it gives up on one that does not answer.

import type { Process } from './process.js';
import type { Timeline } from './timeline.js';

/** The plugin's side. Rejects with what Docker is to be told. */
export type Answering = (call: string, request: object) => Promise<Readonly<Record<string, unknown>>>;

/** The pauses between Docker's attempts, in milliseconds: half a minute in all. */
const PAUSES = [1000, 2000, 4000, 8000, 15_000];
/** Docker waits no longer for an answer. */
const GIVES_UP = 30_000;

export class PluginSocket {
  readonly #timeline: Timeline;
  /** Counts the lives of dockerd. */
  #life = 0;
  #serving: { readonly process: Process; readonly answer: Answering } | undefined;
  /** Calls that are under way, by what ends them when the process dies. */
  readonly #underWay = new Set<() => void>();

  constructor(timeline: Timeline) {
    this.#timeline = timeline;
  }

  /** From now on this process listens. */
  serve(process: Process, answer: Answering): void {
    this.#serving = { process, answer };
  }

  /** The process has died. */
  close(): void {
    this.#serving = undefined;
    for (const end of [...this.#underWay]) end();
  }

  /** Dockerd has died: what it asked nobody waits for any more, and it asks nothing again. */
  hangUp(): void {
    this.#life++;
    for (const end of [...this.#underWay]) end();
  }

  /** @throws Error in the plugin's words, or Docker's own when nobody answers */
  async call(call: string, request: object): Promise<Readonly<Record<string, unknown>>> {
    const life = this.#life;
    for (const pause of [...PAUSES, undefined]) {
      if (life !== this.#life) throw new Error('dockerd has died');
      const answer = await this.#once(call, request);
      if (answer !== 'nobody') return answer;
      if (pause !== undefined) await this.#timeline.sleep(pause);
    }
    throw new Error('Error while dialing: nobody listens on the plugin socket');
  }

  #once(call: string, request: object): Promise<Readonly<Record<string, unknown>> | 'nobody'> {
    const serving = this.#serving;
    if (serving === undefined) return Promise.resolve('nobody');
    return new Promise((resolve, reject) => {
      const end = (settle: () => void) => {
        this.#underWay.delete(gone);
        callOff();
        settle();
      };
      const gone = () => end(() => resolve('nobody'));
      const late = () => end(() => reject(new Error('net/http: timeout awaiting response headers')));
      const callOff = this.#timeline.after(GIVES_UP, late);
      this.#underWay.add(gone);
      this.#timeline.after(0.2, () => {
        serving.process.enter(() => {
          serving.answer(call, request).then(
            (answer) => this.#timeline.after(0.2, () => end(() => resolve(answer))),
            (error: Error) => this.#timeline.after(0.2, () => end(() => reject(error))),
          );
        });
      });
    });
  }
}
