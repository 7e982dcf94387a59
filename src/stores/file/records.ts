// Reads the records of one file in order, and tells a torn tail from damage.
//
// A record is torn when the file ends before it does; zeros at the end of a file count as not written, since that is
// what a file system may leave of an append that lost its power. Everything else that does not add up is damage, in the
// last record too: one that is there to its last byte may have been answered. The bodies of a journal are JSON, which
// ends in no byte that one flipped bit turns into 0, so that a flipped bit never looks like a tail of zeros.

import { crc32 } from './crc32.js';
import { damaged, otherVersion } from './failure.js';
import type { Source } from './files.js';
import { decodeHeader, type FileHeader, type FileKind, HEADER_SIZE, RECORD_HEAD, seedOf } from './format.js';

/** Bytes that are read at once, unless one record is longer. */
const WINDOW = 1 << 20;

export class RecordReader {
  readonly header: FileHeader;
  readonly path: string;
  /** Bytes in the file. */
  readonly size: number;
  /** Where the record that was read last begins. */
  offset = 0;
  /** Where the next record begins; behind the last whole record when `next` has answered undefined. */
  end = HEADER_SIZE;
  readonly #source: Source;
  #window = Buffer.allocUnsafe(WINDOW);
  /** What of the file the window holds. */
  #from = 0;
  #to = 0;

  /** Reads the header. @throws LimpetError DAMAGED */
  constructor(source: Source, path: string, kind: FileKind, generation: number) {
    this.#source = source;
    this.path = path;
    this.size = source.size;
    const bytes = this.#bytes(0, Math.min(HEADER_SIZE, this.size));
    const header = decodeHeader(bytes, kind, generation);
    if ('wrong' in header) {
      throw header.version === undefined
        ? damaged(path, header.offset, header.wrong)
        : otherVersion(path, header.version);
    }
    this.header = header;
  }

  /**
   * The next record's body, which lasts until the next call; undefined at the end, or at a torn tail: `end` is less
   * than `size` then.
   * @throws LimpetError DAMAGED
   */
  next(): Buffer | undefined {
    const at = this.end;
    const body = at + RECORD_HEAD;
    if (body > this.size) return undefined;
    const seed = seedOf(this.header.generation, at);
    const head = this.#bytes(at, RECORD_HEAD);
    const length = head.readUInt32LE(0);
    const checksum = head.readUInt32LE(4);
    if (head.readUInt32LE(8) !== crc32(head.subarray(0, 8), seed)) {
      return this.#tornBefore(body, 'the checksum of the head of a record is wrong');
    }
    if (body + length > this.size) return undefined;
    const bytes = this.#bytes(body, length);
    if (checksum !== crc32(bytes, seed)) {
      return this.#tornBefore(body + length, 'the checksum of a record is wrong');
    }
    this.offset = at;
    this.end = body + length;
    return bytes;
  }

  /** Undefined when nothing but zeros was written from before `end` on. */
  #tornBefore(end: number, wrong: string): undefined {
    let to = this.size;
    while (to > this.end) {
      const from = Math.max(this.end, to - WINDOW);
      const bytes = this.#bytes(from, to - from);
      let last = bytes.length;
      while (last > 0 && bytes[last - 1] === 0) last--;
      to = from + last;
      if (last > 0) break;
    }
    if (to >= end) throw damaged(this.path, this.end, wrong);
    return undefined;
  }

  #bytes(at: number, length: number): Buffer {
    if (at < this.#from || at + length > this.#to) this.#fill(at, length);
    return this.#window.subarray(at - this.#from, at - this.#from + length);
  }

  #fill(at: number, length: number): void {
    if (length > this.#window.length) this.#window = Buffer.allocUnsafe(length);
    this.#from = at;
    this.#to = at;
    while (this.#to < at + length) {
      const room = this.#window.length - (this.#to - at);
      const read = this.#source.read(this.#window, this.#to - at, room, this.#to);
      if (read === 0) throw damaged(this.path, this.#to, `the file shrank while it was read, from ${this.size} bytes`);
      this.#to += read;
    }
  }
}
