// A TypeScript consumer of the CommonJS form; it is only type-checked.
import limpet = require('limpet');
import ready = require('limpet/module');

async function main(): Promise<string> {
  const one: limpet.Limpet = await limpet.Limpet.load();
  const two: ready.Limpet = await ready.Limpet.load(new WebAssembly.Module(new Uint8Array()));
  const code: limpet.LimpetErrorCode = 'FULL';
  return code + one.subnet('10.0.0.0/24', {}).allocate('web.3') + two.subnet('10.0.0.0/24', {}).allocate('web.3');
}

// @ts-expect-error a promise is not a string
const text: string = main();
console.log(text);
