// The one-file examples with an `Allocate`, and docs/ABI.md's worked sequence: both give what Limpet itself gives.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, test } from 'node:test';
import { folder } from '../../scripts/embed/hosts.js';
import { library } from '../limpet.js';
import { able, runLines } from './hosts.js';

const CORE = resolve('dist/core.wasm');
const PROGRAMS: Readonly<Record<string, readonly [string, ...string[]]>> = {
  go: ['build/allocate'],
  python: ['build/bin/python', 'allocate.py'],
};

for (const host of able.filter(({ name }) => PROGRAMS[name] !== undefined)) {
  describe(`${host.name}: Allocate`, () => {
    const [program, ...before] = PROGRAMS[host.name] as [string, ...string[]];
    const cwd = join(folder, host.name);
    const ask = (...args: string[]): Promise<{ code: number; out: string; err: string }> =>
      new Promise((done) => {
        execFile(resolve(cwd, program), [...before, ...args], { cwd }, (error, out, err) => {
          done({ code: error === null ? 0 : Number(error.code), out, err });
        });
      });

    for (const cidr of ['10.0.0.0/29', '192.168.7.0/24', '10.9.9.8/31', 'fd00:7::/64']) {
      test(cidr, async () => {
        const net = (await library.Limpet.load()).subnet(cidr);
        const identities = ['web.1', 'web.2', 'web.1'];
        const expected = identities.map((identity) => `${identity} ${net.allocate(identity)}\n`).join('');
        assert.deepEqual(await ask(CORE, cidr, ...identities), { code: 0, out: expected, err: '' });
      });
    }

    for (const [what, args, code, message] of [
      ['a full subnet', [CORE, '10.0.0.0/30', 'a', 'b', 'c'], 1, /^allocate: .*status -1/],
      ['host bits', [CORE, '10.0.0.1/24', 'a'], 1, /^allocate: .*host bits/],
      ['no CIDR', [CORE, 'wide', 'a'], 1, /^allocate: .*wide/],
      ['an identity that is too long', [CORE, '10.0.0.0/24', 'x'.repeat(256)], 1, /1 to 255 bytes/],
      ['no core', ['/nonexistent.wasm', '10.0.0.0/24', 'a'], 1, /^allocate: .*nonexistent/],
    ] as const) {
      test(`refuses ${what}`, async () => {
        const said = await ask(...args);
        assert.deepEqual([said.code, /Traceback|goroutine/.test(said.err)], [code, false], said.err);
        assert.match(said.err, message);
      });
    }

    test('without arguments it says how it is used', async () => assert.match((await ask()).err, /^usage: allocate/));
  });
}

describe("docs/ABI.md's worked sequence", () => {
  const lines = /```jsonl\n([\s\S]*?)```/.exec(readFileSync('docs/ABI.md', 'utf8'))?.[1] ?? '';
  for (const host of able) {
    test(host.name, async () => {
      const { code, output } = await runLines(host, lines);
      assert.deepEqual([code, output.trim()], [0, '7 steps hold']);
    });
  }
});
