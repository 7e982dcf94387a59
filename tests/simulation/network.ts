// What lies between two parties: every message takes a while, in a cut direction it is lost or comes when the cut has
// ended, and some come twice. Messages of one stream keep their order, others overtake each other.
import type { Chance } from '../../src/simulator/random.js';
import type { Timeline } from '../../src/simulator/swarm/timeline.js';

/** Of messages in a cut direction so many in a hundred come after all, when it has ended. */
const LATE = 50;

/** Milliseconds that a message which comes twice lags behind itself. */
const LAG = 400;

interface Cut {
  readonly from: string;
  readonly to: string;
  readonly held: (() => void)[];
}

export class Network {
  /** Milliseconds that a message takes at most. */
  slowest = 3;
  /** Of a hundred answers so many are lost after what was asked for is done. */
  lost = 0;
  /** Of a hundred messages so many come twice: a proxy between has tried again. */
  doubled = 0;
  /** Milliseconds by which answers to a machine come later than the news of its streams, at the most. */
  readonly lagging = new Map<string, number>();
  /** One has. */
  hasDoubled = false;
  readonly #timeline: Timeline;
  readonly #chance: Chance;
  readonly #cuts = new Set<Cut>();

  constructor(timeline: Timeline) {
    this.#timeline = timeline;
    this.#chance = timeline.chanceOf('network');
  }

  /** No message passes until the answer is called. `*` is everybody. */
  cut(from: string, to: string): () => void {
    const cut: Cut = { from, to, held: [] };
    this.#cuts.add(cut);
    return () => {
      if (!this.#cuts.delete(cut)) return;
      for (const deliver of cut.held) this.#timeline.after(this.#delay(), deliver);
    };
  }

  isCut(from: string, to: string): boolean {
    return this.#cutOf(from, to) !== undefined;
  }

  send(from: string, to: string, deliver: () => void): void {
    const cut = this.#cutOf(from, to);
    if (cut === undefined) {
      this.#timeline.after(this.#delay(), deliver);
      if (this.doubled > 0 && this.#chance.below(100) < this.doubled) {
        this.hasDoubled = true;
        this.#timeline.after(this.#delay() + this.#chance.below(LAG), deliver);
      }
    } else if (this.#chance.below(100) < LATE) cut.held.push(deliver);
  }

  /** As {@link send}, for an answer: false when it gets lost. */
  answer(from: string, to: string, deliver: () => void): boolean {
    if (this.lost > 0 && this.#chance.below(100) < this.lost) return false;
    const lag = this.lagging.get(to);
    if (lag === undefined) this.send(from, to, deliver);
    else this.#timeline.after(this.#chance.below(lag), () => this.send(from, to, deliver));
    return true;
  }

  /** Sends one after the other, over one connection: what a cut holds up comes when it has ended. */
  ordered(from: string, to: string): (deliver: () => void) => void {
    const waiting: (() => void)[] = [];
    let last = 0;
    let isHeld = false;
    const flush = () => {
      isHeld = false;
      for (let cut = this.#cutOf(from, to); waiting.length > 0; cut = this.#cutOf(from, to)) {
        if (cut !== undefined) {
          isHeld = true;
          return void cut.held.push(flush);
        }
        last = Math.max(last, this.#timeline.now + this.#delay());
        this.#timeline.after(last - this.#timeline.now, waiting.shift() as () => void);
      }
    };
    return (deliver) => {
      waiting.push(deliver);
      if (!isHeld) flush();
    };
  }

  #cutOf(from: string, to: string): Cut | undefined {
    for (const cut of this.#cuts) {
      if ((cut.from === '*' || cut.from === from) && (cut.to === '*' || cut.to === to)) return cut;
    }
    return undefined;
  }

  #delay(): number {
    // Most are quick; one in twenty takes its time.
    const most = this.#chance.below(20) === 0 ? this.slowest * 10 : this.slowest;
    return 0.1 + (this.#chance.below(1000) / 1000) * most;
  }
}
