// The watch: every change from a revision on, in order and without a gap, over as many connections as that takes. When
// etcd no longer has what comes next, it says so and stops.

import type { IWatchRequest, IWatchResponse } from 'etcd3';
import type { Clock } from '../../service/clock.js';
import type { Connection } from './connection.js';
import type { Keys } from './keys.js';
import { type Item, itemOf } from './known.js';
import type { Stream } from './member.js';
import { asRange } from './transaction.js';

type WatchStream = Stream<IWatchRequest, IWatchResponse>;

export interface WatchEvents {
  /** The revision up to which everything has been told. */
  readonly from: () => number;
  readonly change: (key: Buffer, item: Item | undefined, at: number) => void;
  readonly reached: (revision: number) => void;
  /** Compacted: everything must be read again. The watch has ended. */
  readonly gap: () => void;
  readonly connected: () => void;
  readonly away: (why: string) => void;
}

/** Milliseconds before a watch that has ended is begun again. */
const PAUSE = 100;

export class Watch {
  #stream: WatchStream | undefined;
  readonly #end = new AbortController();
  #giveUp = () => {};
  readonly #clock: Clock;
  readonly #connection: Connection;
  readonly #keys: Keys;
  readonly #events: WatchEvents;

  constructor(connection: Connection, clock: Clock, keys: Keys, events: WatchEvents) {
    this.#clock = clock;
    this.#connection = connection;
    this.#keys = keys;
    this.#events = events;
    void this.#run();
  }

  end(): void {
    this.#end.abort();
    this.#stream?.cancel();
    this.#giveUp();
  }

  get #ended(): boolean {
    return this.#end.signal.aborted;
  }

  async #run(): Promise<void> {
    for (let n = 0; !this.#ended; n++) {
      const endpoint = this.#connection.endpoint;
      let why = '';
      try {
        if (n > 0) await this.#reach();
        why = await this.#follow();
      } catch (error) {
        why = (error as Error).message;
      }
      if (this.#ended) return;
      this.#events.away(why);
      this.#connection.pass(endpoint);
      await this.#clock.sleep(PAUSE, this.#end.signal);
    }
  }

  /** Turns to a member that answers; signs in again if the token has ended, which a stream cannot. */
  async #reach(): Promise<void> {
    const key = asRange(this.#keys.watched).key;
    await this.#connection.call((etcd, options) => etcd.kv.range({ key }, options));
  }

  /** Until the stream ends; answers why. */
  async #follow(): Promise<string> {
    const stream = await this.#connection.endpoint.stream<IWatchRequest, IWatchResponse>('watch');
    if (this.#ended) {
      stream.on('error', () => {});
      stream.cancel();
      return '';
    }
    this.#stream = stream;
    const why = await this.#untilItEnds(stream);
    stream.cancel();
    return why;
  }

  #untilItEnds(stream: WatchStream): Promise<string> {
    return new Promise((resolve) => {
      let done = false;
      const end = (why: string) => {
        callOff();
        done = true; // what a cancelled stream still delivers, the next one delivers again
        resolve(why);
      };
      const callOff = this.#clock.after(this.#connection.patience, () => end('etcd does not begin the watch'));
      stream.on('data', (response) => {
        callOff();
        this.#connection.hear();
        const why = done || this.#ended ? 'ended' : this.#take(response);
        if (why !== undefined) end(why);
      });
      stream.on('error', (error) => end(error.message));
      stream.on('end', () => end('the connection ended'));
      this.#giveUp = () => end('ended');
      const start_revision = this.#events.from() + 1;
      stream.write({ create_request: { ...asRange(this.#keys.watched), start_revision, progress_notify: true } });
    });
  }

  /** Why the stream is of no more use, if so. */
  #take(response: IWatchResponse): string | undefined {
    if (response.canceled) {
      if (Number(response.compact_revision) === 0) return response.cancel_reason || 'etcd has ended the watch';
      this.#end.abort();
      this.#events.gap();
      return 'compacted';
    }
    if (response.created) {
      this.#events.connected();
      return undefined;
    }
    for (const { type, kv } of response.events) {
      const item = itemOf(kv);
      this.#events.change(kv.key, type === 'Put' ? item : undefined, item.mod);
    }
    // A watcher that catches up is told of a revision that it has not seen yet: what counts are the events.
    const last = response.events.at(-1)?.kv.mod_revision ?? response.header.revision;
    this.#events.reached(Number(last));
    return undefined;
  }
}
