// Which nodes a binding is live on, against plain sets: pages that come and go, ordinals past the safe integers.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { LiveNodes } from '../../src/service/live-nodes.js';

const ordinals: (number | bigint)[] = [0, 1, 63, 64, 65, 127, 128, 4095, 4096, 2 ** 53 - 1, 2n ** 53n, 2n ** 53n + 64n];
const step = fc.record({
  add: fc.boolean(),
  ordinal: fc.constantFrom(...ordinals),
  node: fc.constantFrom('a', 'b', 'c', '["a"]'),
});

test('nodes of ordinals are those of plain sets, and so are ordinals of nodes, and how many have any', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const live = new LiveNodes();
      const plain = new Map(ordinals.map((ordinal) => [ordinal, new Set<string>()]));
      for (const { add, ordinal, node } of steps) {
        if (add) live.add(ordinal, node);
        else live.remove(ordinal, node);
        if (add) plain.get(ordinal)?.add(node);
        else plain.get(ordinal)?.delete(node);
        for (const [each, nodes] of plain) assert.deepEqual(live.on(each), [...nodes].sort());
        for (const one of ['a', 'b', 'c', '["a"]', 'd'])
          assert.deepEqual(
            [...live.of(one)],
            ordinals.filter((each) => plain.get(each)?.has(one)),
          );
        assert.equal(live.size, [...plain.values()].filter(({ size }) => size > 0).length);
      }
    }),
    { numRuns: 300 },
  );
});
