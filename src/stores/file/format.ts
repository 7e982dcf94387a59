// The bytes of the folder's files: a header, then records. journal.ts and snapshot.ts say what the records hold;
// records.ts reads them.
//
//   header   0 "limpet-j" or "limpet-s"   8 format version   12 generation   16 length of the journal before (u64)
//           24 CRC
//   record   0 length of the body         4 CRC of the body  8 CRC of the eight bytes before                12 body
//
// Numbers are little-endian, u32 where nothing is said. Every CRC-32 of a record starts from the file's generation and
// the record's offset, so that blocks of an older file that a crash left in this one, or of another place, never pass
// for its own. The second one keeps a flipped bit in the length from turning all that follows into a torn tail. The
// last byte of a body is never 0 in a journal (records.ts).

import { crc32 } from './crc32.js';

/** The one version of the whole folder's format. Another one is refused, never guessed at. */
export const VERSION = 2;
export const HEADER_SIZE = 28;
/** Bytes of a record in front of its body. */
export const RECORD_HEAD = 12;

const MAGIC = { journal: 'limpet-j', snapshot: 'limpet-s' } as const;

export type FileKind = keyof typeof MAGIC;

export interface FileHeader {
  readonly kind: FileKind;
  readonly generation: number;
  /**
   * How long the journal of the generation before was when this file took over. 0 in a snapshot and in the first
   * journal.
   */
  readonly previous: number;
}

/** What is wrong with a header, and where. */
export interface BadHeader {
  readonly offset: number;
  readonly wrong: string;
  /** When the header is whole, and another release's. */
  readonly version?: number;
}

export function encodeHeader({ kind, generation, previous }: FileHeader): Buffer {
  const bytes = Buffer.alloc(HEADER_SIZE);
  bytes.write(MAGIC[kind], 'latin1');
  bytes.writeUInt32LE(VERSION, 8);
  bytes.writeUInt32LE(generation, 12);
  bytes.writeBigUInt64LE(BigInt(previous), 16);
  bytes.writeUInt32LE(crc32(bytes.subarray(0, 24), 0), 24);
  return bytes;
}

/** The header, or what is wrong with it and where. */
export function decodeHeader(bytes: Buffer, kind: FileKind, generation: number): FileHeader | BadHeader {
  if (bytes.length < HEADER_SIZE) return { offset: bytes.length, wrong: 'the file ends within its header' };
  if (bytes.toString('latin1', 0, 8) !== MAGIC[kind]) return { offset: 0, wrong: `it is no ${kind} of Limpet` };
  const version = bytes.readUInt32LE(8);
  const sound = bytes.readUInt32LE(24) === crc32(bytes.subarray(0, 24), 0);
  if (version !== VERSION) {
    const wrong = `its format version is ${version}, and this release reads ${VERSION}`;
    return sound ? { offset: 8, wrong, version } : { offset: 8, wrong: `${wrong}, if that number can be trusted` };
  }
  if (!sound) return { offset: 0, wrong: 'the checksum of its header is wrong' };
  if (bytes.readUInt32LE(12) !== generation) {
    return { offset: 12, wrong: `it is of generation ${bytes.readUInt32LE(12)}, not of that in its name` };
  }
  return { kind, generation, previous: Number(bytes.readBigUInt64LE(16)) };
}

/** What the checksums of a record start from. */
export function seedOf(generation: number, offset: number): number {
  return (Math.imul(generation, 0x9e3779b1) + offset) >>> 0;
}

/** Writes the head of a record whose body stands in `bytes` already, from `at` + RECORD_HEAD on. */
export function putRecordHead(bytes: Buffer, at: number, length: number, seed: number): void {
  bytes.writeUInt32LE(length, at);
  bytes.writeUInt32LE(crc32(bytes.subarray(at + RECORD_HEAD, at + RECORD_HEAD + length), seed), at + 4);
  bytes.writeUInt32LE(crc32(bytes.subarray(at, at + 8), seed), at + 8);
}

/** One record for each body, back to back, as they stand in the file from `offset` on. */
export function encodeRecords(bodies: readonly string[], generation: number, offset: number): Buffer {
  let size = 0;
  for (const body of bodies) size += RECORD_HEAD + Buffer.byteLength(body);
  const bytes = Buffer.allocUnsafe(size);
  let at = 0;
  for (const body of bodies) {
    const length = bytes.write(body, at + RECORD_HEAD);
    putRecordHead(bytes, at, length, seedOf(generation, offset + at));
    at += RECORD_HEAD + length;
  }
  return bytes;
}
