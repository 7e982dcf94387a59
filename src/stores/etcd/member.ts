// What the store asks of one member of etcd. The seam behind which another client, or a simulated etcd, can stand.

import type { KVClient, LeaseClient } from 'etcd3';
import type { Deadline } from '../../service/deadline.js';

/** A stream in both directions, as etcd's watch and lease calls are. */
export interface Stream<Request, Response> {
  write(request: Request): void;
  cancel(): void;
  on(event: 'data', listener: (response: Response) => void): void;
  on(event: 'error', listener: (error: Error) => void): void;
  on(event: 'end', listener: () => void): void;
}

export type StreamMethod = 'watch' | 'leaseKeepAlive';

export interface Member {
  readonly kv: Pick<KVClient, 'txn' | 'range' | 'put'>;
  readonly leaseClient: Pick<LeaseClient, 'leaseGrant'>;
  /** Why the member cannot take a request now, told in time; undefined when it can. */
  unready(deadline: Deadline): Promise<string | undefined>;
  /** A stream to this member, which ends by itself only when the connection does. */
  stream<Request, Response>(method: StreamMethod): Promise<Stream<Request, Response>>;
  /** Ends its streams: a member whose machine has died does not, and what goes over them stands still unnoticed. */
  hangUp(): void;
  close(): void;
}
