// The package in the runtimes that README names beyond Node and browsers: Bun, Deno (without a permission), and
// workerd, which forbids compiling WebAssembly. Each comes from npm, into a folder of its own.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';

const RUNTIMES = ['bun@1.4.5', 'deno@2.9.6', 'miniflare@4.20260730.0', 'esbuild@0.28.2'];
const tarball = process.env.LIMPET_TARBALL;
if (tarball === undefined) throw new Error('LIMPET_TARBALL is not set: run npm run test:runtimes');

const folder = mkdtempSync(join(tmpdir(), 'limpet-runtimes-'));
const cpu = process.arch === 'arm64' ? 'aarch64' : process.arch;
const platform = `${process.platform}-${cpu}`;

async function run(program: string, ...args: string[]): Promise<string> {
  const options = { cwd: folder, timeout: 120_000, env: { ...process.env, NO_COLOR: '1', DENO_NO_UPDATE_CHECK: '1' } };
  const { stdout } = await promisify(execFile)(program, args, options);
  return stdout;
}

const PROGRAM = `import { Limpet } from 'limpet';
const net = (await Limpet.load()).subnet('10.0.0.0/24', { gateway: '10.0.0.1' });
net.allocate('web.3');
net.release('web.3');
net.allocate('web.4');
console.log(net.allocate('web.3'), net.snapshot().length > 0);
`;

const WORKER = `import core from 'limpet/core.wasm';
import { Limpet } from 'limpet/module';
export default {
  async fetch(request) {
    const net = (await Limpet.load(core)).subnet('10.0.0.0/24', { gateway: '10.0.0.1' });
    return new Response(net.allocate(new URL(request.url).searchParams.get('identity')));
  },
};
`;

const FORBIDDEN = `import { Limpet } from 'limpet';
export default {
  async fetch() {
    return new Response(await Limpet.load().then(() => 'loaded', (error) => error.message));
  },
};
`;

/** Bundled as wrangler does: the wasm stays a module of its own. */
const MINIFLARE = `import { build } from 'esbuild';
import { Miniflare } from 'miniflare';
import { readFileSync } from 'node:fs';
const [, , source, url] = process.argv;
const wasm = { name: 'wasm', setup: ({ onResolve }) => {
  onResolve({ filter: /core\\.wasm$/ }, () => ({ path: './core.wasm', external: true }));
} };
const { outputFiles } = await build({ entryPoints: [source], bundle: true, format: 'esm', write: false, plugins: [wasm],
  conditions: ['workerd', 'browser'], target: 'es2022', logLevel: 'error' });
const core = readFileSync('node_modules/limpet/dist/core.wasm');
const modules = [{ type: 'ESModule', path: 'worker.mjs', contents: outputFiles[0].text },
  { type: 'CompiledWasm', path: 'core.wasm', contents: core }];
const worker = new Miniflare({ modules, compatibilityDate: '2026-07-01' });
const answer = await worker.dispatchFetch(url);
console.log(answer.status, await answer.text());
await worker.dispose();
`;

before(async () => {
  writeFileSync(join(folder, 'package.json'), '{"private":true,"type":"module"}');
  writeFileSync(join(folder, 'program.mjs'), PROGRAM);
  writeFileSync(join(folder, 'worker.mjs'), WORKER);
  writeFileSync(join(folder, 'forbidden.mjs'), FORBIDDEN);
  writeFileSync(join(folder, 'miniflare.mjs'), MINIFLARE);
  await run('npm', 'install', '--silent', '--ignore-scripts', '--no-audit', '--no-fund', tarball, ...RUNTIMES);
});
after(() => rmSync(folder, { recursive: true, force: true }));

describe('the package', () => {
  test('in Bun', async () => {
    assert.equal(await run(`node_modules/@oven/bun-${platform}/bin/bun`, 'program.mjs'), '10.0.0.2 true\n');
  });

  test('in Deno, without any permission', async () => {
    const deno = `node_modules/@deno/${process.platform}-${process.arch}-glibc/deno`;
    assert.equal(await run(deno, 'run', '--no-prompt', 'program.mjs'), '10.0.0.2 true\n');
  });

  test('in workerd, with the module that the bundler leaves', async () => {
    const url = 'http://localhost/?identity=web.3';
    assert.equal(await run(process.execPath, 'miniflare.mjs', 'worker.mjs', url), '200 10.0.0.2\n');
  });

  test('in workerd, where compiling is forbidden, the error says what to load instead', async () => {
    const said = await run(process.execPath, 'miniflare.mjs', 'forbidden.mjs', 'http://localhost/');
    assert.match(said, /^200 .*limpet\/module/);
  });
});
