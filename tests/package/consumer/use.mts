// A TypeScript consumer of the ESM form; it is only type-checked.
import { Limpet, LimpetError, type LimpetErrorCode } from 'limpet';
import core from 'limpet/core.wasm';
import { Limpet as Ready } from 'limpet/module';

const limpet: Limpet = await Limpet.load();
const address: string = limpet.subnet('10.0.0.0/24', { gateway: '10.0.0.1' }).allocate('web.3');
const ready = await Ready.load(new WebAssembly.Module(new Uint8Array()));
await Ready.load(core);
const again: string = ready.subnet('10.0.0.0/24', {}).allocate('web.3');
const code: LimpetErrorCode = new LimpetError('FULL', address + again).code;

// The code tells what the details are.
const error: unknown = undefined;
if (error instanceof LimpetError && error.code === 'FULL') {
  const reclaimable: number | undefined = error.details.reclaimable;
  // @ts-expect-error a size is a bigint
  const size: number | undefined = error.details.size;
  console.log(error.message, reclaimable, size);
}
// @ts-expect-error of an occupied address the owner is told by name
new LimpetError('OCCUPIED', '', { owner: 3 });
// @ts-expect-error a misspelt detail
new LimpetError('OCCUPIED', '', { ownr: 'web.3' });

// @ts-expect-error an identity is a string
limpet.subnet('10.0.0.0/24', {}).allocate(3);
// @ts-expect-error the ready module is not optional
await Ready.load();
console.log(code);
