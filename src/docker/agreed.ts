// The version of Docker's API that both sides know.

import { quote } from '../host/address.js';
import { dig } from '../host/json.js';

/** The newest version of the API whose answers are read here. */
const NEWEST = [1, 52] as const;

/**
 * `v1.44`: Docker 29 refuses versions below 1.40, Docker 20.10 knows none above 1.41: the newest that both sides know.
 * @param answer Docker's, to GET /version. @throws Error when it names none
 */
export function versionFor(answer: unknown): string {
  const theirs = String(dig(answer, 'ApiVersion'));
  const [, major, minor] = /^(\d+)\.(\d+)$/.exec(theirs) ?? [];
  if (major === undefined) throw new Error(`it names no version of its API, but ${quote(theirs)}`);
  const older = Number(major) < NEWEST[0] || (Number(major) === NEWEST[0] && Number(minor) < NEWEST[1]);
  return older ? `v${theirs}` : `v${NEWEST.join('.')}`;
}
