// Calls to etcd: which member is asked, until when, and what a failure says about the request. Knows nothing of keys.
//
// One of the two places where a call is tried again (the other is the service's attempts.ts). Here: a request that has
// certainly not been applied, since it never left or the member says so, goes to the next member; one that only reads
// goes there as well when the member says nothing. The client's own retries are off: it repeats a transaction that may
// have been applied, and then answers that it lost.

import { Etcd3, type IOptions, type KVClient } from 'etcd3';
import { LimpetError } from '../../host/errors.js';
import type { Clock } from '../../service/clock.js';
import { Deadline } from '../../service/deadline.js';
import type { Member, Stream, StreamMethod } from './member.js';
import { type EtcdStoreOptions, refuseInClear } from './options.js';
import { withHelp } from './room.js';

type Policy = NonNullable<NonNullable<IOptions['faultHandling']>['global']>;
/** What gRPC's calls can be given. */
export type CallOptions = NonNullable<Parameters<KVClient['txn']>[1]>;

interface Call {
  start(metadata: { set(name: string, value: string): void }, listener: unknown): void;
}

interface Client {
  getChannel(): {
    getConnectivityState(connect: boolean): number;
    watchConnectivityState(current: number, until: number, callback: () => void): void;
  };
  watch(metadata: unknown, options: object): Stream<never, never>;
  leaseKeepAlive(metadata: unknown, options: object): Stream<never, never>;
}

/** States of a gRPC channel. */
const READY = 2;
const TRANSIENT_FAILURE = 3;
const SHUTDOWN = 4;

const straight = { execute: async (call: () => unknown) => call() } as unknown as Policy;

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

/** A member that has lost its leader refuses at once, and ends its watches: what it knows may be old. */
function demandLeader(options: unknown, next: (options: unknown) => Call): Call {
  const call = next(options);
  const start = call.start.bind(call);
  call.start = (metadata, listener) => {
    metadata.set('hasleader', 'true');
    start(metadata, listener);
  };
  return call;
}

const interceptors = [demandLeader] as unknown as NonNullable<CallOptions['interceptors']>;

/** One member, by etcd's own client. */
class Endpoint extends Etcd3 implements Member {
  readonly #streams = new Set<Stream<never, never>>();

  async unready(deadline: Deadline): Promise<string | undefined> {
    try {
      const channel = await this.pool.withConnection('KV', ({ client }) => (client as unknown as Client).getChannel());
      for (;;) {
        const state = channel.getConnectivityState(true);
        if (state === READY) return undefined;
        if (state === TRANSIENT_FAILURE || state === SHUTDOWN || deadline.passed) return 'no connection';
        await new Promise<void>((resolve) => channel.watchConnectivityState(state, deadline.at, () => resolve()));
      }
    } catch (error) {
      return (error as Error).message; // of signing in, which comes before
    }
  }

  async stream<Request, Response>(method: StreamMethod): Promise<Stream<Request, Response>> {
    return this.pool.withConnection(method === 'watch' ? 'Watch' : 'Lease', ({ client, metadata }) => {
      const stream = (client as unknown as Client)[method](metadata, { interceptors });
      this.#streams.add(stream);
      stream.on('error', () => this.#streams.delete(stream));
      stream.on('end', () => this.#streams.delete(stream));
      return stream as unknown as Stream<Request, Response>;
    });
  }

  hangUp(): void {
    for (const stream of this.#streams) stream.cancel();
  }
}

type Send<T> = (endpoint: Member, options: CallOptions) => Promise<T>;

/** Whether a request may change what etcd has. */
type Kind = 'write' | 'read';

export class Connection {
  /** Milliseconds that a call has which nobody bounds otherwise. */
  readonly patience: number;
  readonly #clock: Clock;
  readonly #endpoints: readonly Member[];
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
    const callOptions = () => ({ deadline: clock.now() + this.patience });
    const { connect = (host: string) => new Endpoint(clientOptions(options, host, callOptions)) } = options;
    this.#endpoints = options.endpoints.map(connect);
    this.#current = Math.floor(clock.random() * this.#endpoints.length); // not all processes at one member
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

function clientOptions(options: EtcdStoreOptions, host: string, callOptions: () => CallOptions): IOptions {
  const { tls, user, password } = options;
  return {
    hosts: [host],
    faultHandling: { global: straight, host: () => straight },
    grpcOptions: {
      'grpc.max_receive_message_length': -1, // a page of long identities is larger than gRPC's 4 MB
      'grpc.use_local_subchannel_pool': 1, // a call that timed out gets a new connection, not the one that is stuck
      'grpc.keepalive_time_ms': 10_000,
      'grpc.keepalive_timeout_ms': 3_000,
      'grpc.initial_reconnect_backoff_ms': 100,
      'grpc.max_reconnect_backoff_ms': 1_000,
    },
    ...(tls === undefined
      ? {}
      : {
          credentials: {
            rootCertificate: Buffer.from(tls.ca),
            ...(tls.key === undefined ? {} : { privateKey: Buffer.from(tls.key) }),
            ...(tls.certificate === undefined ? {} : { certChain: Buffer.from(tls.certificate) }),
          },
        }),
    ...(user === undefined || password === undefined ? {} : { auth: { username: user, password, callOptions } }),
  };
}

export function unavailable(why: string, outcome: 'none' | 'unknown'): LimpetError {
  const what = outcome === 'none' ? 'nothing was written' : 'whether it was written is not known yet';
  return new LimpetError('UNAVAILABLE', `etcd: ${withHelp(why)}; ${what}`, { outcome });
}
