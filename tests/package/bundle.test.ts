// A page's bundle takes the browser form and needs nothing else; tests/browser runs it in Chromium.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bundlePage } from './page.js';

test('esbuild bundles the browser form into a page', async () => {
  const { inputs, imports } = await bundlePage();
  const strange = inputs.filter((path) => !/^(node_modules\/limpet\/dist\/browser\/|page\.ts$)/.test(path));
  assert.deepEqual(strange, []);
  assert.deepEqual(imports, []);
});
