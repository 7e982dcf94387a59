// dockerode in the version of the API that both sides know, for all who ask Docker.

import Docker from 'dockerode';
import { quote } from '../host/address.js';
import { dig } from '../host/json.js';

/** The newest version of the API whose answers are read here. */
const NEWEST = [1, 52] as const;

/** Docker 29 refuses versions below 1.40, Docker 20.10 knows none above 1.41: the newest that both sides know. */
export async function agreed(address: Docker.DockerOptions, abortSignal: AbortSignal): Promise<Docker> {
  // dockerode's declarations leave the signal out, its code does not.
  const version = (new Docker(address) as unknown as { version: (options: object) => Promise<unknown> }).version({
    abortSignal,
  });
  const theirs = String(dig(await version, 'ApiVersion'));
  const [, major, minor] = /^(\d+)\.(\d+)$/.exec(theirs) ?? [];
  if (major === undefined) throw new Error(`it names no version of its API, but ${quote(theirs)}`);
  const older = Number(major) < NEWEST[0] || (Number(major) === NEWEST[0] && Number(minor) < NEWEST[1]);
  return new Docker({ ...address, version: older ? `v${theirs}` : `v${NEWEST.join('.')}` });
}
