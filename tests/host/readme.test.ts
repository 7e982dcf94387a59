// README.md's example: run line by line, each answer compared with the comment behind it.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { library } from '../limpet.js';

test("every answer in README.md's example is true", async () => {
  const readme = await readFile(new URL('../../README.md', import.meta.url), 'utf8');
  const example = /```js\n([\s\S]*?)```/.exec(readme)?.[1] as string;
  let compared = 0;
  const expect = (actual: unknown, comment: string) => {
    compared++;
    const literal = /^(?:'[^']*'|true|false|\d+)/.exec(comment)?.[0] as string;
    assert.ok(literal, `"${comment}" begins with a literal`);
    assert.equal(actual, literal.startsWith("'") ? literal.slice(1, -1) : JSON.parse(literal));
  };
  const body = example
    .replace(/^import .*$/gm, '')
    .replace(/^(.+); \/\/ (.*)$/gm, (_, call, comment) => `expect(${call}, ${JSON.stringify(comment)});`);
  await new Function('Limpet', 'expect', `return (async () => {${body}})();`)(library.Limpet, expect);
  assert.equal(compared, 7);
});
