// A contestant's process, whatever its language: commands go in as lines of JSON, each is answered by one line.
// Everything that it can answer badly is an error that names the contestant and the command.

import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

export interface Answer {
  readonly error?: string;
  readonly version?: string;
  readonly nanoseconds?: number;
  readonly bytes?: number;
  /** A set-up that ran out of time: steps done (none is left out), of so many. */
  readonly done?: number;
  readonly of?: number;
}

/** Seconds after which a contestant that does not answer is ended and started anew. */
const PATIENCE = 40;
/** What a command is called in the documents. */
const STEPS: Readonly<Record<string, string>> = {
  load: 'reading the script',
  setUp: 'its set-up',
  round: 'its run',
  memory: 'measuring its memory',
};

export class Contestant {
  readonly name: string;
  readonly #command: readonly [string, ...string[]];
  #process: ChildProcessWithoutNullStreams;
  #lines: AsyncIterator<string>;
  #complaints = '';

  constructor(name: string, command: readonly [string, ...string[]]) {
    this.name = name;
    this.#command = command;
    [this.#process, this.#lines] = this.#start();
  }

  get ended(): boolean {
    return this.#process.exitCode !== null || this.#process.signalCode !== null;
  }

  /** @throws Error when the process has ended, does not answer in time, or answers with an error */
  async ask(command: { readonly do: string; readonly [key: string]: unknown }): Promise<Answer> {
    this.#process.stdin.write(`${JSON.stringify(command)}\n`);
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      this.#process.kill('SIGKILL');
    }, PATIENCE * 1000);
    const { value, done } = await this.#lines.next();
    clearTimeout(timer);
    if (late) {
      [this.#process, this.#lines] = this.#start();
      throw new Error(`${STEPS[command.do] ?? command.do} took longer than ${PATIENCE} s`);
    }
    if (done) throw new Error(`${this.name} ended while it was asked to ${command.do}: ${this.#complaints.trim()}`);
    const answer = JSON.parse(value as string) as Answer;
    if (answer.error !== undefined) throw new Error(`${STEPS[command.do] ?? command.do} failed: ${answer.error}`);
    return answer;
  }

  async end(): Promise<void> {
    if (this.ended) return;
    const ended = new Promise((resolve) => this.#process.once('exit', resolve));
    this.#process.kill('SIGKILL');
    await ended;
  }

  #start(): [ChildProcessWithoutNullStreams, AsyncIterator<string>] {
    const [file, ...args] = this.#command;
    const child = spawn(file, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    child.on('error', (error) => {
      this.#complaints += error.message;
    });
    child.stdin.on('error', () => {}); // its end shows as the end of its answers
    child.stderr.on('data', (text) => {
      this.#complaints = (this.#complaints + text).slice(-2000);
    });
    return [child, createInterface({ input: child.stdout })[Symbol.asyncIterator]()];
  }
}
