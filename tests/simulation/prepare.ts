// What a simulation needs of its machine before it begins.
import { Limpet } from '../../src/host/limpet.js';

/** The core is made at once: compiling in the background would be a race. */
async function prepare(): Promise<void> {
  await Limpet.load();
  const { Module, Instance } = WebAssembly;
  Object.assign(WebAssembly, {
    instantiate: async (module: WebAssembly.Module) => {
      if (!(module instanceof Module)) throw new TypeError('a compiled module, in a simulation');
      return new Instance(module, {});
    },
  });
}

/** Resolves when worlds can be played. */
export const prepared = prepare();
