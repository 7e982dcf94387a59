// Every host: the whole conformance script, and scripts that must not pass: wrong expectations and malformed lines.
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { runHost, runScript } from '../../scripts/embed/prepare.js';
import { hosts, runLines, withFolder } from './hosts.js';
import { malformed, wrong } from './negative.js';

const script = fileURLToPath(new URL('../../examples/embed/conformance.jsonl', import.meta.url));
const readme = await readFile(new URL('../../examples/embed/README.md', import.meta.url), 'utf8');
const example = /```jsonl\n([\s\S]*?)```/.exec(readme)?.[1] ?? '';
const count = (await readFile(script, 'utf8')).trimEnd().split('\n').length;

/** A module that looks like the core and has one more export, `crash`, which traps. */
const TRAPPING_CORE = Buffer.from(
  [
    '0061736d01000000',
    '0108026000017f600000', // types: () → i32, () → ()
    '03050400000001', // four functions
    '0503010003', // three pages of memory
    '072e05066d656d6f727902000b6162695f76657273696f6e000002696f00010677696e646f7700020563726173680003', // exports
    '0a1504040041010b040041100b05004180080b0300000b', // abi_version: 1, io: 16, window: 1024, crash: unreachable
  ].join(''),
  'hex',
);
const REFUSAL_OF_C = 'compiled from another core.wasm: run make\n';

for (const host of hosts) {
  describe(host.name, { skip: host.missing ?? false, concurrency: 2 }, () => {
    test('builds', () => assert.equal(host.failure, undefined));
    if (!host.run) return;

    test('the conformance script holds', async () => {
      const { code, output } = await withFolder((folder) => runScript(host, script, folder));
      assert.deepEqual({ code, output: output.trim() }, { code: 0, output: `${count} steps hold` });
    });

    test('exit code 1: the core traps; what has its core built in refuses another one', async () => {
      const { code, output } = await withFolder(async (folder) => {
        await writeFile(join(folder, 'trap.wasm'), TRAPPING_CORE);
        await writeFile(join(folder, 'trap.jsonl'), '{"op":"call","name":"io"}\n{"op":"call","name":"crash"}\n');
        return runScript(host, join(folder, 'trap.jsonl'), folder, join(folder, 'trap.wasm'));
      });
      if (host.name === 'c') assert.deepEqual({ code, output }, { code: 2, output: REFUSAL_OF_C });
      else assert.deepEqual([code, output.slice(0, 8)], [1, 'line 2: '], output);
    });

    test('exit code 2: no arguments, no such core, no such script', async () => {
      const none = join(tmpdir(), 'limpet-embed-nothing');
      assert.equal((await runScript(host, none)).code, 2);
      assert.equal((await runScript(host, script, '.', none)).code, 2);
      assert.equal((await runHost(host, [])).code, 2);
    });

    test("the README's example holds, and has upper-case hex", async () => {
      assert.match(example, /^\{/);
      const upper = '{"op":"call","set":{"window":"FF0A"},"name":"abi_version","expect":{"window":"ff0A","result":1}}';
      const { code, output } = await runLines(host, `${example}${upper}\r\n`);
      assert.deepEqual({ code, output: output.trim() }, { code: 0, output: '6 steps hold' });
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
