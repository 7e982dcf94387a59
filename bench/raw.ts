// The core without the host API, as a host in another language would drive it: docs/ABI.md and nothing else.

import { readFileSync } from 'node:fs';
import { corePath } from '../tests/limpet.js';

type Call = (...args: number[]) => number;

export class RawCore {
  readonly calls: Record<string, Call>;
  readonly #memory: WebAssembly.Memory;
  readonly io: number;
  readonly window: number;
  readonly windowSize = 65536;

  constructor() {
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(readFileSync(corePath)), {});
    this.#memory = exports.memory as WebAssembly.Memory;
    this.calls = exports as Record<string, Call>;
    this.io = this.call('io');
    this.window = this.call('window');
  }

  call(name: string, ...args: number[]): number {
    return (this.calls[name] as Call)(...args);
  }

  bytes(at: number): Uint8Array {
    return new Uint8Array(this.#memory.buffer, at);
  }

  /** Makes a subnet, less the ranges of ordinals (first and last) that are excluded. */
  subnet(version: 4 | 6, prefix: number, excluded: readonly (readonly [number, number])[] = []): number {
    const ordinals = new BigUint64Array(this.bytes(this.window).buffer, this.window, excluded.length * 4).fill(0n);
    for (const [i, [first, last]] of excluded.entries()) {
      ordinals[i * 4] = BigInt(first);
      ordinals[i * 4 + 2] = BigInt(last);
    }
    this.bytes(this.io).fill(0, 0, 16);
    if (version === 4) this.bytes(this.io)[3] = 10;
    else this.bytes(this.io)[15] = 0xfd;
    return this.call('subnet_create', version, prefix, 0, excluded.length);
  }
}
