// The table of a run: what moved, what kept its address, and what Docker's own IPAM made of the same event.
import { median } from '../../bench/measure.js';
import type { Answers } from './answering.js';
import type { Changes } from './picture.js';

/** What the leader's plugin has answered where it was asked for any address. */
export interface Tickets {
  /** Homes: it was certain whose ticket it is. */
  readonly homes: number;
  readonly all: number;
}

export interface Row {
  readonly step: string;
  readonly title: string;
  readonly limpet: Changes;
  readonly stock: Changes;
  readonly tickets: Tickets;
  readonly seconds: number;
  readonly isGood: boolean;
}

const HEAD = ['step', '', 'replaced', 'moved', 'kept', 'stock replaced', 'stock kept', 'home tickets', 'seconds', ''];

export function table(rows: readonly Row[]): string {
  return drawn(HEAD, rows.map(cells));
}

const ANSWERS_HEAD = ['step', 'addresses that moved answered, in seconds: times', 'median', 'worst'];

/** How soon a moved address answers on each node, step by step. */
export function answersTable(answers: readonly Answers[]): string {
  const rows = answers.map(({ step, seconds }) => {
    const worst = seconds.length === 0 ? Number.NaN : Math.max(...seconds);
    return [step, `${seconds.length}`, median(seconds).toFixed(1), worst.toFixed(1)];
  });
  return drawn(ANSWERS_HEAD, rows);
}

function drawn(head: readonly string[], rows: readonly string[][]): string {
  const lines = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...lines.map((line) => (line[column] as string).length)));
  const isText = (column: number) => column < 2 || head[column] === '';
  return lines
    .map((line) =>
      line
        .map((cell, n) => (isText(n) ? cell.padEnd(widths[n] as number) : cell.padStart(widths[n] as number)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function cells({ step, title, limpet, stock, tickets, seconds, isGood }: Row): string[] {
  return [
    step,
    title,
    `${limpet.replaced}`,
    `${limpet.moved}`,
    `${limpet.kept} of ${limpet.replaced}`,
    `${stock.replaced}`,
    `${stock.kept} of ${stock.replaced}`,
    `${tickets.homes} of ${tickets.all}`,
    seconds.toFixed(0),
    isGood ? 'good' : 'FAILED',
  ];
}
