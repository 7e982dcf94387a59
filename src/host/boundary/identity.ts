// Identities as the core takes them: UTF-8 bytes in its own memory.

import { Identity, notAnIdentity } from '../identity.js';
import { encoder } from '../utf8.js';

/** The most bytes of an identity. */
export const LONGEST_IDENTITY = 255;

/**
 * Writes an identity to the start of `place`, which has room for LONGEST_IDENTITY bytes and no more; answers its
 * length, or −1 when it is not 1 to 255 bytes of well-formed text. The encoder writes into the memory itself: for 27
 * characters that is faster than a loop over them.
 * @throws TypeError
 */
export function writeIdentity(identity: string | Identity, place: Uint8Array): number {
  if (typeof identity === 'string') {
    const { read, written } = encoder.encodeInto(identity, place);
    if (read !== identity.length || written === 0) return -1; // what has no room is left out
    // As many bytes as characters is ASCII. Half a surrogate pair would have become a replacement character.
    return written === read || !/\p{Surrogate}/u.test(identity) ? written : -1;
  }
  if (!(identity instanceof Identity)) throw notAnIdentity(identity);
  const { bytes } = identity;
  place.set(bytes);
  return bytes.length;
}
