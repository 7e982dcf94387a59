// The main entry: the host API with the wasm core inside, which reads Docker's tasks. Importing it does nothing.

import { dockerTasks } from '../docker/task-reader.js';
import { embeddedCore } from '../host/embedded.js';
import { Instance } from '../host/instance.js';

import type { LoadOptions } from '../host/types.js';

export * from './exports.js';

export class Limpet extends Instance {
  /**
   * A new instance, with memory of its own.
   * @throws TypeError on options of the wrong type; LimpetError UNAVAILABLE where compiling WebAssembly is forbidden:
   * `limpet/module` is for such places
   * @example const limpet = await Limpet.load();
   */
  static async load(options?: LoadOptions): Promise<Limpet> {
    return new Limpet(await embeddedCore(options), dockerTasks);
  }
}
