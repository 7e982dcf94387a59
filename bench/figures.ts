// Figures that are no race: growth over the size of the subnet, the longest single call, memory, and the module's size.

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { corePath } from '../tests/limpet.js';
import { identities } from './inputs.js';
import { median } from './measure.js';
import { PlainSubnet } from './plain.js';
import { RawCore } from './raw.js';

export interface Growth {
  readonly subnet: string;
  /** Nanoseconds a new binding, and the same over that of the first subnet. */
  readonly ns: number;
  readonly ratio: number;
}

/** Allocates 200 new identities in fresh subnets of each size, in turn. */
export function growthCases(rounds: number): Growth[] {
  const sizes = [
    ['/24', 4, 24],
    ['/16', 4, 16],
    ['/8', 4, 8],
    ['IPv6 /64', 6, 64],
    ['IPv6 /48', 6, 48],
  ] as const;
  const raw = new RawCore();
  const allocate = raw.calls.allocate as (id: number, length: number) => number;
  const names = identities(200).map((name) => new TextEncoder().encode(name));
  const times: number[][] = sizes.map(() => []);
  growFirst(raw, names);
  for (let round = 0; round < rounds * 60; round++) {
    for (const [i, [, version, prefix]] of sizes.entries()) {
      const id = raw.subnet(version, prefix);
      const identity = raw.bytes(raw.io + 64);
      const started = process.hrtime.bigint();
      for (const name of names) {
        for (let at = 0; at < 27; at++) identity[at] = name[at] as number;
        allocate(id, 27);
      }
      if (round >= rounds) (times[i] as number[]).push(Number(process.hrtime.bigint() - started) / names.length);
      raw.call('subnet_destroy', id);
    }
  }
  const medians = times.map(median);
  return sizes.map(([subnet], i) => ({
    subnet,
    ns: medians[i] as number,
    ratio: (medians[i] as number) / (medians[0] as number),
  }));
}

/** Grows the memory by more than is needed below: a loop whose view was once detached is slow ever after. */
function growFirst(raw: RawCore, names: readonly Uint8Array[]): void {
  const ids = Array.from({ length: 8 }, () => raw.subnet(6, 48));
  for (const id of ids) {
    for (const name of names) {
      raw.bytes(raw.io + 64).set(name);
      raw.call('allocate', id, name.length);
    }
  }
  for (const id of ids) raw.call('subnet_destroy', id);
}

export interface Pause {
  readonly what: string;
  /** Milliseconds of the longest of a million calls. */
  readonly core: number;
  readonly plain: number;
}

const MANY = 1_000_000;
const PASSES = 5;

/** The longest call while a million identities are allocated: tables grow, and so does the memory. */
export function pauseCases(): Pause[] {
  const text = inOnePiece();
  const core = leastTimes(() => {
    const raw = new RawCore();
    const id = raw.subnet(4, 8);
    const allocate = raw.calls.allocate as (id: number, length: number) => number;
    return (i) => {
      raw.bytes(raw.io + 64).set(text.subarray(i * 27, i * 27 + 27));
      return () => allocate(id, 27);
    };
  });
  const names = identities(MANY);
  const plain = leastTimes(() => {
    const subnet = new PlainSubnet(1 << 24);
    return (i) => () => subnet.allocate(names[i] as string);
  });
  return [{ what: 'longest of 1 000 000 allocations', core: longest(core), plain: longest(plain) }];
}

/** The identities of 27 bytes each: a million strings would keep the garbage collector busy. */
function inOnePiece(): Uint8Array {
  return new TextEncoder().encode(identities(MANY).join(''));
}

/**
 * Makes a million calls, again and again from the beginning, and keeps the least time of each. A table grows at the
 * same call in each pass; what else the machine does, and most of the garbage collector's work, comes at another.
 */
function leastTimes(begin: () => (i: number) => () => void): Float64Array {
  const least = new Float64Array(MANY).fill(Number.POSITIVE_INFINITY);
  for (let pass = 0; pass < PASSES; pass++) {
    const call = begin();
    for (let i = 0; i < MANY; i++) {
      const action = call(i);
      const started = performance.now();
      action();
      least[i] = Math.min(least[i] as number, performance.now() - started);
    }
  }
  return least;
}

const longest = (times: Float64Array): number => times.reduce((a, b) => Math.max(a, b));

export interface Memory {
  readonly what: string;
  readonly core: string;
  readonly plain: string;
}

export function memoryCases(): Memory[] {
  const count = 1_000_000;
  const raw = new RawCore();
  const used = () => raw.call('memory_used') >>> 0;
  const id = raw.subnet(4, 8);
  const before = used();
  for (const name of identities(count)) {
    raw.bytes(raw.io + 64).set(new TextEncoder().encode(name));
    raw.call('allocate', id, 27);
  }
  const binding = (used() - before) / count;
  const full = new RawCore();
  const bitmap = full.subnet(4, 8);
  for (let i = 0; i < 1 << 24; i++) full.call('hold_next', bitmap);
  const three = new RawCore();
  const small = three.subnet(6, 64);
  for (const name of ['a', 'b', 'c']) {
    three.bytes(three.io + 64).set(new TextEncoder().encode(name));
    three.call('allocate', small, 1);
  }
  return [
    {
      what: 'one of 1 000 000 bindings, 27-byte identity',
      core: `${binding.toFixed(1)} B`,
      plain: `${plainBytes(count).toFixed(1)} B`,
    },
    { what: 'every address of a /8 held', core: mib(full.call('memory_used') >>> 0), plain: mib(1 << 21) },
    {
      what: 'three bindings in an IPv6 /64',
      core: `${((three.call('memory_used') >>> 0) / 1024).toFixed(0)} KiB`,
      plain: 'not possible',
    },
  ];
}

const mib = (bytes: number) => `${(bytes / 1024 / 1024).toFixed(2)} MiB`;

/** Bytes of the two Maps and their strings, in a process of its own where the garbage collector can be asked. */
function plainBytes(count: number): number {
  const script = `
    const size = () => { globalThis.gc(); return process.memoryUsage().heapUsed; };
    const before = size();
    const byIdentity = new Map(), byOrdinal = new Map();
    for (let i = 0; i < ${count}; i++) {
      const name = Buffer.from('production-frontend.' + String(i).padStart(7, '0')).toString('latin1');
      byIdentity.set(name, i); byOrdinal.set(i, name);
    }
    console.log((size() - before) / ${count}, byIdentity.size + byOrdinal.size);`;
  return Number.parseFloat(execFileSync(process.execPath, ['--expose-gc', '-e', script], { encoding: 'utf8' }));
}

/** Bytes of dist/core.wasm. */
export function sizeCases(): { readonly raw: number; readonly gzip: number } {
  const bytes = readFileSync(corePath);
  return { raw: bytes.length, gzip: gzipSync(bytes, { level: 9 }).length };
}
