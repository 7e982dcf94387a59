// What a bench or a long test is told on its command line; `--help` says what it can be told, and a mistake is answered
// with the same.
import { type ParseArgsConfig, parseArgs } from 'node:util';

type Options = NonNullable<ParseArgsConfig['options']>;
type Values<T extends Options> = ReturnType<typeof parseArgs<{ options: T }>>['values'];

/** Ends the process on `--help`, and with 2 on a mistake. */
export function readArguments<const T extends Options>(usage: string, options: T): Values<T> {
  const help = { help: { type: 'boolean', short: 'h' } } as const;
  try {
    const { values } = parseArgs({ options: { ...options, ...help } });
    if (!(values as { help?: boolean }).help) return values as Values<T>;
    console.log(usage);
    process.exit(0);
  } catch (error) {
    console.error(`${(error as Error).message}\n${usage}`);
    process.exit(2);
  }
}

/** @throws RangeError that names the option */
export function wholeNumber(option: string, text: string): number {
  const number = Number(text);
  if (!/^\d+$/.test(text) || number < 1) throw new RangeError(`--${option} ${text}: a whole number from 1`);
  return number;
}
