// What the tarball holds: everything that package.json promises and nothing of the workshop.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { files, folder } from './installed.js';

const home = join(folder, 'node_modules/limpet');
const manifest = JSON.parse(await readFile(join(home, 'package.json'), 'utf8'));

test('holds only dist, docs and the usual papers', () => {
  const allowed = /^(dist\/|docs\/|package\.json$|README\.md$|CHANGELOG\.md$|LICENSE$)/;
  const strange = files.filter(
    (file) => !allowed.test(file) || file.startsWith('dist/debug') || file.endsWith('.stamp'),
  );
  assert.deepEqual(strange, []);
  assert.ok(files.includes('LICENSE'));
});

test('every target of exports, main, types and bin is there', () => {
  const targets = leaves([manifest.exports, manifest.main, manifest.types, manifest.bin]);
  assert.ok(targets.length > 10);
  assert.deepEqual(
    targets.filter((target) => !existsSync(join(home, target))),
    [],
  );
});

test('needs no other package; what single stores need is optional', () => {
  assert.equal(manifest.dependencies, undefined);
  const optional = Object.entries<{ optional: boolean }>(manifest.peerDependenciesMeta).filter(
    ([, { optional }]) => optional,
  );
  assert.deepEqual(
    optional.map(([name]) => name),
    Object.keys(manifest.peerDependencies),
  );
});

function leaves(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return Object.values(value as object).flatMap(leaves);
}
