// What every call to etcd is sent with.

import type { KVClient } from 'etcd3';

/** What gRPC's calls can be given. */
export type CallOptions = NonNullable<Parameters<KVClient['txn']>[1]>;

interface Call {
  start(metadata: { set(name: string, value: string): void }, listener: unknown): void;
}

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

export const interceptors = [demandLeader] as unknown as NonNullable<CallOptions['interceptors']>;
