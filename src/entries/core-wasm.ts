// The type of `limpet/core.wasm` where an import of wasm gives the compiled module: workerd, and bundlers for it.
// Elsewhere read the file and compile it. Only the declaration is shipped; the wasm is what is imported.

import type { CoreModule } from './module.js';

/** Hand it to `Limpet.load` of `limpet/module`. */
declare const core: CoreModule;
export default core;
