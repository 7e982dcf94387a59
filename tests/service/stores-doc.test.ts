// The table of failures in docs/STORES.md: every test that it names is there.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { test } from 'node:test';

const root = resolve(import.meta.dirname, '../..');

/** The names of a file's tests, or of its steps of e2e:swarm; what a template puts in at its beginning is left out. */
function testsOf(file: string): string[] {
  const source = readFileSync(resolve(root, file), 'utf8');
  return [...source.matchAll(/\b(?:test\(\s*|title: )(['"`])(.+?)\1\s*,/g)].map(([, , name = '']) =>
    name.replace(/^\$\{\w+\} /, ''),
  );
}

test('every test that docs/STORES.md names for a failure is there', () => {
  const text = readFileSync(resolve(root, 'docs/STORES.md'), 'utf8');
  const lines = text.split('\n');
  const table = lines.slice(lines.findIndex((line) => line.startsWith('| failure |')) + 2);
  let named = 0;
  for (const row of table.slice(0, table.indexOf(''))) {
    const shown = row.split('|')[4] ?? '';
    if (shown.trim() === 'nothing to show') continue;
    const files = [...shown.matchAll(/`((?:tests|src)\/[^`]+)`: ((?:"[^"]+"(?:; (?="))?)+)/g)];
    assert.ok(files.length > 0, `no test shows it: ${row}`);
    for (const [, file = '', names = ''] of files) {
      const there = testsOf(file);
      for (const [, name = ''] of names.matchAll(/"([^"]+)"/g)) {
        assert.ok(there.includes(name), `${file} has no test ${JSON.stringify(name)}`);
        named++;
      }
    }
  }
  assert.ok(named >= 30, `${named} tests are named`);
});
