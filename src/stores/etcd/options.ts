// How the etcd store is told where etcd is and who asks: options in code, or a URL with the environment.

import { readFileSync } from 'node:fs';
import { LimpetError } from '../../host/errors.js';
import type { Clock } from '../../service/clock.js';

export interface EtcdStoreOptions {
  /** `host:port`, every member that may be asked; tried in turn. */
  readonly endpoints: readonly string[];
  /** The ID of the node that asks, for operators who look into etcd. */
  readonly node: string;
  /** Seconds until the live marks of a process that has gone silent end. Default 10; etcd takes no fewer than 2. */
  readonly ttl?: number;
  /** Milliseconds until a call that etcd does not answer fails. Default 3000. */
  readonly deadline?: number;
  /** PEM. With certificate and key, etcd knows the client by them. */
  readonly tls?: {
    readonly ca: string | Uint8Array;
    readonly certificate?: string | Uint8Array;
    readonly key?: string | Uint8Array;
  };
  readonly user?: string;
  readonly password?: string;
  /** What all keys begin with. Default `/limpet/v2/`. */
  readonly prefix?: string;
  /** Default: the machine's own. Another one has to run in real time, by which gRPC's deadlines go. */
  readonly clock?: Clock;
  /** The most keys of one answer while the state is read. Default 10 000. */
  readonly page?: number;
}

/** The environment variables that are read: files for TLS, and who asks. */
export interface EtcdEnvironment {
  readonly LIMPET_ETCD_CA?: string | undefined;
  readonly LIMPET_ETCD_CERT?: string | undefined;
  readonly LIMPET_ETCD_KEY?: string | undefined;
  readonly LIMPET_ETCD_USER?: string | undefined;
  readonly LIMPET_ETCD_PASSWORD?: string | undefined;
}

const FORM = 'etcd://host:port,host:port?ttl=10&deadline=3000&prefix=/limpet/v2/';

/**
 * Options from `etcd://a:2379,b:2379?ttl=10&deadline=3000&prefix=/limpet/v2/` and the environment. The port may be left
 * out. What the environment names for TLS are files. No user or password in the URL: URLs end up in logs.
 * @throws LimpetError BAD_INPUT; it never repeats a password
 */
export function etcdOptions(url: string, node: string, environment = process.env as EtcdEnvironment): EtcdStoreOptions {
  const parts = /^etcd:\/\/([^/?#]+)\/?(?:\?([^#]*))?$/.exec(url);
  if (parts === null || parts[1]?.includes('@')) throw bad(`an etcd store is named as ${FORM}, without a user in it`);
  const endpoints = (parts[1] as string).split(',').map(endpoint);
  const query = new URLSearchParams(parts[2] ?? '');
  for (const name of query.keys()) {
    if (!['ttl', 'deadline', 'prefix'].includes(name)) throw bad(`${JSON.stringify(name)} is no setting of ${FORM}`);
  }
  const ttl = positive(query, 'ttl');
  const deadline = positive(query, 'deadline');
  const prefix = query.get('prefix');
  return {
    endpoints,
    node,
    ...(ttl === undefined ? {} : { ttl }),
    ...(deadline === undefined ? {} : { deadline }),
    ...(prefix === null ? {} : { prefix }),
    ...tlsOf(environment),
    ...userOf(environment),
  };
}

function endpoint(text: string): string {
  const parts = /^(\[[0-9a-fA-F:.]+\]|[^\s:[\]]+)(?::(\d{1,5}))?$/.exec(text);
  if (parts === null) throw bad(`${JSON.stringify(text)} is no host, nor host:port`);
  return `${parts[1]}:${parts[2] ?? '2379'}`;
}

function positive(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw bad(`${name}=${text} is no whole number from 1`);
}

function tlsOf(environment: EtcdEnvironment): Pick<EtcdStoreOptions, 'tls'> {
  const { LIMPET_ETCD_CA: ca, LIMPET_ETCD_CERT: certificate, LIMPET_ETCD_KEY: key } = environment;
  if (!ca && !certificate && !key) return {};
  if (!ca) throw bad('LIMPET_ETCD_CERT and LIMPET_ETCD_KEY need LIMPET_ETCD_CA, whom to trust');
  if (!certificate !== !key) throw bad('LIMPET_ETCD_CERT and LIMPET_ETCD_KEY come together or not at all');
  if (!certificate || !key) return { tls: { ca: read('LIMPET_ETCD_CA', ca) } };
  return {
    tls: {
      ca: read('LIMPET_ETCD_CA', ca),
      certificate: read('LIMPET_ETCD_CERT', certificate),
      key: read('LIMPET_ETCD_KEY', key),
    },
  };
}

function userOf(environment: EtcdEnvironment): Pick<EtcdStoreOptions, 'user' | 'password'> {
  const { LIMPET_ETCD_USER: user, LIMPET_ETCD_PASSWORD: password } = environment;
  if (!user && !password) return {};
  if (!user || !password) throw bad('LIMPET_ETCD_USER and LIMPET_ETCD_PASSWORD come together or not at all');
  return { user, password };
}

function read(name: string, file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw bad(`${name}: ${(error as Error).message}`);
  }
}

function bad(message: string): LimpetError {
  return new LimpetError('BAD_INPUT', message);
}
