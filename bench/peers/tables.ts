// The tables of docs/BENCHMARKS.md and README.md, out of the results of a race.

import { format, formatBytes, formatTime, thousands } from '../format.js';
import { ENTRANTS, labelOf } from './contestants.js';
import type { Bytes } from './race.js';
import { OURS, type Results, ratio } from './results.js';
import { CASES, type Case, CURVES } from './script.js';

const HEAP_NOISE = 256 * 1024;
const WAYS = ['limpet-raw', 'limpet-host', 'limpet'];
const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;

export const isOurs = (peer: string): boolean => WAYS.includes(peer);
const resultOf = (results: Results, { name }: Case) => results.results.find((each) => each.name === name);

/** How many times longer than Limpet (driven in this way) each contestant takes, a line for each case. */
export function ratioTable(results: Results, ours = OURS): string {
  const others = ENTRANTS.filter(({ name }) => name !== ours && (ours === OURS || !isOurs(name)));
  return ratiosOf(results, CASES, others, ours);
}

/** What README has of it: two cases that Limpet wins and two that it loses, against those that people know. */
const SHORT_CASES = ['last-8', 'bind-16', 'stick-10000', 'return'];
const SHORT_PEERS = ['docker', 'goipam', 'cilium', 'kubernetes', 'plain'];

export function shortTable(results: Results): string {
  const cases = CASES.filter(({ name }) => SHORT_CASES.includes(name));
  const peers = ENTRANTS.filter(({ name }) => SHORT_PEERS.includes(name));
  return ratiosOf(results, cases, peers, OURS);
}

function ratiosOf(results: Results, cases: readonly Case[], peers: typeof ENTRANTS, ours: string): string {
  const present = peers.filter(({ name }) => results.versions[name] !== undefined);
  const lines = cases
    .filter((each) => resultOf(results, each))
    .map((each) => {
      const cells = present.map(({ name }) => {
        const entry = resultOf(results, each)?.entries.find((found) => found.peer === name);
        const times = ratio(resultOf(results, each), name, ours);
        if (!entry || times === undefined) return '–';
        const fewer = entry.count < each.operations ? '\\*' : '';
        return times < 1 ? `${format(times)}${fewer}` : `**${format(times)}**${fewer}`;
      });
      return row([each.title, ...cells]);
    });
  return [row(['', ...present.map(({ label }) => label)]), row(['---', ...present.map(() => '---:')]), ...lines].join(
    '\n',
  );
}

/** Where others are faster, the worst first. */
export function losses(results: Results): string {
  const lost = CASES.flatMap((each) =>
    ENTRANTS.filter(({ name }) => !isOurs(name)).flatMap(({ name, label, sticky }) => {
      const times = ratio(resultOf(results, each), name);
      const how = sticky !== 'own' && ['stick', 'return', 'restore'].includes(each.kind) ? ' + a map' : '';
      return times !== undefined && times < 1 ? [{ times, text: `${each.title}: ${label}${how}` }] : [];
    }),
  ).sort((a, b) => a.times - b.times);
  if (lost.length === 0) return 'Nowhere in these cases.';
  return lost.map(({ times, text }) => `- ${text}: ${format(1 / times)}× faster.`).join('\n');
}

export interface Floor {
  readonly what: string;
  readonly peer: string;
  readonly name: string;
  readonly times: number;
}

/** What the project set out to reach at least. */
const FLOORS: readonly Floor[] = [
  { what: "Docker's allocator on a fresh fill of a /16", peer: 'docker', name: 'fill-16', times: 15 },
  { what: "Docker's allocator in the fragmented /16", peer: 'docker', name: 'churn-16', times: 300 },
  { what: "go-ipam's acquire, filling a /16", peer: 'goipam', name: 'fill-16', times: 30 },
];

export function floorTable(results: Results): string {
  const lines = FLOORS.map(({ what, peer, name, times }) => {
    const cells = WAYS.map((way) => {
      const reached = ratio(
        results.results.find((each) => each.name === name),
        peer,
        way,
      );
      if (reached === undefined) return 'not measured';
      return reached < times ? `${format(reached)}, **missed**` : format(reached);
    });
    return row([what, String(times), ...cells]);
  });
  return [
    row(['times faster than', 'wanted', ...WAYS.map(labelOf)]),
    row(['---', '---:', '---:', '---:', '---:']),
    ...lines,
  ].join('\n');
}

/** Median and spread of every contestant in every case, curves and all. */
export function absoluteTables(results: Results): string {
  const tables = [...CASES, ...CURVES].flatMap((each) => {
    const result = resultOf(results, each);
    if (!result) return [];
    const lines = result.entries.map(({ peer, count, median, fastest, slowest }) =>
      row([
        labelOf(peer),
        formatTime(median),
        `${formatTime(fastest)} – ${formatTime(slowest)}`,
        count < each.operations ? `${thousands(count)} of ${thousands(each.operations)}` : thousands(count),
      ]),
    );
    return [
      [
        `### ${capital(each.title)}`,
        '',
        row(['', 'median', 'fastest and slowest round', 'operations']),
        row(['---', '---:', '---:', '---:']),
        ...lines,
        ...result.missing.map(({ peer, why }) => `\n${labelOf(peer)} could not take part: ${why}.`),
      ].join('\n'),
    ];
  });
  return tables.join('\n\n');
}

export function memoryTable(results: Results): string {
  const cases = CASES.filter(({ name, memory }) => memory && results.memory.some((each) => each.name === name));
  const weightOf = ({ name }: Case) => results.memory.find((each) => each.name === name);
  const lines = ENTRANTS.filter(({ name }) => results.versions[name] !== undefined).map(({ name, label }) =>
    row([
      label,
      ...cases.map((each) => {
        const weight = weightOf(each)?.entries.find(({ peer }) => peer === name);
        return weight ? formatWeight(weight, each.memory?.per ?? 1) : '–';
      }),
    ]),
  );
  const missing = cases.flatMap((each) =>
    (weightOf(each)?.missing ?? []).map(({ peer, why }) => `${labelOf(peer)}, ${each.memory?.unit}: ${why}.`),
  );
  return [
    row(['', ...cases.map((each) => each.memory?.unit ?? '')]),
    row(['---', ...cases.map(() => '---:')]),
    ...lines,
    ...missing.map((line) => `\n${line}`),
  ].join('\n');
}

/** What the coming and going of compiled code in V8's heap hides is not told as a figure. */
function formatWeight({ peer, bytes }: Bytes, per: number): string {
  const isHeap = ENTRANTS.find(({ name }) => name === peer)?.runtime === 'Node' && !isOurs(peer);
  return isHeap && bytes < HEAP_NOISE ? `under ${formatBytes(HEAP_NOISE)}` : formatBytes(bytes / per);
}

export function entrantTable(results: Results): string {
  const lines = ENTRANTS.map(({ name, label, runtime, note, sticky }) =>
    row([
      label,
      runtime,
      results.versions[name] ?? 'left out',
      note,
      sticky === 'own' ? 'its own' : 'none: the bench adds a map from identity to address',
    ]),
  );
  const left = results.missing.map(({ peer, why }) => `\n${labelOf(peer)} was left out on this machine: ${why}.`);
  return [
    row(['', 'from', 'version', 'what it is', 'stickiness']),
    row(['---', '---', '---', '---', '---']),
    ...lines,
    ...left,
  ].join('\n');
}

const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);
