// JSON text in pieces → whole records. The core scans most of them by itself; this file keeps what a piece cuts in two,
// cuts out the records that the core leaves to the host, and knows where in the text an error stands.

import { CoreRebuild, type Scan } from './boundary/rebuild.js';
import { Status } from './boundary/status.js';
import { LimpetError, noMemory } from './errors.js';
import { RecordEnd } from './record-end.js';
import { decoder, strictDecoder } from './utf8.js';

/** The longest record that is read. A task is about 2.5 KB. */
const LONGEST = 16 * 1024 * 1024;
/** Records shorter than this are no tasks of Docker, of which many can have one identity. */
const SHORT = 256;
const NEWLINE = 0x0a;
const OPEN_ARRAY = 0x5b;
const OPEN_OBJECT = 0x7b;
const BOM = [0xef, 0xbb, 0xbf];

type Form = 'array' | 'lines';

export class RecordText {
  readonly #core: CoreRebuild;
  /** Takes a record, or undefined for a line that is not UTF-8. */
  readonly #handBack: (text: string | undefined, place: string) => void;
  #form: Form | undefined;
  /** What has been fed and not been read; its first byte is byte `#offset` of the whole text. */
  #rest: Uint8Array = new Uint8Array();
  /** The buffer of `#rest` when it is this object's own. */
  #own: ArrayBufferLike | undefined;
  #offset = 0;
  #line = 1;
  /** Looks for the end of a record longer than the window, so that no byte is looked at twice. */
  #end: RecordEnd | undefined;
  #complete = true;
  #expected = false;
  /** Records that the core has read in the feed under way. */
  scanned = 0;

  constructor(core: CoreRebuild, handBack: (text: string | undefined, place: string) => void) {
    this.#core = core;
    this.#handBack = handBack;
  }

  /** Takes a piece; answers how many records the core read by itself. */
  feed(chunk: Uint8Array): number {
    this.scanned = 0;
    this.#append(chunk);
    this.#scan();
    this.#keepRest();
    const scanned = this.scanned;
    this.scanned = 0;
    return scanned;
  }

  /** The text is over. */
  end(): number {
    let scanned = 0;
    if (this.#form === undefined && this.#rest.length > 0) this.#readForm(this.#rest.length);
    if (this.#form === 'lines' && this.#rest.length > 0) scanned = this.feed(Uint8Array.of(NEWLINE));
    if (this.#form === 'array' && (this.#rest.length > 0 || !this.#complete)) {
      const length = this.#offset + this.#rest.length;
      const why = `the JSON array is cut off: it ends after ${length} bytes without its closing bracket`;
      throw this.#bad(why, this.#offset);
    }
    return scanned;
  }

  #append(chunk: Uint8Array): void {
    if (this.#rest.length === 0) {
      this.#rest = chunk;
      return;
    }
    // Room to spare, so that a record in a thousand pieces is not copied a thousand times.
    const before = this.#rest;
    const size = before.length + chunk.length;
    const room = before.buffer.byteLength - before.byteOffset;
    if (before.buffer === this.#own && room >= size) {
      this.#rest = new Uint8Array(before.buffer, before.byteOffset, size);
    } else {
      this.#own = new ArrayBuffer(2 * size);
      this.#rest = new Uint8Array(this.#own, 0, size);
      this.#rest.set(before);
    }
    this.#rest.set(chunk, before.length);
  }

  /** The chunk is the caller's, who may use its memory again. */
  #keepRest(): void {
    if (this.#rest.length === 0 || this.#rest.buffer === this.#own) return;
    this.#rest = this.#rest.slice();
    this.#own = this.#rest.buffer;
  }

  #scan(): void {
    if (this.#form === undefined && !this.#readForm(CoreRebuild.MOST_TEXT)) return;
    while (this.#rest.length > 0) {
      if (this.#end !== undefined) {
        if (!this.#readLong(this.#end)) return;
        continue;
      }
      const part = this.#rest.subarray(0, CoreRebuild.MOST_TEXT);
      const scan = this.#core.scan(this.#form as Form, part);
      this.#expectMore(scan);
      this.scanned += scan.read;
      this.#complete = scan.complete;
      this.#skip(scan.position);
      if (!this.#goOn(scan, part.length)) return;
    }
  }

  /** After the first scan: how many more there will be, if all are like those. */
  #expectMore({ read, position }: Scan): void {
    if (this.#expected) return;
    this.#expected = true;
    const rest = this.#rest.length - position;
    if (position < read * SHORT && rest > CoreRebuild.MOST_TEXT) this.#core.expect(Math.ceil((read / position) * rest));
  }

  /** What a scan that took `length` bytes says is to be done; false when more text is needed. */
  #goOn({ status, position, left }: Scan, length: number): boolean {
    if (status === Status.HOST) return this.#readOne(left);
    if (status === Status.BAD_INPUT) throw this.#bad(`unexpected ${this.#shown()} between records`, this.#offset);
    if (status < 0) throw noMemory(this.#core.memorySize, 'nothing was rebuilt', { offset: this.#offset });
    if (position > 0) return true;
    if (length < CoreRebuild.MOST_TEXT) return false;
    this.#end = new RecordEnd(this.#form as Form);
    return true;
  }

  /** The first byte that is not white space tells the form; false when there is none yet. */
  #readForm(most: number): boolean {
    if (this.#offset === 0 && BOM.every((byte, i) => this.#rest[i] === byte)) this.#skip(BOM.length);
    let at = 0;
    while (at < this.#rest.length && [0x20, 0x09, 0x0a, 0x0d].includes(this.#rest[at] as number)) at++;
    this.#skip(at);
    if (
      this.#rest.length === 0 ||
      (this.#rest.length < BOM.length && this.#rest[0] === BOM[0] && most !== this.#rest.length)
    )
      return false;
    if (this.#rest[0] === OPEN_ARRAY) this.#form = 'array';
    else if (this.#rest[0] === OPEN_OBJECT) this.#form = 'lines';
    else
      throw this.#bad(`the text begins with ${this.#shown()}, but a list of records begins with [ or {`, this.#offset);
    return true;
  }

  /**
   * Hands the record at the start of the rest to the host; `length` is 0 where the core could not tell. False: it is
   * cut.
   */
  #readOne(length: number): boolean {
    if (this.#form === 'lines') {
      const newline = this.#rest.indexOf(NEWLINE);
      if (newline < 0) {
        this.#end = new RecordEnd('lines');
        return this.#readLong(this.#end);
      }
      this.#give(newline);
      return true;
    }
    if (length === 0) {
      // Malformed, or nested deeper than the core counts.
      this.#end = new RecordEnd('array');
      return this.#readLong(this.#end);
    }
    this.#give(length);
    return true;
  }

  /** A record whose end the core did not find: longer than the window, most often. False when more text is needed. */
  #readLong(end: RecordEnd): boolean {
    const length = end.find(this.#rest);
    if (length < 0) throw this.#bad(`malformed JSON in the record that begins with ${this.#shown()}`, this.#offset);
    if ((length || this.#rest.length) > LONGEST) {
      throw this.#bad(
        `a record is longer than ${LONGEST} bytes, the most that is read; it begins with ${this.#shown()}`,
        this.#offset,
      );
    }
    if (length === 0) return false;
    this.#end = undefined;
    this.#give(length);
    if (this.#form === 'array') this.#core.passItem();
    return true;
  }

  #give(length: number): void {
    const bytes = this.#rest.subarray(0, length);
    const place = this.#form === 'lines' ? `line ${this.#line}` : `the record at byte ${this.#offset}`;
    const text = this.#decode(bytes);
    if (this.#form === 'array') this.#mustParse(text);
    this.#skip(length);
    this.#handBack(text, place);
  }

  #decode(bytes: Uint8Array): string | undefined {
    try {
      return strictDecoder.decode(bytes);
    } catch {
      return undefined;
    }
  }

  /** In a line a bad record is one record lost; in an array nothing after it could be trusted. */
  #mustParse(text: string | undefined): void {
    if (text === undefined) throw this.#bad(`the record that begins with ${this.#shown()} is not UTF-8`, this.#offset);
    try {
      JSON.parse(text);
    } catch (error) {
      throw this.#bad(
        `malformed JSON (${(error as Error).message}) in the record that begins with ${this.#shown()}`,
        this.#offset,
      );
    }
  }

  #skip(length: number): void {
    if (this.#form !== 'array') {
      for (let at = this.#rest.indexOf(NEWLINE); at >= 0 && at < length; at = this.#rest.indexOf(NEWLINE, at + 1))
        this.#line++;
    }
    this.#offset += length;
    this.#rest = this.#rest.subarray(length);
  }

  #shown(): string {
    const start = decoder.decode(this.#rest.subarray(0, 40));
    return JSON.stringify(this.#rest.length > 40 ? `${start}...` : start);
  }

  #bad(why: string, offset: number): LimpetError {
    const at = this.#form === 'lines' ? `line ${this.#line}, byte ${offset}` : `byte ${offset}`;
    return new LimpetError('BAD_INPUT', `${at}: ${why}`, {
      offset,
      line: this.#form === 'lines' ? this.#line : undefined,
    });
  }
}
