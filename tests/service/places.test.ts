// Parts of a range: of one process each, disjoint, and together the whole.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseRange } from '../../src/host/address.js';
import { partOf } from '../../src/service/places.js';

const RANGES = ['10.0.0.0/17', '10.0.0.0/24', '10.0.0.7-10.0.0.212', 'fd00::/64', 'fd00::1-fd00::ffff'];

test('parts of a range are disjoint, nearly equal, and together the whole', () => {
  for (const range of RANGES) {
    const version = range.includes(':') ? 6 : 4;
    const [first, last] = parseRange(range, version);
    for (const of of [2, 3, 7, 20]) {
      const parts = Array.from({ length: of }, (_, index) => parseRange(partOf(range, { index, of }) ?? '', version));
      assert.equal(parts[0]?.[0], first);
      assert.equal(parts.at(-1)?.[1], last);
      for (const [n, [from]] of parts.slice(1).entries()) assert.equal(from, (parts[n]?.[1] ?? 0n) + 1n);
      const sizes = parts.map(([from, to]) => to - from);
      for (const size of sizes) assert.ok(size - (sizes[0] ?? 0n) <= 1n && (sizes[0] ?? 0n) - size <= 1n);
    }
  }
});

test('processes that are more than a range has parts share them; a small range has none', () => {
  assert.equal(partOf('10.0.0.0/28', { index: 7, of: 20 }), '10.0.0.8-10.0.0.15');
  assert.equal(partOf('10.0.0.0/28', { index: 8, of: 20 }), '10.0.0.0-10.0.0.7');
  assert.equal(partOf('10.0.0.0/29', { index: 1, of: 20 }), undefined);
});
