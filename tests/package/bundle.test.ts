// A page's bundle takes the browser form and needs nothing else; tests/browser runs it in Chromium.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { folder } from './installed.js';
import { bundlePage } from './page.js';

test('esbuild bundles the browser form into a page', async () => {
  const { inputs, imports } = await bundlePage();
  const strange = inputs.filter((path) => !/^(node_modules\/limpet\/dist\/browser\/|page\.ts$)/.test(path));
  assert.deepEqual(strange, []);
  assert.deepEqual(imports, []);
});

for (const [entry, most] of [
  ['limpet', 36.5],
  ['limpet/module', 20.5], // without the core, which the page loads by itself
] as const) {
  test(`${entry} adds at most ${most} KB to a page, minified and with gzip`, async () => {
    const { outputFiles } = await build({
      stdin: { contents: `export { Limpet } from '${entry}';`, resolveDir: folder },
      bundle: true,
      minify: true,
      format: 'esm',
      platform: 'browser',
      target: 'es2022',
      write: false,
      logLevel: 'error',
    });
    const size = gzipSync(outputFiles[0]?.contents as Uint8Array, { level: 9 }).length;
    assert.ok(size <= most * 1024, `${size} bytes`);
  });
}
