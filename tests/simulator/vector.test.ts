// The persistent list against plain objects: what it holds, what it tells apart, and that older copies never change.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Vector } from './library.js';

const index = fc.oneof(fc.nat({ max: 70 }), fc.constantFrom(31, 32, 1023, 1024, 32_767, 32_768, 2 ** 20 - 1, 2 ** 20));
const edits = fc.array(
  fc.array(fc.tuple(index, fc.option(fc.nat({ max: 3 }), { nil: undefined })), { maxLength: 20 }),
  {
    minLength: 1,
    maxLength: 8,
  },
);

test('every copy holds what was put into it, and tells how it differs from every other', () => {
  fc.assert(
    fc.property(edits, (rounds) => {
      const copies: { vector: Vector<number>; plain: Map<number, number> }[] = [
        { vector: Vector.empty(), plain: new Map() },
      ];
      for (const round of rounds) {
        const { vector, plain } = copies.at(-1)!;
        const editor = vector.edit();
        const next = new Map(plain);
        for (const [at, item] of round) {
          editor.set(at, item);
          if (item === undefined) next.delete(at);
          else next.set(at, item);
          assert.equal(editor.get(at), item);
        }
        copies.push({ vector: editor.seal(), plain: next });
      }
      const sorted = (plain: Map<number, number>) => [...plain].sort(([a], [b]) => a - b);
      for (const { vector, plain } of copies) {
        assert.deepEqual([...vector.entries()], sorted(plain));
        assert.deepEqual(
          [...vector.values()],
          sorted(plain).map(([, item]) => item),
        );
        for (const at of [0, 31, 32, 70, 1024, 2 ** 20]) assert.equal(vector.get(at), plain.get(at));
        assert.equal(vector.get(-1), undefined);
        for (const other of copies) {
          const all = [...new Set([...plain.keys(), ...other.plain.keys()])].sort((a, b) => a - b);
          const differing = all.filter((at) => plain.get(at) !== other.plain.get(at));
          assert.deepEqual([...vector.differences(other.vector)], differing);
        }
      }
    }),
    { numRuns: 200 },
  );
});
