// Commands that an operator is told to run. Names in them come from outside: none is ever read as an option, or as
// anything but one word.

import { shellWord } from '../host/visible.js';

/** @param options as {@link option} makes them */
export function command(words: string, operands: readonly string[], options = ''): string {
  const names = operands.map(shellWord).join(' ');
  // Behind the two dashes nothing is an option any more: so the options go before them.
  const isPlain = operands.every((each) => !each.startsWith('-'));
  return isPlain ? `${words} ${names}${options}` : `${words}${options} -- ${names}`;
}

/** ` --name value`, to be put behind others. */
export function option(name: string, value: string): string {
  return ` --${name}${value.startsWith('-') ? '=' : ' '}${shellWord(value)}`;
}
