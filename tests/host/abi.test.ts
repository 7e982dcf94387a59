// The built core against docs/ABI.md: nothing undocumented, nothing missing, no imports.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { IO, little, RawCore } from '../core.js';
import { corePath } from '../limpet.js';
import { sipHash13 } from '../siphash.js';

const read = (path: string) => readFile(new URL(`../../${path}`, import.meta.url), 'utf8');
const core = await WebAssembly.compile(await readFile(corePath));
const abi = await read('docs/ABI.md');

test('the core imports nothing', () => {
  assert.deepEqual(WebAssembly.Module.imports(core), []);
});

test('the exports are the calls of docs/ABI.md, each with as many arguments as documented', async () => {
  const documented = new Map<string, number>();
  for (const [, name, args] of abi.matchAll(/^\| `([a-z_]+)` \|([^|]*)\|/gm)) {
    documented.set(name as string, args?.trim() === '' ? 0 : (args as string).split(',').length);
  }
  const { exports } = await WebAssembly.instantiate(core, {});
  const exported = new Map<string, number>();
  for (const { name, kind } of WebAssembly.Module.exports(core)) {
    if (kind === 'function') exported.set(name, (exports[name] as () => void).length);
  }
  assert.deepEqual([...exported].sort(), [...documented].sort());
  assert.ok(exports.memory instanceof WebAssembly.Memory);
});

test('the statuses of docs/ABI.md are those of the core', async () => {
  const source = await read('assembly/status.ts');
  const inCore = [...source.matchAll(/^export const (\w+): i32 = (-?\d+);/gm)].map(
    ([, name, value]) => `${value} ${name}`,
  );
  const inPage = [...abi.matchAll(/^\| (-?\d+) \| ([A-Z_]+) \|/gm)].map(([, value, name]) => `${value} ${name}`);
  assert.deepEqual(inPage, inCore);
});

/** The pairs `field value` of a cell, apart by semicolons. */
const fields = (cell: string) =>
  cell
    .split(';')
    .map((pair) => pair.trim().split(/ (.*)/) as [string, string])
    .filter(([field]) => field !== '');

function prepare(raw: RawCore, field: string, value: string): void {
  if (field === 'ordinal') raw.ordinal = BigInt(value);
  else if (field === 'last') raw.last = BigInt(value);
  else if (field === 'time') raw.time = BigInt(value);
  else if (field === 'identity') raw.put(value);
  else if (field === 'ranges') raw.window.set(Buffer.concat(value.split(' ').map((n) => little(BigInt(n), 16))));
  else assert.fail(`nothing is called ${field}`);
}

function told(raw: RawCore, field: string): string {
  if (field === 'ordinal') return String(raw.ordinal);
  if (field === 'time') return String(raw.io.getBigUint64(IO.time, true));
  if (field === 'identity') return raw.identity;
  return String(raw.io.getUint32(IO[field as 'state' | 'length' | 'pinned'], true));
}

test('the worked sequence of docs/ABI.md answers what it says', () => {
  const raw = new RawCore(corePath);
  const steps = [...abi.matchAll(/^\| `(\w+)\(([^)]*)\)` \|([^|]*)\| (-?\d+) \|([^|]*)\|$/gm)];
  assert.ok(steps.length > 20);
  for (const [line, name, args, before, answer, after] of steps as unknown as string[][]) {
    for (const [field, value] of fields(before!)) prepare(raw, field, value);
    const numbers = args === '' ? [] : args!.split(',').map(Number);
    assert.equal(raw.call(name!, ...numbers), Number(answer), line);
    for (const [field, value] of fields(after!)) assert.equal(told(raw, field), value, line);
  }
});

test('the checksum and layout of docs/ABI.md are enough to read a snapshot', async () => {
  const { Limpet } = await import('../limpet.js');
  const limpet = await Limpet.load();
  const net = limpet.subnet('10.1.0.0/24', { gateway: '10.1.0.1', policy: 'lowest' });
  net.allocate('web.1');
  net.allocate('web.2');
  net.release('web.1', 1234);
  const bytes = net.snapshot();
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  assert.equal(new TextDecoder().decode(bytes.subarray(0, 4)), 'LMPT');
  assert.deepEqual([...bytes.subarray(4, 8)], [1, 4, 24, 1]);
  const lengths = [64];
  const counts = [48, 52, 56].map((at) => view.getUint32(at, true)) as [number, number, number];
  assert.deepEqual(counts, [2, 2, 1]);
  let at = 64 + counts[0] * 32;
  lengths.push(...Array<number>(counts[0]).fill(32));
  const parts: [bigint, number, number, string][] = [];
  for (let n = counts[1] + counts[2]; n > 0; n--) {
    const length = 24 + (bytes[at + 23] as number);
    const identity = new TextDecoder().decode(bytes.subarray(at + 24, at + length));
    parts.push([view.getBigUint64(at, true), view.getUint32(at + 16, true), bytes[at + 22] as number, identity]);
    lengths.push(length);
    at += length;
  }
  assert.deepEqual(parts, [
    [1n, 0, 2, ''],
    [3n, 0, 1, 'web.2'],
    [2n, 1234, 0, 'web.1'],
  ]);
  let sum = 0n;
  let from = 0;
  for (const length of lengths) {
    sum = sipHash13(bytes.subarray(from, from + length), sum, 0x54504d4cn);
    from += length;
  }
  assert.equal(from + 8, bytes.length);
  assert.equal(view.getBigUint64(from, true), sum);
});
