// The conformance script itself: as its generator writes it, nothing of the guide left out, and true of the core at
// hand. The hosts of examples/embed run it in tests/embed.
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { run } from '../../examples/embed/javascript/steps.js';
import { conformance } from '../../scripts/conformance/all.js';
import { guideStatuses, type Step } from '../../scripts/conformance/script.js';
import { corePath } from '../limpet.js';

const path = new URL('../../examples/embed/conformance.jsonl', import.meta.url);
const steps = (await readFile(path, 'utf8'))
  .split('\n')
  .filter(Boolean)
  .map((line) => JSON.parse(line) as Step);

test('examples/embed/conformance.jsonl is what `npm run embed:script` writes', async () => {
  assert.ok((await readFile(path, 'utf8')) === conformance(), 'it is stale: npm run embed:script');
});

test('the script holds on this core', async () => {
  const files = new Map<string, Uint8Array>();
  const module = await WebAssembly.compile(await readFile(corePath));
  const outcome = await run(module, conformance(), {
    read: async (name: string) => files.get(name),
    write: async (name: string, bytes: Uint8Array) => files.set(name, bytes),
  });
  assert.deepEqual(outcome, { code: 0, message: `${steps.length} steps hold` });
});

test('every program of examples/embed is of files under 150 lines, or one file to copy', async () => {
  const folder = new URL('../../examples/embed/', import.meta.url);
  const names = (await readdir(folder, { recursive: true })).filter((name) => !/build|target|node_modules/.test(name));
  const sources = names.filter((name) => /\.(js|html|go|rs|py|java|c|h)$/.test(name));
  assert.ok(sources.length >= 18);
  for (const name of sources) {
    const lines = (await readFile(new URL(name, folder), 'utf8')).trimEnd().split('\n').length;
    const most = name.includes('allocate') ? 200 : 150;
    assert.ok(lines < most, `${name} has ${lines} lines`);
  }
});

test('every export of the core is called', async () => {
  const module = await WebAssembly.compile(await readFile(corePath));
  const exported = WebAssembly.Module.exports(module).flatMap(({ name, kind }) => (kind === 'function' ? [name] : []));
  const called = new Set(steps.map((step) => step.name));
  // A host cannot even begin without these two.
  for (const always of ['io', 'window']) called.add(always);
  assert.deepEqual(
    exported.filter((name) => !called.has(name)),
    [],
  );
});

test('every status is provoked', () => {
  const numbers = ['abi_version', 'memory_used', 'snapshot_next', 'rebuild_feed'];
  const provoked = new Set(
    steps.filter((step) => !numbers.includes(step.name ?? '')).map((step) => step.expect?.result),
  );
  for (const step of steps) if (Number(step.expect?.result) < 0) provoked.add(step.expect?.result);
  assert.deepEqual(
    [...guideStatuses].filter(([, value]) => !provoked.has(value)),
    [],
  );
});

test('most steps say what they expect', () => {
  const silent = steps.filter((step) => step.expect === undefined && step.op === 'call');
  assert.deepEqual([...new Set(silent.map((step) => step.name))].sort(), ['subnet_create']);
});
