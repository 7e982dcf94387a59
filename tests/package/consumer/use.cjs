// A consumer that requires both entries.
const assert = require('node:assert/strict');
const { readFileSync } = require('node:fs');
const { Limpet, LimpetError } = require('limpet');
const other = require('limpet/module');

async function main() {
  const limpet = await Limpet.load();
  assert.equal(limpet.subnet('10.0.0.0/24', { gateway: '10.0.0.1' }).allocate('web.3'), '10.0.0.2');

  const wasm = readFileSync(require.resolve('limpet/core.wasm'));
  const ready = await other.Limpet.load(new WebAssembly.Module(wasm));
  assert.equal(ready.subnet('10.0.0.0/24', { gateway: '10.0.0.1' }).allocate('web.3'), '10.0.0.2');

  assert.equal(other.LimpetError, LimpetError, 'both entries throw one class');
  assert.throws(() => ready.subnet('10.0.0.1/24'), LimpetError);
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
