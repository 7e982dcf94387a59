// The host API with the wasm core inside: the core is decoded and compiled at the first load, once for all instances.

import { coreBytes } from './generated/core-wasm.js';
import { Instance, instantiate } from './instance.js';
import type { LoadOptions } from './types.js';

let compiled: Promise<WebAssembly.Module> | undefined;

export class Limpet extends Instance {
  /**
   * A new instance, with memory of its own.
   * @throws TypeError on options of the wrong type
   * @example const limpet = await Limpet.load();
   */
  static async load(options?: LoadOptions): Promise<Limpet> {
    compiled ??= WebAssembly.compile(coreBytes());
    return new Limpet(await instantiate(await compiled, options));
  }
}
