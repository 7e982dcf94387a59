// Text for a terminal: colour where it is wanted, and columns that line up.

const CODES = { bold: [1, 22], dim: [2, 22], red: [31, 39], green: [32, 39], yellow: [33, 39] } as const;

export type Style = keyof typeof CODES;
export type Paint = (style: Style, text: string) => string;

/** A painter for this stream: plain unless it is a terminal, and never against NO_COLOR (no-color.org). */
export function painter(stream: { isTTY?: boolean }, environment: NodeJS.ProcessEnv = process.env): Paint {
  const colour = stream.isTTY === true && !environment.NO_COLOR && environment.TERM !== 'dumb';
  return colour ? (style, text) => `\u001b[${CODES[style][0]}m${text}\u001b[${CODES[style][1]}m` : (_, text) => text;
}

/** Rows of plain texts, padded to columns, each line indented. The texts may come from anywhere: they are made safe. */
export function columns(rows: readonly (readonly string[])[], indent = '  '): string[] {
  const safe = rows.map((row) => row.map(oneLine));
  const widths: number[] = [];
  for (const row of safe) {
    for (const [n, text] of row.entries()) widths[n] = Math.max(widths[n] ?? 0, width(text));
  }
  return safe.map((row) => {
    const cells = row.map((text, n) => text + ' '.repeat((widths[n] ?? 0) - width(text)));
    return `${indent}${cells.join('   ')}`.trimEnd();
  });
}

/** `1 task`, `2 tasks`. */
export function count(n: number, noun: string, plural = `${noun}s`): string {
  return `${n} ${n === 1 ? noun : plural}`;
}

function width(text: string): number {
  return [...text].length;
}

/** The text as one line that no terminal acts upon: control characters are spelled out. */
export function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (char) => {
    return `\\u{${char.codePointAt(0)?.toString(16)}}`;
  });
}
