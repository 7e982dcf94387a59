// Every @example in the host's doc comments runs, and what its comment says it answers is what it answers.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { library } from '../limpet.js';

const folder = fileURLToPath(new URL('../../src/', import.meta.url));
const AsyncFunction = (async () => {}).constructor as any;

let examples = 0;

const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
for (const file of names.filter((name) => name.endsWith('.ts'))) {
  for (const [, code] of readFileSync(`${folder}${file}`, 'utf8').matchAll(/@example ([^\n]*?)\s*(?:\*\/)?\n/g)) {
    examples++;
    test(`${file}: ${code}`, async () => {
      const limpet = await library.Limpet.load();
      const net = limpet.subnet('10.0.0.0/24', { gateway: '10.0.0.1' });
      const [expression, expected] = code!.split('//').map((part) => part.trim());
      const declares = /^(const|let) /.test(expression!);
      const run = (body: string) => new AsyncFunction('Limpet', 'limpet', 'net', body)(library.Limpet, limpet, net);
      const answer = await run(declares ? `{ ${expression} }` : `return ${expression}`);
      if (expected !== undefined) assert.deepEqual(answer, await run(`return ${expected}`));
    });
  }
}

test('there are examples', () => assert.ok(examples > 4, `${examples}`));
