// Runs one program to its end and answers what it printed; what stays running is a machine's affair (machine.ts).
import { execFile } from 'node:child_process';

export interface RunOptions {
  /** Milliseconds until the program is ended. Default 60 000. */
  readonly timeout?: number;
  /** What it reads on its standard input. */
  readonly input?: string | Buffer;
}

/** What a failed program said, whole. */
export class RunError extends Error {
  readonly stderr: string;
  readonly stdout: string;

  constructor(command: string, why: string, stdout: string, stderr: string) {
    super(`${command}: ${why}\n${stderr.trim() || stdout.trim()}`);
    this.stdout = stdout;
    this.stderr = stderr;
  }
}

/** @throws RunError when it exits with another code than 0, or takes too long */
export function run(program: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    const limits = { timeout: options.timeout ?? 60_000, maxBuffer: 2 ** 28, killSignal: 'SIGKILL' as const };
    const child = execFile(program, args, { encoding: 'utf8', ...limits }, (error, stdout, stderr) => {
      if (error === null) return resolve(stdout);
      const why = error.killed ? `not done within ${limits.timeout} ms` : `exit code ${error.code}`;
      reject(new RunError([program, ...args].join(' '), why, stdout, stderr));
    });
    child.stdin?.on('error', () => {}); // it may end without reading: its exit code says what that means
    child.stdin?.end(options.input);
  });
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/**
 * Asks until the answer is something; an error counts as "not yet" and is told when time is up.
 * @throws Error that says what was waited for and what was seen last
 */
export async function until<T>(what: string, within: number, ask: () => Promise<T | undefined | false>): Promise<T> {
  let seen: unknown = 'nothing';
  for (const end = Date.now() + within; Date.now() < end; await sleep(250)) {
    try {
      const answer = await ask();
      if (answer !== undefined && answer !== false) return answer;
      seen = 'not yet so';
    } catch (error) {
      seen = error;
    }
  }
  throw new Error(`not within ${within / 1000} s: ${what}; last: ${seen instanceof Error ? seen.message : seen}`);
}
