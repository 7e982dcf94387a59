// A process that can be told from a later one with the same number: its PID with the time at which it started.
import { readFileSync } from 'node:fs';
import { sleep } from './run.js';

export interface ProcessMark {
  readonly pid: number;
  /** Clock ticks after the machine's start, as /proc/PID/stat has them. */
  readonly started: string;
  /** Which start of the machine. */
  readonly boot: string;
}

/** @throws Error when there is no such process */
export function markOf(pid: number): ProcessMark {
  const started = startOf(pid);
  if (started === undefined) throw new Error(`process ${pid} is not there`);
  return { pid, started, boot: bootId() };
}

export function isAlive(mark: ProcessMark): boolean {
  return mark.boot === bootId() && startOf(mark.pid) === mark.started;
}

/** SIGKILL, and waits until it is gone. Nothing happens to a newer process with the same number. */
export async function kill(mark: ProcessMark): Promise<void> {
  if (!isAlive(mark)) return;
  process.kill(mark.pid, 'SIGKILL');
  for (const end = Date.now() + 20_000; isAlive(mark); await sleep(20)) {
    if (Date.now() > end) throw new Error(`process ${mark.pid} is still there 20 s after SIGKILL`);
  }
}

/** Field 22; undefined for a process that is gone or only waits for its parent to notice. */
function startOf(pid: number): string | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return undefined; // what there is to know: it is not there
  }
  // The name, in brackets, may hold anything: count from its end.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields[0] === 'Z' ? undefined : fields[19];
}

function bootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
}
