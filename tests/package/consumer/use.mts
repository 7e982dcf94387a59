// A TypeScript consumer of the ESM form; it is only type-checked.
import { Limpet, LimpetError, type LimpetErrorCode } from 'limpet';
import { Limpet as Ready } from 'limpet/module';

const limpet: Limpet = await Limpet.load();
const address: string = limpet.subnet('10.0.0.0/24', { gateway: '10.0.0.1' }).allocate('web.3');
const ready = await Ready.load(new WebAssembly.Module(new Uint8Array()));
const again: string = ready.subnet('10.0.0.0/24', {}).allocate('web.3');
const code: LimpetErrorCode = new LimpetError('FULL', address + again).code;

// @ts-expect-error an identity is a string
limpet.subnet('10.0.0.0/24', {}).allocate(3);
// @ts-expect-error the ready module is not optional
await Ready.load();
console.log(code);
