// A conformance script in the making: a step per line, in the form of examples/embed/README.md. What a step expects is
// said by whoever adds it, or by the twin; never taken from the core.

import { readFileSync } from 'node:fs';

export type Value = number | string;

export interface Step {
  op: 'call' | 'restore' | 'snapshot';
  note?: string;
  set?: Record<string, Value>;
  name?: string;
  args?: Value[];
  subnet?: Value;
  file?: string;
  same?: string;
  save?: string;
  expect?: Record<string, Value>;
}

/** The statuses by name, from the guide itself. */
export const guideStatuses = new Map<string, number>();
const guide = readFileSync(new URL('../../docs/ABI.md', import.meta.url), 'utf8');
for (const [, value, name] of guide.matchAll(/^\| (-?\d+) \| ([A-Z_]+) \|/gm))
  guideStatuses.set(name as string, Number(value));

function status(name: string): number {
  const value = guideStatuses.get(name);
  if (value === undefined) throw new RangeError(`docs/ABI.md has no status ${name}`);
  return value;
}

/** What a call comes with, besides its arguments, and what it must answer besides its result. */
export interface Around {
  set?: Record<string, Value>;
  save?: string;
  expect?: Record<string, Value>;
}

export class Script {
  readonly steps: Step[] = [];
  #note: string | undefined;

  /** Stands on the next step. */
  note(text: string): void {
    this.#note = text;
  }

  add(step: Step): void {
    const { op, ...rest } = step;
    this.steps.push({ op, ...(this.#note === undefined ? {} : { note: this.#note }), ...rest });
    this.#note = undefined;
  }

  /** `result`: the name of a status, a number, or `any` where the guide leaves it open. */
  call(name: string, args: Value[], result: string | number, { set, save, expect }: Around = {}): void {
    const must = result === 'any' ? {} : { result: typeof result === 'string' ? status(result) : result };
    const expected = { ...must, ...expect };
    this.add({
      op: 'call',
      ...(set && { set }),
      name,
      args,
      ...(save !== undefined && { save }),
      ...(Object.keys(expected).length > 0 && { expect: expected }),
    });
  }

  /** A call about an identity: sets it, and passes its length as the last argument. */
  of(name: string, subnet: Value, identity: string, result: string | number, around: Around = {}): void {
    const length = Buffer.byteLength(identity);
    this.call(name, [subnet, length], result, { ...around, set: { ...around.set, identity } });
  }

  /** The lines, each with its line break. */
  toString(): string {
    return this.steps.map((step) => `${JSON.stringify(step)}\n`).join('');
  }
}

/** Hex of unsigned little-endian numbers of so many bytes each. */
export function le(bytes: number, ...numbers: (number | bigint)[]): string {
  const hex = (value: number | bigint) =>
    BigInt(value)
      .toString(16)
      .padStart(2 * bytes, '0');
  return numbers.map((value) => Buffer.from(hex(value), 'hex').reverse().toString('hex')).join('');
}

export const hex = (text: string): string => Buffer.from(text).toString('hex');
