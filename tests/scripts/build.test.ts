// Which steps of a build a change makes necessary.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { INPUTS, withEarlier } from '../../scripts/build/inputs.js';

test('a step comes after those that it needs', () => {
  assert.deepEqual(withEarlier(['playground', 'types']), ['core', 'bundles', 'playground', 'types']);
});

test('neither a page nor src/ makes the core anew', () => {
  const readsOf = (folder: string) =>
    Object.keys(INPUTS).filter((name) => INPUTS[name as 'core'].reads.includes(folder));
  assert.deepEqual(readsOf('assembly'), ['core']);
  assert.deepEqual(readsOf('src'), ['bundles', 'types']);
  assert.deepEqual(readsOf('playground'), ['playground']);
});
