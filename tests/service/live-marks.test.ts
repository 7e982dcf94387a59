// The live marks of one binding, against a plain Map: the same marks, in the same order.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type LiveMark, LiveMarks } from '../../src/stores/etcd/live-marks.js';

const node = fc.constantFrom('a', 'b', 'c', 'd');
const step = fc.oneof(
  fc.record({ op: fc.constant('set' as const), node }),
  fc.record({ op: fc.constant('delete' as const), node }),
  fc.record({ op: fc.constantFrom('clear' as const), node }),
);

test('live marks are those of a Map', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const marks = new LiveMarks();
      const plain = new Map<string, LiveMark>();
      for (const [mod, { op, node: one }] of steps.entries()) {
        const mark = { mod, lease: one };
        for (const each of [marks, plain]) {
          if (op === 'set') each.set(one, mark);
          else if (op === 'delete') each.delete(one);
          else each.clear();
        }
        assert.deepEqual([...marks], [...plain]);
        assert.deepEqual([...marks.keys()], [...plain.keys()]);
        assert.equal(marks.size, plain.size);
        for (const each of ['a', 'b', 'c', 'd']) {
          assert.equal(marks.get(each), plain.get(each));
          assert.equal(marks.has(each), plain.has(each));
        }
      }
    }),
    { numRuns: 300 },
  );
});
