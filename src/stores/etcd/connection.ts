// Calls to etcd: which member is asked, until when, and what a failure says about the request. Knows nothing of keys.
//
// A request that has certainly not been applied, since it never left or the member says so, goes to the next member;
// one that only reads goes there as well when the member says nothing. The client's own retries are off: it repeats a
// transaction that may have been applied, and then answers that it lost.

import { LimpetError } from '../../host/errors.js';
import type { Clock } from '../../service/clock.js';
import { Deadline } from '../../service/deadline.js';
import { missingPackage } from '../missing-package.js';
import { type CallOptions, interceptors } from './has-leader.js';
import type { Member } from './member.js';
import { type EtcdStoreOptions, refuseInClear } from './options.js';
import { withHelp } from './room.js';

/** The request never left, or etcd says that it has not been applied. Everything else may have been. */
const NOT_APPLIED = new RegExp(
  [
    'No connection established',
    'Name resolution failed',
    'Channel closed before call started',
    'Waiting for LB pick',
    'ECONNREFUSED',
    'etcdserver: no leader',
    'etcdserver: too many requests',
    'etcdserver: mvcc: database space exceeded',
    'etcdserver: permission denied',
    'etcdserver: invalid auth token',
    'etcdserver: requested lease not found',
    'etcdserver: duplicate key',
    'etcdserver: too many operations',
    'etcdserver: request is too large',
    'etcdserver: authentication failed',
    'etcdserver: authentication is not enabled',
    'etcdserver: user name',
    'etcdserver: mvcc: required revision',
    'etcdserver: key is not provided',
    'etcdserver: not capable',
  ].join('|'),
);
/** Of those: what may go away by itself, or on another member. */
const TRY_AGAIN =
  /No connection|Name resolution|Channel closed|Waiting for LB|ECONNREFUSED|no leader|too many requests/;

/** What trying again does not mend. */
const SIGN_IN = /authentication failed|authentication is not enabled|user name/;

/** Milliseconds before a member that could not take a request is asked again. */
const PAUSE = 50;

type Send<T> = (endpoint: Member, options: CallOptions) => Promise<T>;

/** Whether a request may change what etcd has. */
type Kind = 'write' | 'read';

export class Connection {
  /** Milliseconds that a call has which nobody bounds otherwise. */
  readonly patience: number;
  readonly #clock: Clock;
  readonly #options: EtcdStoreOptions;
  /** None before {@link open}. */
  #endpoints: readonly Member[] = [];
  #current: number;
  /** When etcd has answered a call, or told of a change, last. */
  #heard = 0;

  /**
   * @param clock the machine's time: gRPC's own deadlines go by it
   * @throws LimpetError BAD_INPUT: no endpoint, or a password that would go in clear
   */
  constructor(options: EtcdStoreOptions, clock: Clock) {
    refuseInClear(options);
    if (options.endpoints.length === 0) throw new LimpetError('BAD_INPUT', 'an etcd store needs an endpoint');
    this.patience = options.deadline ?? 3000;
    this.#clock = clock;
    this.#options = options;
    this.#current = Math.floor(clock.random() * options.endpoints.length); // not all processes at one member
  }

  /** Makes what calls the members; connects to none yet. @throws LimpetError UNAVAILABLE: etcd3 is not installed */
  async open(): Promise<void> {
    if (this.#endpoints.length > 0) return; // a store that could not be opened is opened again
    const { endpoints, connect = await this.#client() } = this.#options;
    this.#endpoints = endpoints.map(connect);
  }

  async #client(): Promise<(host: string) => Member> {
    const callOptions = () => ({ deadline: this.#clock.now() + this.patience });
    try {
      const { endpointOf } = await import('./endpoint.js');
      return (host) => endpointOf(this.#options, host, callOptions);
    } catch (cause) {
      throw missingPackage('etcd3', 'the etcd store speaks to etcd with', cause);
    }
  }

  /** Etcd has just said something. */
  hear(): void {
    this.#heard = this.#clock.elapsed();
  }

  /** Whether nothing was heard of etcd for as long as a call has. */
  get isSilent(): boolean {
    return this.#clock.elapsed() - this.#heard >= this.patience;
  }

  /** The connection's own deadline, or the caller's if that is the shorter. */
  within(caller?: Deadline): Deadline {
    return new Deadline(this.#clock, Math.min(this.patience, caller?.left ?? this.patience));
  }

  /**
   * Sends once, to a member that can be reached; sends again only what certainly has not been applied.
   * @throws LimpetError UNAVAILABLE with `details.outcome`, in time
   */
  async call<T>(send: Send<T>, deadline = this.within()): Promise<T> {
    return this.#try('write', send, deadline);
  }

  /**
   * As {@link call}, for what writes nothing: a member that does not answer in its share of the time is given up for
   * the next.
   * @throws LimpetError UNAVAILABLE, in time
   */
  async ask<T>(send: Send<T>, deadline = this.within()): Promise<T> {
    return this.#try('read', send, deadline);
  }

  async #try<T>(kind: Kind, send: Send<T>, deadline: Deadline): Promise<T> {
    for (let last = 'no connection'; ; ) {
      if (deadline.passed) throw unavailable(last, 'none');
      const endpoint = this.endpoint;
      const share = new Deadline(this.#clock, Math.min(deadline.left, this.patience / this.#endpoints.length));
      const unready = await endpoint.unready(share);
      if (unready !== undefined) {
        if (SIGN_IN.test(unready)) throw unavailable(unready, 'none');
        last = unready;
      } else if (!deadline.passed) {
        const until = kind === 'read' ? share : deadline;
        try {
          const answer = await send(endpoint, { deadline: until.at, interceptors });
          this.hear();
          return answer;
        } catch (error) {
          last = (error as Error).message;
          this.#giveUpOn(kind, endpoint, last);
        }
      }
      this.pass(endpoint);
      await this.#clock.sleep(Math.min(PAUSE, deadline.left));
    }
  }

  /** @throws LimpetError UNAVAILABLE when the request must not be sent again, or need not */
  #giveUpOn(kind: Kind, endpoint: Member, why: string): void {
    const isRefused = NOT_APPLIED.test(why);
    if (isRefused && !TRY_AGAIN.test(why)) throw unavailable(why, 'none');
    if (isRefused || kind === 'read') return;
    this.pass(endpoint);
    throw unavailable(why, 'unknown');
  }

  /** The member that is asked now. */
  get endpoint(): Member {
    return this.#endpoints[this.#current] as Member;
  }

  /** Turns to the next member with everything, unless somebody has done so already. */
  pass(failed: Member): void {
    if (this.endpoint !== failed) return;
    this.#current = (this.#current + 1) % this.#endpoints.length;
    if (this.endpoint !== failed) failed.hangUp();
  }

  close(): void {
    for (const endpoint of this.#endpoints) endpoint.close();
  }
}

export function unavailable(why: string, outcome: 'none' | 'unknown'): LimpetError {
  const what = outcome === 'none' ? 'nothing was written' : 'whether it was written is not known yet';
  return new LimpetError('UNAVAILABLE', `etcd: ${withHelp(why)}; ${what}`, { outcome });
}
