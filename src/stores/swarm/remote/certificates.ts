// The swarm's own certificates on this node, as Docker keeps and renews them: who this node is, and whom it believes.

import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LimpetError } from '../../../host/errors.js';

/** Who somebody is, by his certificate. */
export interface Member {
  /** The swarm's ID of the node. */
  readonly node: string;
  readonly role: 'manager' | 'worker';
  /** The ID of the swarm. */
  readonly cluster: string;
}

export interface Certificates {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
  readonly self: Member;
}

/** Whether Docker has renewed nothing: the root alone changes at the end of `docker swarm ca --rotate`. */
export function areSame(one: Certificates | undefined, other: Certificates): boolean {
  return one?.cert === other.cert && one.key === other.key && one.ca === other.ca;
}

/** Docker's own words stand before the key, between its lines: TLS takes the key without them. */
const DOCKERS = /^(kek-version|raft-dek|[A-Za-z-]+): .*\r?\n/gm;

/**
 * Read anew each time: Docker renews them.
 * @param folder `<data-root>/swarm/certificates`
 * @throws LimpetError UNAVAILABLE, with what to do
 */
export async function readCertificates(folder: string): Promise<Certificates> {
  const read = (name: string) =>
    readFile(join(folder, name), 'utf8').catch((error: Error) => {
      const hint = 'set swarm.source to the folder swarm in the data root of Docker';
      throw unavailable(`the swarm's certificates cannot be read (${error.message}): ${hint}`);
    });
  const [ca, cert, key] = await Promise.all(['swarm-root-ca.crt', 'swarm-node.crt', 'swarm-node.key'].map(read));
  if (/ENCRYPTED/.test(key as string)) {
    const why =
      'this swarm is locked (docker swarm update --autolock=true), and so the key of its managers is encrypted';
    throw unavailable(`${why}: workers cannot be answered. Unlock it (--autolock=false), or use etcd (docs/ETCD.md)`);
  }
  const self = memberOf(new X509Certificate(cert as string).subject);
  if (self === undefined)
    throw unavailable(`${join(folder, 'swarm-node.crt')} is not the certificate of a swarm's node`);
  return { ca: ca as string, cert: cert as string, key: (key as string).replace(DOCKERS, ''), self };
}

/** By the subject, a line for each part; undefined when it is no node of a swarm. */
export function memberOf(subject: string): Member | undefined {
  const part = (name: string) => new RegExp(`^${name}=(.+)$`, 'm').exec(subject)?.[1];
  const [node, unit, cluster] = [part('CN'), part('OU'), part('O')];
  const role = unit === 'swarm-manager' ? 'manager' : unit === 'swarm-worker' ? 'worker' : undefined;
  return node === undefined || role === undefined || cluster === undefined ? undefined : { node, role, cluster };
}

function unavailable(message: string): LimpetError {
  return new LimpetError('UNAVAILABLE', message, { outcome: 'none' });
}
