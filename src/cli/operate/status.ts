// `limpet status` for people: a bar for each subnet, counts next to it, warnings below.

import type { Status, SubnetStatus } from '../../operate/index.js';
import { unreadableText } from '../../service/store.js';
import { type Cell, columns, count, type Paint, type Style, table } from '../print.js';

/** Cells of a bar. */
const WIDTH = 24;

const PARTS = ['live', 'reserved', 'held', 'excluded', 'free'] as const;
type Part = (typeof PARTS)[number];

/** Told apart by their shape, so that colour is not needed. */
const MARKS: Readonly<Record<Part, string>> = { live: '█', reserved: '▓', held: '▒', excluded: '×', free: '·' };
const STYLES: Readonly<Record<Part, Style>> = {
  live: 'green',
  reserved: 'yellow',
  held: 'cyan',
  excluded: 'dim',
  free: 'dim',
};

export function* statusText({ notes, ...status }: Status, paint: Paint): Generator<string> {
  yield* subnetsText(status, paint);
  const alarms = [
    ...(status.store.away === undefined ? [] : [`no change can be answered now: ${status.store.away}`]),
    ...status.unreadable.map((each) => `${unreadableText(each)} (${each.key})`),
  ];
  if (alarms.length > 0) yield '';
  for (const alarm of alarms) yield `${paint('yellow', 'warning:')} ${alarm}`;
  if (notes.length > 0) yield '';
  for (const note of notes) yield `${paint('yellow', 'note:')} ${note}`;
}

function* subnetsText(
  { node, store, subnets, version }: Omit<Status, 'notes' | 'unreadable'>,
  paint: Paint,
): Generator<string> {
  const shared = store.shared ? 'shared with other nodes' : 'of this node alone';
  yield* columns(
    [
      ['node', node],
      ['store', `${store.name}, ${shared}`],
      ['version', version],
    ],
    '',
  );
  yield '';
  if (subnets.length === 0) {
    yield 'no subnets yet; one appears when you create a network with this IPAM driver';
    return;
  }
  const head = ['SUBNET', 'SPACE', 'ADDRESSES', 'LIVE', 'RESERVED', 'HELD', 'EXCLUDED', 'FREE'];
  const rows = subnets.map((subnet) => row(subnet));
  const [first = '', ...rest] = table(head, rows, paint, { indent: '', right: head.slice(3) });
  yield first;
  for (const [n, line] of rest.entries()) yield withColour(line, subnets[n] as SubnetStatus, paint);
  yield '';
  yield PARTS.map((part) => `${paint(STYLES[part], MARKS[part])} ${part}`).join('   ');
  for (const { subnet, second } of subnets)
    if (second > 0)
      yield `${subnet}: of the live and reserved addresses ${count(second, 'is a second home', 'are second homes')}`;
  for (const { subnet, pinned } of subnets)
    if (pinned > 0) yield `${count(pinned, 'address', 'addresses')} pinned in ${subnet}`;
  const warnings = subnets.flatMap(({ warning }) => warning ?? []);
  if (warnings.length > 0) yield '';
  for (const warning of warnings) yield `${paint('yellow', 'warning:')} ${warning}`;
}

function row(subnet: SubnetStatus): Cell[] {
  return [subnet.subnet, subnet.space, bar(subnet), ...PARTS.map((part) => short(subnet[part]))];
}

/** Every part that is not empty has a cell of its own, however small it is; the largest gives them. */
function bar(subnet: SubnetStatus): string {
  const cells = PARTS.map((part) => {
    const share = (subnet[part] / subnet.size) * WIDTH;
    return share > 0 ? Math.max(1, Math.round(share)) : 0;
  });
  const excess = cells.reduce((sum, n) => sum + n, 0) - WIDTH;
  const largest = cells.indexOf(Math.max(...cells));
  return PARTS.map((part, n) => MARKS[part].repeat((cells[n] ?? 0) - (n === largest ? excess : 0))).join('');
}

/** Colours the bar of a finished line: five styles are more than one cell can have. */
function withColour(line: string, subnet: SubnetStatus, paint: Paint): string {
  const plain = bar(subnet);
  let coloured = plain;
  for (const part of PARTS) {
    coloured = coloured.replace(new RegExp(`${MARKS[part]}+`), (run) => paint(STYLES[part], run));
  }
  return line.replace(plain, coloured);
}

/** A count as short as it can be: `237`, `16.8M`, `2^64`. */
function short(count: number): string {
  if (count < 1e6) return String(count);
  if (count >= 1e15) return `2^${Math.log2(count).toFixed(1).replace(/\.0$/, '')}`;
  const power = Math.floor(Math.log10(count) / 3);
  return `${(count / 1000 ** power).toPrecision(3).replace(/\.?0+$/, '')}${'kMGT'[power - 1]}`;
}
