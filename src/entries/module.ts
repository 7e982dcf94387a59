// The entry for places that forbid compiling: as index.ts, but without the wasm, which the caller brings ready-made.

import { dockerTasks } from '../docker/task-reader.js';
import { describe } from '../host/arguments.js';
import { Instance } from '../host/instance.js';
import { instantiate } from '../host/instantiate.js';
import type { LoadOptions } from '../host/types.js';

export * from './exports.js';

/** A compiled `limpet/core.wasm`: a WebAssembly.Module, named so that no DOM types are asked for. */
export type CoreModule = object;

export class Limpet extends Instance {
  /**
   * An instance of a module that is compiled already.
   * @throws TypeError when it is no WebAssembly.Module; LimpetError BAD_INPUT when it is not Limpet's core
   */
  static async load(module: CoreModule, options?: LoadOptions): Promise<Limpet> {
    if (!(module instanceof WebAssembly.Module))
      throw new TypeError(`a WebAssembly.Module is needed, not ${describe(module)}`);
    return new Limpet(await instantiate(module, options), dockerTasks);
  }
}
