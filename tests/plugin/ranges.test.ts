// Choosing a subnet among many: it does not begin anew each time.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { subnetOf } from '../../src/docker/address.js';
import { firstFree } from '../../src/tickets/ranges.js';

test('a pool among 800 blocks: each is read once, and not for every pool that is chosen', () => {
  const taken = Array.from({ length: 800 }, (_, n) => `10.${40 + (n >> 8)}.${n & 255}.0/24`);
  const choose = () => {
    const began = performance.now();
    const found = firstFree(
      [{ base: '10.40.0.0/14', size: 24 }],
      4,
      taken.flatMap((each) => subnetOf(each) ?? []),
    );
    assert.equal(found, '10.43.32.0/24');
    return performance.now() - began;
  };
  const first = choose();
  const [again = 0] = Array.from({ length: 9 }, choose).sort((a, b) => a - b);
  assert.ok(again * 5 < first, `${first.toFixed(1)} ms, and then ${again.toFixed(1)} ms each`);
});
