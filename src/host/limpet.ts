// The host API with the wasm core inside: the core is decoded and compiled at the first load, once for all instances.

import type { Core } from './boundary/core.js';
import type { RecordReading } from './claims.js';
import { coreBytes } from './generated/core-wasm.js';
import { Instance, instantiate } from './instance.js';
import type { LoadOptions } from './types.js';

let compiled: Promise<WebAssembly.Module> | undefined;

/** A fresh instance of the core that is inside. @throws as {@link instantiate} */
export async function embeddedCore(options?: LoadOptions): Promise<Core> {
  compiled ??= WebAssembly.compile(coreBytes());
  return instantiate(await compiled, options);
}

/** As the package's own Limpet, but without a reader of Docker's tasks, unless it is handed one. */
export class Limpet extends Instance {
  /** @throws as {@link embeddedCore} */
  static async load(options?: LoadOptions, reading?: RecordReading): Promise<Limpet> {
    return new Limpet(await embeddedCore(options), reading);
  }
}
