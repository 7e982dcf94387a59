// The packed record that a rebuild takes: docs/ABI.md, "Packed records".
//
//   ┌────────────┬──────┬────────┬───────┬───┬────────┬───────────┐
//   │ ordinal    │ rank │ status │ flags │ 0 │ length │ identity… │
//   │ 0          │ 16   │ 24     │ 25    │26 │ 27     │ 28        │
//   └────────────┴──────┴────────┴───────┴───┴────────┴───────────┘

const HEADER = 28;
const LIVE = 1;
const WANTED = 4;

/** What of a claim the record carries; the identity is known to fit. */
export interface Packable {
  readonly identity: string;
  readonly state: 'live' | 'reserved';
  readonly wanted: boolean;
  readonly rank: number;
}

export function packClaim(ordinal: bigint, claim: Packable): Uint8Array {
  const identity = new TextEncoder().encode(claim.identity);
  const packed = new Uint8Array(HEADER + identity.length);
  const view = new DataView(packed.buffer);
  view.setBigUint64(0, BigInt.asUintN(64, ordinal), true);
  view.setBigUint64(8, ordinal >> 64n, true);
  view.setBigUint64(16, BigInt(claim.rank), true);
  packed[25] = (claim.state === 'live' ? LIVE : 0) | (claim.wanted ? WANTED : 0);
  packed[27] = identity.length;
  packed.set(identity, HEADER);
  return packed;
}
