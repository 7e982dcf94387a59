// Text from outside, for whoever reads it on a terminal or in a log: what would be acted upon, or would show something
// else than is there, is spelled out. Names, labels, messages of Docker: all of it can have been written by anybody.

/**
 * Control characters with ESC, CSI and line breaks; what has no width or turns the direction of writing (U+202A to
 * U+202E, U+2066 to U+2069); halves of surrogate pairs.
 */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Surrogate}]/gu;

const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** Nearly all that is printed: looked for first, since it costs a tenth. */
const PLAIN = /^[\n -~]*$/;

/** The text as one line that no terminal acts upon. A text that has been made visible stays as it is. */
export function visible(text: string): string {
  return text.replace(UNSEEN, (char) => SHORT[char] ?? `\\u{${hex(char, 1)}}`);
}

/** Every text in a value of plain JSON made visible, names of fields as well. */
export function allVisible<T>(value: T): T {
  if (typeof value === 'string') return visible(value) as T;
  if (Array.isArray(value)) return value.map(allVisible) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [visible(name), allVisible(each)])) as T;
}

/** JSON text that says the same in characters that can be seen: JSON itself escapes only the first 32. */
export function visibleJson(json: string): string {
  if (PLAIN.test(json)) return json;
  return json.replace(UNSEEN, (char) =>
    char === '\n' ? char : char.replace(/[\s\S]/g, (unit) => `\\u${hex(unit, 4)}`),
  );
}

/** One word of a shell's command, as bash and zsh read it: nothing in it is acted upon, by them or by the terminal. */
export function shellWord(word: string): string {
  if (/^[\w@%+=:,./-]+$/.test(word)) return word;
  if (visible(word) === word) return `'${word.replaceAll("'", "'\\''")}'`;
  return `$'${word.replace(/[\\']/g, '\\$&').replace(UNSEEN, (char) => `\\U${hex(char, 8)}`)}'`;
}

function hex(char: string, digits: number): string {
  return (char.codePointAt(0) as number).toString(16).padStart(digits, '0');
}
