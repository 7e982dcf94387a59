// A rebuild from the host's side: feeds text to the core's scanner, reads the records that the scanner hands back, and
// keeps the report. Which claim wins is decided in the core; what a record means, by its reader.

import { quote } from './address.js';
import { Addresses } from './addresses.js';
import { checkOptions, checkTime, describe, isBytes } from './arguments.js';
import type { CoreRebuild } from './boundary/rebuild.js';
import { Status } from './boundary/status.js';
import type { CoreSubnet } from './boundary/subnet.js';
import type { Claim, RecordReader, RecordReading, ScannerWord } from './claims.js';
import { isCompact, readCompact } from './compact-records.js';
import { LimpetError, noMemory } from './errors.js';
import { RecordText } from './record-text.js';
import type { Conflict, RebuildReport, Skipped, SkipReason } from './types.js';
import { encoder } from './utf8.js';

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

const SKIPS: Readonly<Record<number, SkipReason>> = {
  [Status.OUT_OF_RANGE]: 'outside-subnet',
  [Status.EXCLUDED]: 'excluded',
  [Status.OCCUPIED]: 'held',
  [Status.IS_PINNED]: 'pinned',
  [Status.BAD_INPUT]: 'bad-record',
};

export class Rebuild {
  readonly #core: CoreRebuild;
  readonly #subnet: CoreSubnet;
  readonly #addresses: Addresses;
  readonly #reader: RecordReader;
  readonly #time: number;
  readonly #text: RecordText;
  readonly #skipped: Skipped[] = [];
  #elsewhere = 0;
  #scannedByCore = 0;
  #scannedByHost = 0;
  #open = true;

  /** @internal Made by Subnet.rebuilder. */
  constructor(subnet: CoreSubnet, options: RebuildOptions, reading: RecordReading) {
    this.#subnet = subnet;
    this.#addresses = new Addresses(subnet.cidr);
    checkOptions(options, 'a rebuild', [...reading.options, 'time']);
    this.#reader = reading.reader({ ...options });
    this.#time = checkTime(options.time ?? Date.now());
    this.#core = subnet.rebuild();
    const status = this.#core.begin();
    if (status === Status.BAD_STATE) {
      const { text } = subnet.cidr;
      const message = `${text} is being rebuilt already: commit or abort that rebuild first`;
      throw new LimpetError('ENDED', message, { subnet: text });
    }
    this.#check(status);
    this.#text = new RecordText(this.#core, (text, place) => this.#readText(text, place));
    this.#orAbort(() => {
      for (const word of this.#reader.words) this.#teach(word);
    });
  }

  /**
   * Takes the next piece of JSON text, of any size, cut anywhere.
   * @throws LimpetError BAD_INPUT, NO_MEMORY; the rebuild is then aborted and the subnet as it was
   */
  feed(chunk: Uint8Array): this {
    if (!isBytes(chunk)) throw new TypeError(`a chunk is a Uint8Array, not ${describe(chunk)}`);
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
      const resolved = this.#core.resolve();
      if (typeof resolved === 'number') throw this.#error(resolved);
      const conflicts = this.#conflicts();
      this.#check(this.#core.commit({ time: this.#time }));
      this.#open = false;
      const scanned = { core: this.#scannedByCore, host: this.#scannedByHost };
      const elsewhere = resolved.elsewhere + this.#elsewhere;
      return { ...resolved, elsewhere, conflicts, skipped: this.#skipped, scanned };
    });
  }

  /** Gives up; the subnet is as it was. Ending twice is no error. */
  abort(): void {
    if (!this.#open) return;
    this.#open = false;
    if (!this.#subnet.destroyed) this.#core.abort();
  }

  #orAbort<T>(action: () => T): T {
    const { destroyed, cidr } = this.#subnet;
    if (!this.#open || destroyed) {
      const how = destroyed ? 'has ended with its subnet' : 'has ended';
      throw new LimpetError('ENDED', `the rebuild of ${cidr.text} ${how}`, { subnet: cidr.text });
    }
    try {
      return action();
    } catch (error) {
      if (!(error instanceof LimpetError && error.code === 'BROKEN')) this.abort();
      throw error;
    }
  }

  #teach(word: ScannerWord): void {
    const status = this.#core.teach(word);
    if (status === Status.NO_MEMORY) throw this.#error(status);
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
    const { identity, record } = claim;
    const cidr = this.#subnet.cidr.text;
    const found = this.#addresses.firstInside(claim.addresses);
    if (found === undefined) {
      const address = claim.addresses.join(', ');
      const detail = `${address} of ${quote(identity)} is outside ${cidr}`;
      this.#skip('outside-subnet', record, detail, { identity, address });
      return;
    }
    const { address, ordinal } = found;
    const status = this.#core.claim(claim, ordinal);
    if (status >= 0) return;
    const reason = SKIPS[status];
    if (reason === undefined) throw this.#error(status);
    const why =
      { excluded: 'is excluded', held: 'is held', pinned: 'is against a pin' }[reason as string] ?? 'was refused';
    this.#skip(reason, record, `${address} of ${quote(identity)} ${why} in ${cidr}`, { identity, address });
  }

  #skip(reason: SkipReason, record: string, detail: string, known: { identity?: string; address?: string } = {}): void {
    this.#skipped.push({ reason, record, ...known, detail });
  }

  #conflicts(): Conflict[] {
    const found: { ordinal: bigint; conflict: Conflict }[] = [];
    for (const { ordinal, loser, winner } of this.#core.conflicts()) {
      const address = this.#addresses.at(ordinal);
      if (winner !== undefined) {
        found.push({ ordinal, conflict: { address, winner, loser } });
        continue;
      }
      const detail = `${address} of ${quote(loser)} is held in ${this.#subnet.cidr.text}`;
      this.#skip('held', quote(loser), detail, { identity: loser, address });
    }
    found.sort((a, b) => Number(a.ordinal - b.ordinal) || compareBytes(a.conflict.loser, b.conflict.loser));
    return found.map(({ conflict }) => conflict);
  }

  #check(status: Status): void {
    if (status < 0) throw this.#error(status);
  }

  #error(status: Status): LimpetError {
    const subnet = this.#subnet.cidr.text;
    if (status === Status.NO_MEMORY) return noMemory(this.#core.memorySize, `${subnet} is as it was`, { subnet });
    const message = `the core refused the rebuild of ${subnet} with status ${status}`;
    return new LimpetError('BAD_INPUT', message, { subnet, status });
  }
}

/** By UTF-8 bytes, as the core compares identities: JavaScript's own order puts U+1F41A before U+FB01. */
function compareBytes(a: string, b: string): number {
  const bytesA = encoder.encode(a);
  const bytesB = encoder.encode(b);
  const differ = bytesA.findIndex((byte, i) => byte !== bytesB[i]);
  return differ < 0 ? bytesA.length - bytesB.length : (bytesA[differ] as number) - (bytesB[differ] ?? -1);
}

/** Feeds one input whole. */
export function rebuildFrom(rebuild: Rebuild, input: RebuildInput): RebuildReport {
  try {
    if (typeof input === 'string') rebuild.feed(encode(input));
    else if (isBytes(input)) rebuild.feed(input);
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
  if (half < 0) return encoder.encode(text);
  const around = quote(text.slice(Math.max(0, half - 20), half + 20));
  throw new LimpetError('BAD_INPUT', `the text is not Unicode: half a surrogate pair at index ${half}, in ${around}`, {
    index: half,
  });
}
