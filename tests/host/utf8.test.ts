// The coders for places that have none, against the platform's.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { plainDecode, plainDecodeStrictly, plainEncoder } from '../../src/host/utf8.js';

const text = fc.string({
  unit: fc.oneof(fc.string({ unit: 'binary', maxLength: 1 }), fc.constantFrom('\ud800', '\udc00')),
});

test('text to bytes', () => {
  const plain = plainEncoder();
  fc.assert(
    fc.property(text, (text) => {
      const bytes = new TextEncoder().encode(text);
      assert.deepEqual(plain.encode(text), bytes);
      const place = new Uint8Array(bytes.length);
      assert.deepEqual(plain.encodeInto(text, place), { read: text.length, written: bytes.length });
      assert.deepEqual(place, bytes);
      if (bytes.length > 0) assert.equal(plain.encodeInto(text, place.subarray(1)).read, 0);
    }),
  );
});

test('bytes to text', () => {
  fc.assert(
    fc.property(text, (text) => {
      const bytes = new TextEncoder().encode(`\ufeff${text}`);
      const decoded = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
      assert.equal(plainDecodeStrictly(bytes), decoded);
      assert.equal(plainDecode(bytes), decoded);
    }),
  );
  for (const bytes of [[0xff], [0xc3], [0x61, 0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xc0, 0x80]]) {
    assert.throws(() => plainDecodeStrictly(Uint8Array.from(bytes)), URIError);
    assert.match(plainDecode(Uint8Array.from(bytes)), /\ufffd/);
  }
});
