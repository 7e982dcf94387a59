// Tells how a run goes: a line when a suite has ended, or a file, then what failed and how to run it again; the sum at
// the end.
import type { Finished } from './pool.js';
import { type Plan, type Planned, wordsFor } from './select.js';

interface Part {
  readonly name: string;
  left: number;
  readonly ended: Finished[];
}

export class Report {
  passed = 0;
  failed = 0;
  readonly #parts = new Map<string, Part>();
  readonly #byFile: boolean;
  readonly #width: number;
  /** The output was told as it came. */
  readonly #isLive: boolean;

  constructor({ jobs, byFile }: Plan, isLive: boolean) {
    this.#byFile = byFile;
    this.#isLive = isLive;
    for (const job of jobs) {
      const name = this.#nameOf(job);
      const part = this.#parts.get(name) ?? { name, left: 0, ended: [] };
      part.left++;
      this.#parts.set(name, part);
    }
    this.#width = Math.max(...[...this.#parts.keys()].map((name) => name.length), 10);
  }

  take(finished: Finished): void {
    this.passed += finished.result.passed;
    this.failed += finished.result.failed;
    const part = this.#parts.get(this.#nameOf(finished.job));
    if (part === undefined) return;
    part.ended.push(finished);
    part.left--;
    if (part.left === 0) tell(part, this.#width, this.#isLive);
  }

  /** One that ended without a test of the wished name is no failure, but a run without any is. */
  end(): boolean {
    const none = this.passed + this.failed === 0;
    if (none) console.log('no test was run');
    console.log(`${this.passed} passed, ${this.failed} failed`);
    return this.failed === 0 && !none;
  }

  #nameOf({ suite, what }: Planned): string {
    return this.#byFile ? what : suite;
  }
}

function tell({ name, ended }: Part, width: number, isLive: boolean): void {
  const sum = (of: (each: Finished) => number) => ended.reduce((total, each) => total + of(each), 0);
  const failed = sum(({ result }) => result.failed);
  const skipped = sum(({ result }) => result.skipped);
  const passed = sum(({ result }) => result.passed);
  const counts = `${passed} passed, ${failed} failed${skipped ? `, ${skipped} skipped` : ''}`;
  const seconds = sum((each) => each.seconds).toFixed(1);
  console.log(`${failed ? 'FAIL' : 'ok  '} ${name.padEnd(width)} ${seconds.padStart(6)} s  ${counts}`);
  for (const { job, result } of ended) {
    if (result.note) console.log(`     ${result.note.replaceAll('\n', '\n     ')}`);
    if (result.failed === 0) continue;
    if (!isLive) console.log(result.output.trimEnd());
    console.log(`again: ${again(job, result.output)}\n`);
  }
}

/** A property that failed has told its seed. */
function again(job: Planned, output: string): string {
  const seed = /\bseed: (-?\d+)/.exec(output)?.[1] ?? process.env.LIMPET_SEED;
  return `${seed === undefined ? '' : `LIMPET_SEED=${seed} `}npm test -- ${wordsFor(job)}`;
}
