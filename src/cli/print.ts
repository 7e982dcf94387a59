// Text for a terminal: colour where it is wanted, and columns that line up.

import { visible } from '../host/visible.js';

export { count } from '../host/count.js';

const CODES = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  cyan: [36, 39],
} as const;

export type Style = keyof typeof CODES;
export type Paint = (style: Style, text: string) => string;

/** A painter for this stream: plain unless it is a terminal, and never against NO_COLOR (no-color.org). */
export function painter(stream: { isTTY?: boolean }, environment: NodeJS.ProcessEnv = process.env): Paint {
  const colour = stream.isTTY === true && !environment.NO_COLOR && environment.TERM !== 'dumb';
  return colour ? (style, text) => `\u001b[${CODES[style][0]}m${text}\u001b[${CODES[style][1]}m` : (_, text) => text;
}

/** A text of a table, as it is or in a style. */
export type Cell = string | { readonly text: string; readonly style: Style };

/** A head in dim over rows, in columns that line up; those under the names in `right` end together. */
export function table(
  head: readonly string[],
  rows: readonly (readonly Cell[])[],
  paint: Paint,
  { indent = '  ', right = [] }: { readonly indent?: string; readonly right?: readonly string[] } = {},
): string[] {
  const titles = head.map((text) => ({ text, style: 'dim' as const }));
  const ends = new Set(head.flatMap((name, n) => (right.includes(name) ? [n] : [])));
  return columns([titles, ...rows], indent, paint, ends);
}

/** Rows padded to columns, each line indented. The texts may come from anywhere: they are made safe. */
export function columns(
  rows: readonly (readonly Cell[])[],
  indent = '  ',
  paint: Paint = (_, text) => text,
  right: ReadonlySet<number> = new Set(),
): string[] {
  const safe = rows.map((row) => row.map((cell) => (typeof cell === 'string' ? { text: cell } : cell)));
  const texts = safe.map((row) => row.map(({ text }) => visible(text)));
  const widths: number[] = [];
  for (const row of texts) {
    for (const [n, text] of row.entries()) widths[n] = Math.max(widths[n] ?? 0, width(text));
  }
  return safe.map((row, at) => {
    const cells = row.map((cell, n) => {
      const text = texts[at]?.[n] ?? '';
      const padding = ' '.repeat((widths[n] ?? 0) - width(text));
      const painted = 'style' in cell ? paint(cell.style, text) : text;
      if (right.has(n)) return padding + painted;
      return n === row.length - 1 ? painted : painted + padding;
    });
    return `${indent}${cells.join('   ')}`.trimEnd();
  });
}

function width(text: string): number {
  return [...text].length;
}
