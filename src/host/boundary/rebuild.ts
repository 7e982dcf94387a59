// A rebuild as the core knows it: docs/ABI.md, "Rebuild". In the order begin; words, scans and claims; resolve;
// conflicts; commit. What is fed, and what is told of it, host/rebuild.ts knows.

import type { ScannerWord } from '../claims.js';
import { encoder } from '../utf8.js';
import type { Calls, Count, SubnetId, WindowLength, WindowOffset, WordKind } from './calls.js';
import { type Memory, type Ordinal, WINDOW_SIZE } from './memory.js';
import { type Packable, putRecord, statusOf } from './packed.js';
import { Status } from './status.js';

const KINDS: Readonly<Record<ScannerWord['kind'], number>> = {
  'replicated service': 1,
  'global service': 2,
  'live state': 3,
  'ended state': 4,
  network: 5,
};
const LONGEST_WORD = 255;
/** What `rebuild_resolve` writes into the window. */
const RESOLVED = { SUPERSEDED: 0, ELSEWHERE: 4, LIVE: 8, RESERVED: 12 };
const START = 0 as WindowOffset;
/** A number in an array: an item, but none that the core reads. */
const ANY_ITEM = Uint8Array.of(0x30, 0x2c);

/** How far a scan came. */
export interface Scan {
  readonly status: Status;
  /** Records that the core has read. */
  readonly read: number;
  /** Where the first record begins that it has not read. */
  readonly position: number;
  /** The length of that record, when it is left to the host; 0 when the core cannot tell. */
  readonly left: number;
  /** Whether the text may end there. */
  readonly complete: boolean;
}

export interface Resolved {
  readonly superseded: number;
  readonly elsewhere: number;
  readonly live: number;
  readonly reserved: number;
}

/** An identity that lost its ordinal to the winner, or, without one, to a hold. */
export interface Lost {
  readonly ordinal: bigint;
  readonly loser: string;
  readonly winner: string | undefined;
}

export class CoreRebuild {
  /** The most text that one scan takes. */
  static readonly MOST_TEXT = WINDOW_SIZE;
  readonly #memory: Memory;
  readonly #calls: Calls;
  readonly #subnet: { readonly id: SubnetId; forget(): void };

  constructor(memory: Memory, calls: Calls, subnet: { readonly id: SubnetId; forget(): void }) {
    this.#memory = memory;
    this.#calls = calls;
    this.#subnet = subnet;
  }

  get memorySize(): number {
    return this.#memory.size;
  }

  begin(): Status {
    return this.#calls.rebuild_begin(this.#subnet.id);
  }

  /** About so many identities more will be claimed. Without memory for them at once it goes on without. */
  expect(identities: number): void {
    this.#calls.rebuild_expect(this.#subnet.id, Math.min(identities, 0xffff_ffff) as Count);
  }

  /** A word that does not fit the scanner stays unknown to it, so that records with it are left to the host. */
  teach({ kind, word, ...rest }: ScannerWord): Status {
    const name = encoder.encode('name' in rest ? rest.name : '');
    const text = encoder.encode(word);
    if (text.length === 0 || text.length > LONGEST_WORD || name.length > LONGEST_WORD) return Status.OK;
    this.#memory.putWindow(text, name);
    const [length, nameLength] = [text.length as WindowOffset, name.length as WindowLength];
    return this.#calls.rebuild_word(this.#subnet.id, KINDS[kind] as WordKind, length, nameLength);
  }

  /** @param text at most MOST_TEXT bytes; lines must end with a line break */
  scan(form: 'array' | 'lines', text: Uint8Array): Scan {
    const length = this.#memory.putWindow(text);
    const scan = form === 'array' ? this.#calls.rebuild_scan_array : this.#calls.rebuild_scan_lines;
    const status = scan(this.#subnet.id, START, length);
    const { position, end, scanned, complete } = this.#memory;
    return { status, read: scanned, position, left: end === 0 ? 0 : end - position, complete };
  }

  /** Lets the array's scanner know that an item has been which it has not seen. */
  passItem(): void {
    this.scan('array', ANY_ITEM);
  }

  /** CHANGED, or OK: it is taken. Else why it is refused, or why the rebuild cannot go on: NO_MEMORY. */
  claim(claim: Packable, ordinal: Ordinal): Status {
    const length = putRecord(this.#memory.record, claim, ordinal);
    const refused = this.#calls.rebuild_feed(this.#subnet.id, length);
    if (refused < 0) return refused as Status;
    return refused === 0 ? Status.OK : statusOf(this.#memory.record);
  }

  /** @returns a negative status when it cannot */
  resolve(): Resolved | Status {
    const status = this.#calls.rebuild_resolve(this.#subnet.id);
    if (status < 0) return status;
    const counts = this.#memory.window();
    return {
      superseded: counts.getUint32(RESOLVED.SUPERSEDED, true),
      elsewhere: counts.getUint32(RESOLVED.ELSEWHERE, true),
      live: counts.getUint32(RESOLVED.LIVE, true),
      reserved: counts.getUint32(RESOLVED.RESERVED, true),
    };
  }

  /** After `resolve`; each is told once. */
  *conflicts(): Generator<Lost> {
    while (this.#calls.rebuild_conflict(this.#subnet.id) >= 0) {
      const { ordinal, identity, otherIdentity: winner } = this.#memory;
      yield { ordinal, loser: identity, winner };
    }
  }

  /** @param released when reserved bindings count as released */
  commit(released: { readonly time: number }): Status {
    this.#memory.putTime(released.time);
    const status = this.#calls.rebuild_commit(this.#subnet.id);
    if (status >= 0) this.#subnet.forget();
    return status;
  }

  abort(): void {
    this.#calls.rebuild_abort(this.#subnet.id);
  }
}
