// The keyed hash. Identities come from users, so it is SipHash-1-3 under a key that the host chooses (Aumasson,
// Bernstein: "SipHash: a fast short-input PRF", 2012). No answer of the core depends on the key, nor does how much
// memory it takes; only the order in its tables does.

export abstract class Key {
  static k0: u64 = 0;
  static k1: u64 = 0;
}

export function setKey(k0: u64, k1: u64): void {
  Key.k0 = k0;
  Key.k1 = k1;
}

/**
 * The last `length & 7` bytes of a run that ends at `end`, as a little-endian number; reads no byte outside the run.
 */
function tail(end: usize, length: u32): u64 {
  const bits: u64 = (length & 7) << 3;
  if (!bits) return 0;
  if (length > 7) return load<u64>(end - 8) >> (64 - bits);
  let word: u64 = 0;
  for (let at = end - length; at < end; end--) word = (word << 8) | <u64>load<u8>(end - 1);
  return word;
}

/** SipHash-1-3 of `length` bytes under (k0, k1). */
export function sipHash(at: usize, length: u32, k0: u64, k1: u64): u64 {
  let v0 = k0 ^ 0x736f6d6570736575;
  let v1 = k1 ^ 0x646f72616e646f6d;
  let v2 = k0 ^ 0x6c7967656e657261;
  let v3 = k1 ^ 0x7465646279746573;
  const end = at + length;
  for (; at + 8 <= end; at += 8) {
    const word = load<u64>(at);
    v3 ^= word;
    v0 += v1;
    v1 = rotl(v1, 13) ^ v0;
    v0 = rotl(v0, 32);
    v2 += v3;
    v3 = rotl(v3, 16) ^ v2;
    v0 += v3;
    v3 = rotl(v3, 21) ^ v0;
    v2 += v1;
    v1 = rotl(v1, 17) ^ v2;
    v2 = rotl(v2, 32);
    v0 ^= word;
  }
  // The padded tail, then three rounds that mix in nothing.
  let word = tail(end, length) | ((<u64>length) << 56);
  for (let rounds = 4; rounds; rounds--) {
    v3 ^= word;
    v0 += v1;
    v1 = rotl(v1, 13) ^ v0;
    v0 = rotl(v0, 32);
    v2 += v3;
    v3 = rotl(v3, 16) ^ v2;
    v0 += v3;
    v3 = rotl(v3, 21) ^ v0;
    v2 += v1;
    v1 = rotl(v1, 17) ^ v2;
    v2 = rotl(v2, 32);
    v0 ^= word;
    if (rounds == 4) v2 ^= 0xff;
    word = 0;
  }
  return v0 ^ v1 ^ v2 ^ v3;
}

export function hashBytes(at: usize, length: u32): u32 {
  return <u32>sipHash(at, length, Key.k0, Key.k1);
}
