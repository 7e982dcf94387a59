// A fresh instance of the core from its compiled module.

import { checkOptions, describe, isBytes } from './arguments.js';
import { foreign } from './boundary/calls.js';
import { Core } from './boundary/core.js';
import { LimpetError } from './errors.js';
import type { LoadOptions } from './types.js';

const OPTIONS = ['seed', 'maxMemory'] as const satisfies readonly (keyof LoadOptions)[];

/**
 * A fresh core from a compiled module, keyed and bounded as the options say.
 * @throws TypeError; LimpetError BAD_INPUT when the seed is not 16 bytes long, when there is no memory, or when the
 * module is no Limpet core
 */
export async function instantiate(module: WebAssembly.Module, options: LoadOptions = {}): Promise<Core> {
  checkOptions(options, 'loading', OPTIONS);
  const { maxMemory } = options;
  const seed = options.seed ?? globalThis.crypto.getRandomValues(new Uint8Array(16));
  if (!isBytes(seed)) throw new TypeError(`a seed is a Uint8Array of 16 bytes, not ${describe(seed)}`);
  if (seed.length !== 16)
    throw new LimpetError('BAD_INPUT', `a seed has 16 bytes, not ${seed.length}`, { bytes: seed.length });
  if (maxMemory !== undefined && typeof maxMemory !== 'number')
    throw new TypeError(`maxMemory is a number of bytes, not ${describe(maxMemory)}`);
  if (maxMemory !== undefined && !(maxMemory > 0))
    throw new LimpetError('BAD_INPUT', `maxMemory is a number of bytes above 0, not ${maxMemory}`, {
      value: maxMemory,
    });
  let instance: WebAssembly.Instance;
  try {
    instance = await WebAssembly.instantiate(module, {});
  } catch (cause) {
    throw foreign((cause as Error).message, cause);
  }
  return new Core(instance.exports, seed, maxMemory);
}
