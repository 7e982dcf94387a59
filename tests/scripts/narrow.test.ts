// What the bundles have of ip-num judges as the whole package does.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import esbuild from 'esbuild';
import * as whole from 'ip-num';
import { narrow } from '../../scripts/build/narrow.js';
import { prefixesOnly } from '../../scripts/build/packages.js';

type Prefixes = Pick<typeof whole, 'IPv4Prefix' | 'IPv6Prefix'>;

test('the narrowed ip-num judges every prefix length as the whole one, and has nothing else', async () => {
  const { outputFiles } = await esbuild.build({
    stdin: { contents: "export { IPv4Prefix, IPv6Prefix } from 'ip-num';", resolveDir: process.cwd() },
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    write: false,
    plugins: [prefixesOnly()],
  });
  const text = outputFiles[0]?.text as string;
  const narrowed: Prefixes = await import(`data:text/javascript,${encodeURIComponent(text)}`);
  const judge = (prefixes: Prefixes, name: keyof Prefixes, length: bigint): unknown => {
    try {
      return new prefixes[name](length).value;
    } catch (error) {
      return (error as Error).message;
    }
  };
  for (let length = -2n; length < 300n; length++) {
    for (const name of ['IPv4Prefix', 'IPv6Prefix'] as const) {
      assert.equal(judge(narrowed, name, length), judge(whole, name, length), `${name} ${length}`);
    }
  }
  assert.ok(text.length < 2_000, `${text.length} bytes`);
});

test('what is named by what stays, stays; its modules go with what does not', () => {
  const source = `const a = require('./a');
const b = require('./b');
class Kept {
    static used() { return this.helper() + Kept.TEXT; }
    static helper() { return (0, b.b)(); }
    static unused() { return a.a(Kept.OTHER); }
}
Kept.TEXT = 'text';
Kept.OTHER = 'other';
exports.Kept = Kept;
function lost() { return Kept.unused(); }
`;
  const narrowed = narrow(source, ['Kept', 'used']);
  for (const word of ['used()', 'helper()', './b', 'TEXT', 'exports.Kept']) assert.ok(narrowed.includes(word), word);
  for (const word of ['unused', './a', 'OTHER', 'lost']) assert.ok(!narrowed.includes(word), word);
});
