// One member of etcd by etcd's own client. Nothing else imports that package, and this module is imported when a store
// is opened: it is installed only by those who use this store.

import { Etcd3, type IOptions } from 'etcd3';
import type { Deadline } from '../../service/deadline.js';
import { type CallOptions, interceptors } from './has-leader.js';
import type { Member, Stream, StreamMethod } from './member.js';
import type { EtcdStoreOptions } from './options.js';

type Policy = NonNullable<NonNullable<IOptions['faultHandling']>['global']>;

interface Channel {
  getConnectivityState(connect: boolean): number;
  watchConnectivityState(current: number, until: number, callback: () => void): void;
}

interface Client {
  getChannel(): Channel;
  watch(metadata: unknown, options: object): Stream<never, never>;
  leaseKeepAlive(metadata: unknown, options: object): Stream<never, never>;
}

/** States of a gRPC channel. */
const READY = 2;
const TRANSIENT_FAILURE = 3;
const SHUTDOWN = 4;

const straight = { execute: async (call: () => unknown) => call() } as unknown as Policy;

class Endpoint extends Etcd3 implements Member {
  readonly #streams = new Set<Stream<never, never>>();
  /** The one that was ready last. The client makes another one when it has failed. */
  #channel: Channel | undefined;

  async unready(deadline: Deadline): Promise<string | undefined> {
    if (this.#channel?.getConnectivityState(false) === READY) return undefined;
    try {
      const channel = await this.pool.withConnection('KV', ({ client }) => (client as unknown as Client).getChannel());
      for (;;) {
        const state = channel.getConnectivityState(true);
        if (state === READY) {
          this.#channel = channel;
          return undefined;
        }
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

/** @param callOptions what signing in is called with */
export function endpointOf(options: EtcdStoreOptions, host: string, callOptions: () => CallOptions): Member {
  return new Endpoint(clientOptions(options, host, callOptions));
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
