// CRC-32 (ISO 3309, zlib's): Node's own where it has one (from 20.15), else a table. Both start from any running value.

import * as zlib from 'node:zlib';

/** The checksum of `bytes`, going on from `start`, which is that of what came before. */
export type Crc32 = (bytes: Uint8Array, start: number) => number;

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

export const tableCrc32: Crc32 = (bytes, start) => {
  let crc = ~start;
  for (let i = 0; i < bytes.length; i++) {
    crc = (TABLE[(crc ^ (bytes[i] as number)) & 255] as number) ^ (crc >>> 8);
  }
  return ~crc >>> 0;
};

export const crc32: Crc32 = (zlib as { crc32?: Crc32 }).crc32 ?? tableCrc32;
