// The lease of this process: the live marks hang on it and end with it. And its fence: every transaction compares the
// revision of the process's own key, so that putting that key anew shuts out whatever was sent before and may still be
// under way. Only then does a reading tell the truth about a commit whose answer was lost.

import type { ILeaseKeepAliveRequest, ILeaseKeepAliveResponse } from 'etcd3';
import { type Clock, stopwatch } from '../../service/clock.js';
import type { Connection } from './connection.js';
import type { Keys } from './keys.js';
import type { Stream } from './member.js';
import type { Writer } from './transaction.js';

type KeepAlive = Stream<ILeaseKeepAliveRequest, ILeaseKeepAliveResponse>;

export interface LeaseOptions {
  /** Seconds. */
  readonly ttl: number;
  readonly node: string;
  readonly onLost: () => void;
}

/** Milliseconds before a renewal that failed is tried again. */
const PAUSE = 100;

export class Lease {
  #id = '0';
  #fence = 0;
  /** Milliseconds that etcd has promised from each renewal. */
  #ttl = 0;
  /** When the last renewal that succeeded was sent, by both clocks: one stands still while a machine sleeps. */
  #renewed = [0, 0] as [elapsed: number, wall: number];
  #stream: KeepAlive | undefined;
  #answered: (answer: { id: string; ttl: number } | { error: Error }) => void = () => {};
  readonly #end = new AbortController();
  readonly #past = new Set<string>();
  readonly #connection: Connection;
  readonly #keys: Keys;
  readonly #clock: Clock;
  readonly #options: LeaseOptions;

  constructor(connection: Connection, clock: Clock, keys: Keys, options: LeaseOptions) {
    this.#connection = connection;
    this.#clock = clock;
    this.#keys = keys;
    this.#options = options;
  }

  get writer(): Writer {
    return { lease: this.#id, processKey: this.#keys.process(this.#id), fence: this.#fence };
  }

  /** Whether this process has, or had, that lease. */
  isOwn(id: string): boolean {
    return this.#past.has(id);
  }

  /** Whether there has ever been one. */
  get isGranted(): boolean {
    return this.#past.size > 0;
  }

  get ttl(): number {
    return this.#options.ttl * 1000;
  }

  /** Whether etcd cannot have ended the lease yet. False after a silence, though the lease may be there. */
  get isCertain(): boolean {
    const silence = Math.max(this.#clock.elapsed() - this.#renewed[0], this.#clock.now() - this.#renewed[1]);
    return this.#fence > 0 && silence < this.#ttl;
  }

  /** A new lease, and the process's key under it. */
  async grant(): Promise<void> {
    const sent = this.#stamp();
    const granted = await this.#connection.call((etcd, options) =>
      etcd.leaseClient.leaseGrant({ TTL: this.#options.ttl }, options),
    );
    this.#id = granted.ID;
    this.#past.add(granted.ID);
    this.#ttl = Number(granted.TTL) * 1000;
    this.#renewed = sent;
    this.#fence = 0;
    await this.fence();
  }

  /** From its answer on no earlier transaction of this process is applied. False when the lease is gone. */
  async fence(): Promise<boolean> {
    const key = Buffer.from(this.#keys.process(this.#id));
    const value = Buffer.from(JSON.stringify({ node: this.#options.node }));
    try {
      const put = await this.#connection.call((etcd, options) => etcd.kv.put({ key, value, lease: this.#id }, options));
      this.#fence = Number(put.header.revision);
      return true;
    } catch (error) {
      if (/requested lease not found/.test((error as Error).message)) return false;
      throw error;
    }
  }

  /** An answer that was thought lost has put the process's key after all: its revision is the fence. */
  adopt(fence: number): void {
    this.#fence = Math.max(fence, this.#fence);
  }

  /** Renews until it is closed. */
  async keep(): Promise<void> {
    const { signal } = this.#end;
    while (!signal.aborted) {
      if (this.#fence === 0) {
        await this.#clock.sleep(PAUSE, signal); // none is granted yet
        continue;
      }
      const id = this.#id;
      const passed = stopwatch(this.#clock);
      const interval = this.#ttl / 3;
      const ttl = await this.#renew(id, interval);
      if (ttl === 0 && id === this.#id && !signal.aborted) {
        this.#fence = 0;
        this.#options.onLost();
        await this.#clock.sleep(PAUSE, signal);
      } else {
        const rest = ttl === undefined ? PAUSE : interval - passed();
        await this.#clock.sleep(Math.max(rest, 0), signal);
      }
    }
  }

  /**
   * Renews no more: the live marks end a time to live later, as after a crash. Rejected: to revoke the lease, for what
   * runs outlives this process, and the next one of the same node takes its marks over before they end.
   */
  close(): void {
    this.#end.abort();
    this.#stream?.cancel();
    this.#answered({ error: new Error('closed') });
  }

  /** The new time to live in seconds, 0 when the lease is gone, undefined when etcd did not answer in time. */
  async #renew(id: string, timeout: number): Promise<number | undefined> {
    const sent = this.#stamp();
    const endpoint = this.#connection.endpoint;
    try {
      const stream = this.#stream ?? (await this.#open());
      const ttl = await this.#ask(stream, id, timeout);
      if (ttl > 0 && id === this.#id) this.#renewed = sent;
      return ttl;
    } catch {
      this.#stream?.cancel();
      this.#stream = undefined;
      this.#connection.pass(endpoint);
      return undefined;
    }
  }

  async #open(): Promise<KeepAlive> {
    const endpoint = this.#connection.endpoint;
    const unready = await endpoint.unready(this.#connection.within());
    if (unready !== undefined) throw new Error(unready);
    const stream = await endpoint.stream<ILeaseKeepAliveRequest, ILeaseKeepAliveResponse>('leaseKeepAlive');
    const fail = (error: Error) => {
      if (this.#stream === stream) this.#stream = undefined;
      this.#answered({ error });
    };
    stream.on('data', ({ ID, TTL }) => this.#answered({ id: ID, ttl: Number(TTL) }));
    stream.on('error', fail);
    stream.on('end', () => fail(new Error('the connection ended')));
    this.#stream = stream;
    return stream;
  }

  /** One renewal at a time, so that an answer belongs to what was sent last. */
  #ask(stream: KeepAlive, id: string, timeout: number): Promise<number> {
    return new Promise((resolve, reject) => {
      const silent = () => this.#answered({ error: new Error('etcd does not renew the lease') });
      const callOff = this.#clock.after(timeout, silent);
      this.#answered = (answer) => {
        if ('id' in answer && answer.id !== id) return;
        callOff();
        this.#answered = () => {};
        if ('error' in answer) reject(answer.error);
        else resolve(answer.ttl);
      };
      stream.write({ ID: id });
    });
  }

  #stamp(): [number, number] {
    return [this.#clock.elapsed(), this.#clock.now()];
  }
}
