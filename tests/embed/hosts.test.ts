// Every host: the whole conformance script, and scripts that must not pass: wrong expectations and malformed lines.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { runScript } from '../../scripts/embed/prepare.mjs';
import { hosts, runLines, withFolder } from './hosts.js';
import { malformed, wrong } from './negative.js';

const script = fileURLToPath(new URL('../../examples/embed/conformance.jsonl', import.meta.url));
const count = (await readFile(script, 'utf8')).trimEnd().split('\n').length;

for (const host of hosts) {
  describe(host.name, { skip: host.missing ?? false }, () => {
    test('builds', () => assert.equal(host.failure, undefined));
    if (!host.run) return;

    test('the conformance script holds', async () => {
      const { code, output } = await withFolder((folder) => runScript(host, script, folder));
      assert.deepEqual({ code, output: output.trim() }, { code: 0, output: `${count} steps hold` });
    });

    for (const { title, lines, says } of wrong) {
      test(`exit code 1: ${title}`, async () => {
        const { code, output } = await runLines(host, lines);
        assert.deepEqual({ code, output: output.trim() }, { code: 1, output: says });
      });
    }

    for (const { title, lines, line } of malformed) {
      test(`exit code 2: ${title}`, async () => {
        const { code, output } = await runLines(host, lines);
        assert.equal(code, 2, output);
        if (line === undefined) return;
        assert.ok(output.startsWith(`line ${line}: `), output);
        assert.ok(output.trimEnd().endsWith(lines.split('\n')[line - 1] as string), output);
      });
    }
  });
}
