// docs/SECURITY.md: each line of its table names tests, and they are there.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { test } from 'node:test';

const root = resolve(import.meta.dirname, '../..');
const read = (file: string) => readFileSync(resolve(root, file), 'utf8');

/** A name as it stands in the source: as a test's, or as one of a table of cases. */
function isThere(file: string, name: string): boolean {
  const source = read(file).replaceAll("\\'", "'");
  return [`'${name}'`, `"${name}"`, `\`${name}\``, ` ${name}\``].some((quoted) => source.includes(quoted));
}

test('every line of the table names tests that are there', () => {
  const all = read('docs/SECURITY.md').split('\n');
  const table = all.slice(all.findIndex((line) => line.startsWith('| who |')) + 2);
  const rows = table.slice(0, table.indexOf(''));
  assert.ok(rows.length >= 14);
  for (const row of rows) {
    const shown = row.split(' | ').at(-1) ?? '';
    const files = [...shown.matchAll(/`(tests\/[^`]+)`: ((?:"[^"]+"(?:; (?="))?)+)/g)];
    assert.ok(files.length > 0, `no test shows it: ${row}`);
    for (const [, file = '', names = ''] of files) {
      for (const [, name = ''] of names.matchAll(/"([^"]+)"/g)) {
        assert.ok(isThere(file, name), `${file} has no test ${JSON.stringify(name)}`);
      }
    }
  }
});
