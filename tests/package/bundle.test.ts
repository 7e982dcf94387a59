// A page's bundle takes the browser form and needs nothing else; tests/browser runs it in Chromium.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { folder, root } from './installed.js';
import { bundlePage } from './page.js';

test('esbuild bundles the browser form into a page', async () => {
  const { inputs, imports } = await bundlePage();
  const strange = inputs.filter((path) => !/^(node_modules\/limpet\/dist\/browser\/|page\.ts$)/.test(path));
  assert.deepEqual(strange, []);
  assert.deepEqual(imports, []);
});

// What a page grows by when it uses all of an entry: everything that is loaded with it, the core in it, minified and
// then compressed. README promises the numbers.
for (const [entry, promise] of [
  ['limpet', /`limpet` adds (\d+) KB to a page/],
  ['limpet/module', /`limpet\/module` (\d+) KB, and the core/], // without the core, which the page loads by itself
] as const) {
  test(`${entry} adds no more to a page than README says, minified and with gzip`, async () => {
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
    const promised = Number(promise.exec(await readFile(join(root, 'README.md'), 'utf8'))?.[1]);
    assert.equal(Math.ceil(size / 1024), promised, `${size} bytes`);
  });
}
