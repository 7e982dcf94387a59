// The wasm core that is inside the package: decoded and compiled at the first load, once for all instances.

import type { Core } from './boundary/core.js';
import { coreBytes } from './generated/core-wasm.js';
import { instantiate } from './instantiate.js';
import type { LoadOptions } from './types.js';

let compiled: Promise<WebAssembly.Module> | undefined;

/** A fresh instance of it. @throws as {@link instantiate} */
export async function embeddedCore(options?: LoadOptions): Promise<Core> {
  compiled ??= WebAssembly.compile(coreBytes());
  return instantiate(await compiled, options);
}
