// The bytes of a snapshot, written from docs/ABI.md alone: what the core must write for a state that is known
// otherwise.
import { sipHash13 } from '../../tests/siphash.js';
import { hex, le } from './script.js';

export interface Entry {
  ordinal: number | bigint;
  identity?: string;
  /** Of a reserved binding: the time of its release. */
  releasedAt?: number;
  held?: boolean;
}

export interface State {
  version: 4 | 6;
  prefix: number;
  policy: 'serial' | 'lowest';
  network: bigint;
  cursor: number | bigint;
  lastTime: number;
  excluded: [number | bigint, number | bigint][];
  /** Live bindings, and what is held without one, ascending. */
  used: Entry[];
  /** Released first first. */
  reserved: Entry[];
}

const LIVE = 1;
const HELD = 2;

/** In hex. */
export function snapshotOf(state: State): string {
  const { version, prefix, policy, network, cursor, lastTime, excluded, used, reserved } = state;
  const header = [
    hex('LMPT') + le(1, 1, version, prefix, policy === 'lowest' ? 1 : 0) + le(16, network, cursor) + le(8, lastTime),
    le(4, excluded.length, used.length, reserved.length, 0),
  ];
  const parts = [
    header.join(''),
    ...excluded.map((range) => le(16, ...range)),
    ...used.map((entry) => entryOf(entry, entry.identity === undefined ? 0 : LIVE)),
    ...reserved.map((entry) => entryOf(entry, 0)),
  ];
  const sum = parts.reduce((before, part) => sipHash13(Buffer.from(part, 'hex'), before, 0x54504d4cn), 0n);
  return parts.join('') + le(8, sum);
}

function entryOf({ ordinal, identity = '', releasedAt = 0, held = false }: Entry, live: number): string {
  const flags = live | (held ? HELD : 0);
  return le(16, ordinal) + le(6, releasedAt) + le(1, flags, Buffer.byteLength(identity)) + hex(identity);
}
