// The table of a run: what moved, what kept its address, and what Docker's own IPAM made of the same event.
import type { Changes } from './picture.js';

export interface Row {
  readonly step: string;
  readonly title: string;
  readonly limpet: Changes;
  readonly stock: Changes;
  readonly seconds: number;
  readonly isGood: boolean;
}

const HEAD = ['step', '', 'replaced', 'moved', 'kept', 'stock replaced', 'stock kept', 'seconds', ''];

export function table(rows: readonly Row[]): string {
  const lines = [HEAD, ...rows.map(cells)];
  const widths = HEAD.map((_, column) => Math.max(...lines.map((line) => (line[column] as string).length)));
  const isText = (column: number) => column < 2 || column === HEAD.length - 1;
  return lines
    .map((line) =>
      line
        .map((cell, n) => (isText(n) ? cell.padEnd(widths[n] as number) : cell.padStart(widths[n] as number)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function cells({ step, title, limpet, stock, seconds, isGood }: Row): string[] {
  return [
    step,
    title,
    `${limpet.replaced}`,
    `${limpet.moved}`,
    `${limpet.kept} of ${limpet.replaced}`,
    `${stock.replaced}`,
    `${stock.kept} of ${stock.replaced}`,
    seconds.toFixed(0),
    isGood ? 'good' : 'FAILED',
  ];
}
