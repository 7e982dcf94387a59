// How the etcd store is told where etcd is and who asks: options in code, or a URL with the environment.

import { readFileSync } from 'node:fs';
import { LimpetError } from '../../host/errors.js';
import type { Clock } from '../../service/clock.js';
import type { Member } from './member.js';

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
  /** Without `tls` whoever is on the way reads them: that is refused, unless `plainAuth` takes it upon itself. */
  readonly user?: string;
  readonly password?: string;
  readonly plainAuth?: boolean;
  /** What all keys begin with. Default `/limpet/v2/`. */
  readonly prefix?: string;
  /** Default: the machine's own. Another one has to run in real time, by which gRPC's deadlines go. */
  readonly clock?: Clock;
  /** The most keys of one answer while the state is read. Default 2000. */
  readonly page?: number;
  /** @internal What stands for a member, instead of etcd's own client. Then the clock need not run in real time. */
  readonly connect?: (host: string) => Member;
}

/** The environment variables that are read: files for TLS, and who asks, itself or in a file. */
export interface EtcdEnvironment {
  readonly LIMPET_ETCD_CA?: string | undefined;
  readonly LIMPET_ETCD_CERT?: string | undefined;
  readonly LIMPET_ETCD_KEY?: string | undefined;
  readonly LIMPET_ETCD_USER?: string | undefined;
  readonly LIMPET_ETCD_USER_FILE?: string | undefined;
  readonly LIMPET_ETCD_PASSWORD?: string | undefined;
  readonly LIMPET_ETCD_PASSWORD_FILE?: string | undefined;
}

/** Asks for user and password to go over a connection without TLS. */
const PLAIN = 'plain-auth';
const FORM = 'etcd://host:port,host:port?ttl=10&deadline=3000&prefix=/limpet/v2/';

/**
 * Options from `etcd://a:2379,b:2379?ttl=10&deadline=3000&prefix=/limpet/v2/` and the environment. The port may be left
 * out. What the environment names for TLS are files. No user or password in the URL: URLs end up in logs. A password
 * without TLS is refused by the store, unless the URL says `plain-auth=yes`.
 * @throws LimpetError BAD_INPUT; it never repeats a password
 */
export function etcdOptions(url: string, node: string, environment = process.env as EtcdEnvironment): EtcdStoreOptions {
  const parts = /^etcd:\/\/([^/?#]+)\/?(?:\?([^#]*))?$/.exec(url);
  // Wherever the @ is, a user may stand before it: nothing of such a URL is repeated.
  if (parts === null || url.includes('@')) {
    const where = 'they come from the environment; in a prefix write %40 for @';
    throw bad(`an etcd store is named as ${FORM}, without user and password in it: ${where}`);
  }
  const endpoints = (parts[1] as string).split(',').map(endpoint);
  const query = new URLSearchParams(parts[2] ?? '');
  for (const name of query.keys()) {
    if (!['ttl', 'deadline', 'prefix', PLAIN].includes(name))
      throw bad(`${JSON.stringify(name)} is not a setting of ${FORM}`);
  }
  const ttl = positive(query, 'ttl');
  const deadline = positive(query, 'deadline');
  const prefix = query.get('prefix');
  const tls = tlsOf(environment);
  const who = userOf(environment);
  const isPlainAllowed = plainAllowed(query);
  return {
    endpoints,
    node,
    ...(ttl === undefined ? {} : { ttl }),
    ...(deadline === undefined ? {} : { deadline }),
    ...(prefix === null ? {} : { prefix }),
    ...tls,
    ...who,
    ...(isPlainAllowed ? { plainAuth: true } : {}),
  };
}

/** @throws LimpetError BAD_INPUT when a password would go without TLS, and nobody has asked for that */
export function refuseInClear({ password, tls, plainAuth }: EtcdStoreOptions): void {
  if (password === undefined || tls !== undefined || plainAuth === true) return;
  const why = 'without TLS whoever is on the way reads them';
  const instead = `${PLAIN}=yes in the URL, or plainAuth in code, takes that upon itself`;
  throw bad(`user and password for etcd, and no LIMPET_ETCD_CA: ${why}; ${instead}`);
}

function endpoint(text: string): string {
  const parts = /^(\[[0-9a-fA-F:.]+\]|[^\s:[\]]+)(?::(\d{1,5}))?$/.exec(text);
  if (parts === null) throw bad(`${JSON.stringify(text)} is neither a host nor host:port`);
  return `${parts[1]}:${parts[2] ?? '2379'}`;
}

function positive(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw bad(`${name}=${text} is not a whole number from 1`);
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
  const user = saidOrRead('LIMPET_ETCD_USER', environment);
  const password = saidOrRead('LIMPET_ETCD_PASSWORD', environment);
  if (!user && !password) return {};
  if (!user || !password)
    throw bad('LIMPET_ETCD_USER and LIMPET_ETCD_PASSWORD, or their files, come together or not at all');
  return { user, password };
}

/** A variable, or the first line of the file that its sibling names, as Docker's secrets are. */
function saidOrRead(name: 'LIMPET_ETCD_USER' | 'LIMPET_ETCD_PASSWORD', environment: EtcdEnvironment): string {
  const { [name]: said = '', [`${name}_FILE` as const]: file } = environment;
  if (!file) return said;
  if (said) throw bad(`${name} and ${name}_FILE exclude each other: leave one out`);
  const [line = ''] = read(`${name}_FILE`, file).toString('utf8').split(/\r?\n/);
  if (line === '') throw bad(`${name}_FILE: the first line of ${file} is empty`);
  return line;
}

function plainAllowed(query: URLSearchParams): boolean {
  const said = query.get(PLAIN);
  if (said === null || said === 'yes' || said === 'no') return said === 'yes';
  throw bad(`${PLAIN}=${JSON.stringify(said)}: it is yes or no`);
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
