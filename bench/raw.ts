// The core without the host API, as a host in another language would drive it: docs/ABI.md and nothing else.

import { readFileSync } from 'node:fs';
import { corePath } from '../tests/limpet.js';

type Call = (...args: number[]) => number;

export class RawCore {
  readonly calls: Record<string, Call>;
  readonly #memory: WebAssembly.Memory;
  readonly io: number;
  readonly window: number;

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

  subnet(version: 4 | 6, prefix: number): number {
    this.bytes(this.io).fill(0, 0, 16);
    if (version === 4) this.bytes(this.io)[3] = 10;
    else this.bytes(this.io)[15] = 0xfd;
    return this.call('subnet_create', version, prefix, 0, 0);
  }
}
