// The processes of a storm, each a process of the machine, and what one storm costs all of them together.
import { type ChildProcess, spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { buildSync } from 'esbuild';
import type { Cost, Setup } from './process.js';

/** What all of a storm's processes have in common, and how many there are. */
export interface Weather extends Pick<Setup, 'endpoint' | 'cidr' | 'atOnce'> {
  readonly processes: number;
  /** Identities that each of them starts. */
  readonly each: number;
}

/** Where the packages that it imports are found. */
const BUNDLE = join(import.meta.dirname, `../../node_modules/.cache/limpet/storm-${process.pid}.mjs`);

let isBundled = false;

/** Bundled once: processes that start together should not all compile first. */
function bundle(): void {
  if (isBundled) return;
  buildSync({
    entryPoints: [join(import.meta.dirname, 'process.ts')],
    outfile: BUNDLE,
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    logLevel: 'error',
  });
  process.setMaxListeners(0);
  process.once('exit', () => rmSync(BUNDLE, { force: true }));
  isBundled = true;
}

class One {
  readonly child: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  constructor(setup: Setup) {
    this.child = spawn(process.execPath, [BUNDLE, JSON.stringify(setup)], { stdio: ['pipe', 'pipe', 'inherit'] });
    process.once('exit', () => this.child.kill('SIGKILL'));
    this.#lines = createInterface({ input: this.child.stdout as NodeJS.ReadableStream })[Symbol.asyncIterator]();
  }

  async line(): Promise<string> {
    const { value, done } = await this.#lines.next();
    if (done) throw new Error(`a process of the storm has ended with ${this.child.exitCode ?? this.child.signalCode}`);
    return value;
  }
}

export interface Storm {
  /** Milliseconds from the start of all until the last identity of all had its address. */
  readonly took: number;
  readonly costs: readonly Cost[];
}

/** The identity of that number; which process starts it changes from storm to storm. */
export function identityOf(number: number): string {
  return `production-frontend.${number}`;
}

/** @param during is called when all have been told to start. @throws Error when a process ends before its time */
export async function storm(weather: Weather, during: () => Promise<void> = async () => {}): Promise<Storm> {
  bundle();
  const { processes, each, ...common } = weather;
  const all = Array.from({ length: processes }, (_, n) => {
    const identities = Array.from({ length: each }, (_, i) => identityOf(n * each + i));
    return new One({ ...common, node: `node-${n}`, identities });
  });
  try {
    for (const one of all) await one.line();
    const began = performance.now();
    for (const { child } of all) child.stdin?.write('start\n');
    const [lines] = await Promise.all([Promise.all(all.map((one) => one.line())), during()]);
    return { took: performance.now() - began, costs: lines.map((line) => JSON.parse(line)) };
  } finally {
    for (const { child } of all) child.kill('SIGKILL');
  }
}
