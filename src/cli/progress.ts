// What a terminal shows while something takes over a second: one line on standard error, gone when the work is done.

/** A stream as far as a line on it needs one. */
export interface Terminal {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/** Milliseconds until the line appears: what is done by then needs no word. */
const PATIENCE = 1000;
/** Milliseconds between two states of it. */
const PACE = 250;
/** To the line's beginning, and whatever stood there gone. */
const ERASE = '\r\u001b[K';

/**
 * Does the work, and says what it is busy with when that takes over a second. Nothing is written where standard error
 * is no terminal. @param text of the whole seconds that have passed
 */
export async function withProgress<T>(
  text: (seconds: number) => string,
  work: () => Promise<T>,
  terminal: Terminal = process.stderr,
): Promise<T> {
  if (terminal.isTTY !== true || process.env.TERM === 'dumb') return work();
  const begun = performance.now();
  let shown = false;
  const timer = setInterval(() => {
    const passed = performance.now() - begun;
    if (passed < PATIENCE) return;
    shown = true;
    const line = text(Math.floor(passed / 1000));
    terminal.write(ERASE + line.slice(0, (terminal.columns ?? 80) - 1));
  }, PACE);
  try {
    return await work();
  } finally {
    clearInterval(timer);
    if (shown) terminal.write(ERASE);
  }
}
