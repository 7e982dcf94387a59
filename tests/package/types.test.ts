// The installed package's declarations and manifest: TypeScript consumers, publint and attw.
import assert from 'node:assert/strict';
import { copyFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { folder, node, root, tarball, tool } from './installed.js';

const OPTIONS = {
  target: 'ES2022',
  lib: ['ES2022', 'DOM'],
  types: [],
  strict: true,
  exactOptionalPropertyTypes: true,
  skipLibCheck: false,
  noEmit: true,
};

before(async () => {
  for (const name of ['use.mts', 'use.cts', 'no-dom.mts'])
    await copyFile(join(root, 'tests/package/consumer', name), join(folder, name));
});

async function check(name: string, options: object, files: string[]): Promise<void> {
  const config = join(folder, `tsconfig.${name}.json`);
  await writeFile(config, JSON.stringify({ compilerOptions: { ...OPTIONS, ...options }, files }));
  await node(tool('typescript/bin/tsc'), '-p', config);
}

test('type-checks under moduleResolution node16, as ESM and as CommonJS', () =>
  check('node16', { module: 'node16', moduleResolution: 'node16' }, ['use.mts', 'use.cts']));

test('type-checks under moduleResolution bundler', () =>
  check('bundler', { module: 'esnext', moduleResolution: 'bundler' }, ['use.mts']));

test('type-checks without the types of the DOM', () =>
  check('no-dom', { module: 'node16', moduleResolution: 'node16', lib: ['ES2022'] }, ['no-dom.mts']));

test('publint is clean', async () => {
  const pkgDir = join(folder, 'node_modules/limpet');
  const { messages, pkg } = await publint({ pkgDir, strict: true });
  const texts = messages.map((message) => formatMessage(message, pkg, { color: false }) ?? message.code);
  // Packages for the plugin: what their package.json says counts where the plugin has them.
  assert.deepEqual(
    texts.filter((text) => !text.includes('/plugin-packages/')),
    [],
  );
});

// The profile leaves out resolution by Node 10, which cannot read "exports"; core.wasm has no types to be wrong.
test('attw is clean', async () => {
  const attw = tool('@arethetypeswrong/cli/dist/index.js');
  await node(attw, tarball, '--profile', 'node16', '--no-definitely-typed', '--exclude-entrypoints', 'core.wasm');
});
