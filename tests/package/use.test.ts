// The installed package at run time: by import, by require, from the command line, and what importing it does
// (nothing).
import assert from 'node:assert/strict';
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { folder, node, root } from './installed.js';

before(async () => {
  for (const name of ['use.mjs', 'use.cjs', 'jsdom.cjs', 'quiet.mjs', 'loaded.mjs', 'missing.mjs']) {
    await copyFile(join(root, 'tests/package/consumer', name), join(folder, name));
  }
});

test('works by import', async () => {
  await node('use.mjs');
});

test('works by require', async () => {
  await node('use.cjs');
});

test('works by require with the browser condition, as in Jest with jsdom', async () => {
  await node('--conditions=browser', 'jsdom.cjs');
});

test('a store whose package is not installed says which command installs it', async () => {
  await node('missing.mjs');
});

test('importing has no side effects', async () => {
  assert.equal(await node('quiet.mjs'), '');
});

test('what the command line loads throws the same LimpetError', async () => {
  await node('loaded.mjs');
});

test('the command line runs', async () => {
  assert.match(await node('node_modules/.bin/limpet', '--version'), /^\d+\.\d+\.\d+\n$/);
});
