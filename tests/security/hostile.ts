// What somebody who means harm would write into a name, a label, an address.
import fc from 'fast-check';

/** What a terminal acts upon, what forges a line, what turns the direction of writing, and what is no Unicode. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
export const ACTING = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]|\p{Surrogate}/u;

const piece = fc.oneof(
  fc.constantFrom(
    '\u001b[2J',
    '\u009b31m',
    '\n',
    '\r',
    '\0',
    '\u007f',
    '\u202e',
    '\u2066',
    '\u2028',
    '\ud800',
    '\udfff',
  ),
  fc.constantFrom(
    'web',
    '.',
    '1',
    '@',
    '/',
    '-',
    '--help',
    "'",
    '"',
    '$(id)',
    '`',
    '%',
    '\\',
    ' ',
    'ü',
    '👾',
    '__proto__',
  ),
  fc.string({ unit: 'binary', maxLength: 4 }),
);

export const hostileText = fc.array(piece, { maxLength: 6 }).map((all) => all.join(''));
