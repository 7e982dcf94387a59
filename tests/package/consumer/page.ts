// A page's script. What it computes ends up in the document's title, which is all that a test needs to read.
import { Limpet, LimpetError } from 'limpet';
import { Limpet as Ready } from 'limpet/module';

try {
  const embedded = await Limpet.load();
  const first = embedded.subnet('10.0.0.0/24', { gateway: '10.0.0.1' }).allocate('web.3');
  const module = await WebAssembly.compileStreaming(fetch('core.wasm'));
  const ready = await Ready.load(module);
  const second = ready.subnet('10.0.0.0/24', { gateway: '10.0.0.1' }).allocate('web.3');
  document.title = `${first} ${second} ${refusal(embedded)}`;
} catch (error) {
  document.title = `failed: ${error}`;
}

function refusal(limpet: Limpet): string {
  try {
    limpet.subnet('10.0.0.1/24', {});
    return 'not refused';
  } catch (error) {
    return error instanceof LimpetError ? error.code : String(error);
  }
}
