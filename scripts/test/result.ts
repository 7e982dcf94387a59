// What came of a run, of one file or of many: how many tests passed and failed, and what to show.

export interface Result {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** What is shown when something failed. */
  readonly output: string;
  /** What is shown in any case. */
  readonly note?: string;
}

/** A failure that no tool has counted: it did not start, or said nothing that can be read. */
export function broken(output: string): Result {
  return { passed: 0, failed: 1, skipped: 0, output };
}

/** Of a tool that only succeeds or fails: one test. */
export function single(code: number | null, output: string): Result {
  return code === 0 ? { passed: 1, failed: 0, skipped: 0, output } : broken(output);
}
