// What people read is plain English: none of the phrases that had to be read twice comes back. For `--help` the same is
// in tests/host/help.test.ts.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { pages } from './pages.js';
import { phrasesIn } from './wording.js';

test('no page has a phrase that must be read twice', () => {
  const found = [...pages, 'playground/index.html'].flatMap((page) =>
    phrasesIn(readFileSync(page, 'utf8')).map((each) => `${page}, ${each}`),
  );
  assert.deepEqual(found, []);
});

test('code and quotations are left alone, the rest is found', () => {
  assert.deepEqual(phrasesIn('a `beside` and "anew"\n```\nwhoever\n```\n'), []);
  assert.deepEqual(phrasesIn('x\nwhoever it is'), ['line 2: "whoever"; say: anyone who, the one that']);
});
