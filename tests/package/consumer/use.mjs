// A consumer that imports both entries.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Limpet, LimpetError } from 'limpet';
import * as other from 'limpet/module';

const limpet = await Limpet.load();
assert.equal(limpet.subnet('10.0.0.0/24', { gateway: '10.0.0.1' }).allocate('web.3'), '10.0.0.2');

const wasm = readFileSync(fileURLToPath(import.meta.resolve('limpet/core.wasm')));
const ready = await other.Limpet.load(new WebAssembly.Module(wasm));
assert.equal(ready.subnet('10.0.0.0/24', { gateway: '10.0.0.1' }).allocate('web.3'), '10.0.0.2');

assert.equal(other.LimpetError, LimpetError, 'both entries throw one class');
assert.throws(() => ready.subnet('10.0.0.1/24'), LimpetError);
