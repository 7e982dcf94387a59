// The checksum: the standard's check value, and the table against Node's own where it has one.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as zlib from 'node:zlib';
import { crc32, tableCrc32 } from '../../src/stores/file/crc32.js';

test('the check value of CRC-32', () => {
  for (const crc of [crc32, tableCrc32]) {
    assert.equal(crc(Buffer.from('123456789'), 0), 0xcbf43926);
    assert.equal(crc(Buffer.alloc(0), 7), 7);
    assert.equal(crc(Buffer.from('56789'), crc(Buffer.from('1234'), 0)), 0xcbf43926);
  }
});

test('the table gives what Node gives', { skip: !('crc32' in zlib) && 'this Node has no crc32' }, () => {
  for (let length = 0; length < 300; length++) {
    const bytes = Buffer.from(Array.from({ length }, (_, i) => (i * 151 + length * 7) & 255));
    const start = (length * 0x9e3779b1) >>> 0;
    assert.equal(tableCrc32(bytes, start), crc32(bytes, start));
  }
});
