// A rebuild from the host's side: feeds text to the core's scanner, reads the records that the scanner hands back, and
// keeps the report. Which claim wins is decided in the core; what a record means, by its reader.

import { formatAddress, parseAddress, quote } from './address.js';
import { checkTime, describe } from './arguments.js';
import type { Claim, RecordReader, RecordReading, ScannerWord } from './claims.js';
import { isCompact, readCompact } from './compact-records.js';
import { type Core, Status, Word } from './core.js';
import { LimpetError } from './errors.js';
import { packClaim } from './packed.js';
import { RecordText } from './record-text.js';
import type { Conflict, RebuildReport, Skipped, SkipReason } from './types.js';

export interface RebuildOptions {
  /** ID or name of the network whose tasks count. With the ID the core scans by itself; a name takes the slow path. */
  readonly network?: string;
  /** The parsed answer of `GET /services`; without it a ServiceID stands for its name. */
  readonly services?: unknown;
  /** When reserved bindings count as released, in milliseconds since the epoch; default now. */
  readonly time?: number;
}

/** JSON text (an array, or one record a line), as a string or as UTF-8 bytes; or the records as objects. */
export type RebuildInput = string | Uint8Array | Iterable<unknown>;

/** @internal What a rebuild must know of its subnet. */
export interface Target {
  readonly cidr: string;
  readonly version: 4 | 6;
  readonly base: bigint;
  readonly size: bigint;
  /** Its number is then another subnet's, perhaps. */
  readonly destroyed: () => boolean;
}

const SKIPS: Readonly<Record<number, SkipReason>> = {
  [Status.OUT_OF_RANGE]: 'outside-subnet',
  [Status.EXCLUDED]: 'excluded',
  [Status.OCCUPIED]: 'held',
  [Status.BAD_INPUT]: 'bad-record',
};

const WORDS = {
  'replicated service': Word.REPLICATED,
  'global service': Word.GLOBAL,
  'live state': Word.STATE_LIVE,
  'ended state': Word.STATE_ENDED,
  network: Word.NETWORK,
} as const;

export class Rebuild {
  readonly #core: Core;
  readonly #id: number;
  readonly #target: Target;
  readonly #reader: RecordReader;
  readonly #time: number;
  readonly #text: RecordText;
  readonly #skipped: Skipped[] = [];
  #elsewhere = 0;
  #scannedByCore = 0;
  #scannedByHost = 0;
  #open = true;

  /** @internal Made by Subnet.rebuilder. */
  constructor(core: Core, id: number, target: Target, options: RebuildOptions, reading: RecordReading) {
    this.#core = core;
    this.#id = id;
    this.#target = target;
    this.#reader = reading.reader({ ...options });
    this.#time = checkTime(options.time ?? Date.now());
    const status = core.calls.rebuild_begin(id);
    if (status === Status.BAD_STATE) {
      throw new LimpetError('ENDED', `${target.cidr} is being rebuilt already: commit or abort that rebuild first`, {
        subnet: target.cidr,
      });
    }
    this.#check(status);
    this.#text = new RecordText(core, id, (text, place) => this.#readText(text, place));
    this.#orAbort(() => {
      for (const word of this.#reader.words) this.#teach(word);
    });
  }

  /**
   * Takes the next piece of JSON text, of any size, cut anywhere.
   * @throws LimpetError BAD_INPUT, NO_MEMORY; the rebuild is then aborted and the subnet as it was
   */
  feed(chunk: Uint8Array): this {
    if (!(chunk instanceof Uint8Array)) throw new TypeError(`a chunk is a Uint8Array, not ${describe(chunk)}`);
    return this.#orAbort(() => {
      this.#scannedByCore += this.#text.feed(chunk);
      return this;
    });
  }

  /** Takes one record as an object: a Docker task, or { identity, address, state }. */
  add(record: unknown): this {
    return this.#orAbort(() => {
      this.#read(record);
      return this;
    });
  }

  /** Ends the rebuild: the new bindings stand, and the report says what became of every record. */
  commit(): RebuildReport {
    return this.#orAbort(() => {
      this.#scannedByCore += this.#text.end();
      this.#reader.end();
      this.#check(this.#core.calls.rebuild_resolve(this.#id));
      const counts = this.#core.window();
      const superseded = counts.getUint32(0, true);
      const elsewhere = counts.getUint32(4, true) + this.#elsewhere;
      const live = counts.getUint32(8, true);
      const reserved = counts.getUint32(12, true);
      const conflicts = this.#conflicts();
      this.#core.time = this.#time;
      this.#check(this.#core.calls.rebuild_commit(this.#id));
      this.#open = false;
      const scanned = { core: this.#scannedByCore, host: this.#scannedByHost };
      return { live, reserved, superseded, elsewhere, conflicts, skipped: this.#skipped, scanned };
    });
  }

  /** Gives up; the subnet is as it was. Ending twice is no error. */
  abort(): void {
    if (!this.#open) return;
    this.#open = false;
    if (!this.#target.destroyed()) this.#core.calls.rebuild_abort(this.#id);
  }

  #orAbort<T>(action: () => T): T {
    const { cidr, destroyed } = this.#target;
    if (!this.#open || destroyed()) {
      const how = destroyed() ? 'has ended with its subnet' : 'has ended';
      throw new LimpetError('ENDED', `the rebuild of ${cidr} ${how}`, { subnet: cidr });
    }
    try {
      return action();
    } catch (error) {
      if (!(error instanceof LimpetError && error.code === 'BROKEN')) this.abort();
      throw error;
    }
  }

  #teach({ kind, word, ...rest }: ScannerWord): void {
    const name = 'name' in rest ? rest.name : '';
    const wordBytes = new TextEncoder().encode(word);
    const nameBytes = new TextEncoder().encode(name);
    // What does not fit the scanner stays unknown to it, and so goes to the host.
    if (wordBytes.length === 0 || wordBytes.length > 255 || nameBytes.length > 255) return;
    this.#core.putWindow(wordBytes);
    this.#core.putWindow(nameBytes, wordBytes.length);
    const status = this.#core.calls.rebuild_word(this.#id, WORDS[kind], wordBytes.length, nameBytes.length);
    if (status === Status.NO_MEMORY) this.#check(status);
  }

  /** A record that the scanner did not understand; without a text it is not UTF-8. */
  #readText(text: string | undefined, place: string): void {
    let record: unknown;
    if (text === undefined) {
      this.#scannedByHost++;
      this.#skip('bad-record', `#${this.#index() - 1}`, `${place} is not UTF-8`);
      return;
    }
    try {
      record = JSON.parse(text);
    } catch (error) {
      this.#scannedByHost++;
      this.#skip('bad-record', `#${this.#index() - 1}`, `${place} is not JSON: ${(error as Error).message}`);
      return;
    }
    this.#read(record);
  }

  /** The number of records before this one. */
  #index(): number {
    return this.#scannedByCore + this.#text.scanned + this.#scannedByHost;
  }

  #read(record: unknown): void {
    const index = this.#index();
    this.#scannedByHost++;
    const read = isCompact(record) ? readCompact(record, index) : this.#reader.read(record, index);
    if (read === 'elsewhere') this.#elsewhere++;
    else if ('reason' in read) this.#skipped.push(read);
    else this.#claim(read);
  }

  #claim(claim: Claim): void {
    if (claim.word !== undefined) this.#teach(claim.word);
    const { version, base, size, cidr } = this.#target;
    const ordinals = claim.addresses.map((text) => (parseAddress(text, version) ?? -1n) - base);
    const at = ordinals.findIndex((ordinal) => ordinal >= 0n && ordinal < size);
    const { identity, record } = claim;
    if (at < 0) {
      const address = claim.addresses.join(', ');
      this.#skip('outside-subnet', record, `${address} of ${quote(identity)} is outside ${cidr}`, {
        identity,
        address,
      });
      return;
    }
    const packed = packClaim(ordinals[at] as bigint, claim);
    this.#core.putWindow(packed);
    const refused = this.#core.calls.rebuild_feed(this.#id, packed.length);
    this.#check(refused);
    if (refused === 0) return;
    const reason = SKIPS[this.#core.window().getInt8(24)] ?? 'bad-record';
    const address = claim.addresses[at] as string;
    const why = { excluded: 'is excluded', held: 'is held' }[reason as string] ?? 'was refused';
    this.#skip(reason, record, `${address} of ${quote(identity)} ${why} in ${cidr}`, { identity, address });
  }

  #skip(reason: SkipReason, record: string, detail: string, known: { identity?: string; address?: string } = {}): void {
    this.#skipped.push({ reason, record, ...known, detail });
  }

  #conflicts(): Conflict[] {
    const found: { ordinal: bigint; conflict: Conflict }[] = [];
    const { base, version, cidr } = this.#target;
    while (this.#core.calls.rebuild_conflict(this.#id) >= 0) {
      const ordinal = this.#core.ordinal;
      const address = formatAddress(base + ordinal, version);
      const loser = this.#core.identity;
      if (this.#core.end > 0) found.push({ ordinal, conflict: { address, winner: this.#core.otherIdentity, loser } });
      else
        this.#skip('held', quote(loser), `${address} of ${quote(loser)} is held in ${cidr}`, {
          identity: loser,
          address,
        });
    }
    found.sort((a, b) => Number(a.ordinal - b.ordinal) || compareBytes(a.conflict.loser, b.conflict.loser));
    return found.map(({ conflict }) => conflict);
  }

  #check(status: number): void {
    if (status >= 0) return;
    const subnet = this.#target.cidr;
    if (status === Status.NO_MEMORY) {
      throw new LimpetError(
        'NO_MEMORY',
        `the core may use no more memory (${this.#core.memorySize} bytes): ${subnet} is as it was`,
        { subnet },
      );
    }
    throw new LimpetError('BAD_INPUT', `the core refused the rebuild of ${subnet} with status ${status}`, {
      subnet,
      status,
    });
  }
}

/** By UTF-8 bytes, as the core compares identities: JavaScript's own order puts U+1F41A before U+FB01. */
function compareBytes(a: string, b: string): number {
  const bytesA = new TextEncoder().encode(a);
  const bytesB = new TextEncoder().encode(b);
  const differ = bytesA.findIndex((byte, i) => byte !== bytesB[i]);
  return differ < 0 ? bytesA.length - bytesB.length : (bytesA[differ] as number) - (bytesB[differ] ?? -1);
}

/** Feeds one input whole. */
export function rebuildFrom(rebuild: Rebuild, input: RebuildInput): RebuildReport {
  try {
    if (typeof input === 'string') rebuild.feed(encode(input));
    else if (input instanceof Uint8Array) rebuild.feed(input);
    else if (typeof input === 'object' && input !== null && Symbol.iterator in input)
      for (const record of input) rebuild.add(record);
    else throw new TypeError(`a rebuild takes JSON text, bytes, or an iterable of records, not ${describe(input)}`);
  } catch (error) {
    rebuild.abort();
    throw error;
  }
  return rebuild.commit();
}

/** An encoder would make another identity of one with half a surrogate pair. */
function encode(text: string): Uint8Array {
  const half = text.search(/\p{Surrogate}/u);
  if (half < 0) return new TextEncoder().encode(text);
  const around = quote(text.slice(Math.max(0, half - 20), half + 20));
  throw new LimpetError('BAD_INPUT', `the text is not Unicode: half a surrogate pair at index ${half}, in ${around}`, {
    index: half,
  });
}
