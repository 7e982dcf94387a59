// The wasm core that is inside the package: decoded and compiled at the first load, once for all instances.

import type { Core } from './boundary/core.js';
import { LimpetError } from './errors.js';
import { coreBytes } from './generated/core-wasm.js';
import { instantiate } from './instantiate.js';
import type { LoadOptions } from './types.js';

let compiled: Promise<WebAssembly.Module> | undefined;

/** A fresh instance of it. @throws as {@link instantiate}; UNAVAILABLE where compiling is forbidden */
export async function embeddedCore(options?: LoadOptions): Promise<Core> {
  compiled ??= compile();
  return instantiate(await compiled, options);
}

async function compile(): Promise<WebAssembly.Module> {
  try {
    return await WebAssembly.compile(await coreBytes());
  } catch (cause) {
    compiled = undefined;
    const message = `the core cannot be compiled here (${(cause as Error).message})`;
    const instead = "where compiling is forbidden, load 'limpet/module' with a ready-made module of 'limpet/core.wasm'";
    throw new LimpetError('UNAVAILABLE', `${message}; ${instead}`, { cause });
  }
}
