// A snapshot that comes in pieces: wherever it is cut, the subnet is the same; whatever is wrong with it, nothing is
// left.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Limpet } from '../limpet.js';
import { refused, wholeState } from '../outcome.js';

const limpet = await Limpet.load();
const small = limpet.subnet('10.0.0.0/28', { gateway: '10.0.0.1', exclude: ['10.0.0.8'] });
for (const identity of ['web.1', 'web.2', 'x'.repeat(255)]) small.allocate(identity);
small.release('web.2', 5);
const large = limpet.subnet('fd00::/64');
for (let i = 0; i < 9000; i++) large.allocate(`${i}.`.padEnd(20 + (i % 230), 'x'));
for (let i = 0; i < 9000; i += 3) large.release(`${i}.`.padEnd(20 + (i % 230), 'x'), i);
const { used } = limpet.memory;

function inPieces(bytes: Uint8Array, length: number): ReturnType<Limpet['restorer']> {
  const restore = limpet.restorer();
  for (let at = 0; at < bytes.length; at += length) restore.feed(bytes.slice(at, at + length));
  return restore;
}

describe('a restore in pieces', () => {
  test('of every length, of a small one; of lengths around the window, of a large one', () => {
    const bytes = small.snapshot();
    for (let length = 1; length <= bytes.length; length++) {
      const restored = inPieces(bytes, length).commit();
      assert.deepEqual(wholeState(restored), wholeState(small));
      restored.destroy();
    }
    const many = large.snapshot();
    assert.ok(many.length > 10 * 65536);
    const expected = wholeState(large);
    for (const length of [100, 4097, 65535, 65536, 65537, 131072, 200_000, many.length]) {
      const restored = inPieces(many, length).commit();
      assert.deepEqual(wholeState(restored), expected, `pieces of ${length}`);
      assert.deepEqual(restored.snapshot(), many);
      restored.destroy();
    }
    assert.equal(limpet.memory.used, used);
  });

  test('pieces of any lengths, empty ones too', () => {
    const many = large.snapshot();
    const restore = limpet.restorer();
    for (let at = 0, n = 1; at < many.length; n = (n * 7919) % 90_001) {
      restore.feed(many.subarray(at, at + n)).feed(new Uint8Array());
      at += n;
    }
    const restored = restore.commit();
    assert.deepEqual(restored.snapshot(), many);
    restored.destroy();
  });

  test('cut off, damaged, or with something behind it: refused, and nothing is left', () => {
    const bytes = small.snapshot();
    for (let length = 0; length < bytes.length; length++) {
      refused('BAD_SNAPSHOT', () => inPieces(bytes.subarray(0, length), 16).commit(), `cut off after ${length} bytes`);
    }
    for (let at = 0; at < bytes.length; at++) {
      const damaged = bytes.slice();
      (damaged[at] as number) ^= 4;
      refused('BAD_SNAPSHOT', () => inPieces(damaged, 16).commit(), 'nothing was restored');
    }
    refused('BAD_SNAPSHOT', () => inPieces(bytes, 16).feed(Uint8Array.of(0)), 'something behind its end');
    const later = bytes.slice();
    later[4] = 7;
    refused('BAD_SNAPSHOT', () => inPieces(later, 3).commit(), 'format version 7');
    assert.equal(limpet.memory.used, used);
  });

  test('has one end: given up, committed, failed, or another one is begun', () => {
    const bytes = small.snapshot();
    const ended = (restore: ReturnType<Limpet['restorer']>) => {
      refused('ENDED', () => restore.feed(bytes), 'begin another one');
      refused('ENDED', () => restore.commit(), 'begin another one');
      restore.abort();
    };
    const givenUp = inPieces(bytes, 50);
    givenUp.abort();
    ended(givenUp);
    const failed = limpet.restorer();
    refused('BAD_SNAPSHOT', () => failed.commit(), 'cut off after 0 bytes');
    ended(failed);
    const [first, second] = [limpet.restorer().feed(bytes.subarray(0, 20)), inPieces(bytes, 9)];
    ended(first);
    const restored = second.commit();
    ended(second);
    restored.destroy();
    const left = limpet.restorer().feed(bytes.subarray(0, 60));
    limpet.restore(bytes).destroy();
    ended(left);
    assert.equal(limpet.memory.used, used);
  });

  test('of what is no bytes is a TypeError, and goes on', () => {
    const bytes = small.snapshot();
    const restore = limpet.restorer().feed(bytes.subarray(0, 40));
    for (const value of [undefined, null, 'LMPT', [1], new ArrayBuffer(4)])
      assert.throws(() => restore.feed(value as never), TypeError);
    restore.feed(bytes.subarray(40)).commit().destroy();
  });
});
