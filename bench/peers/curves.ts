// The two curves of a race as plots: over the size of the subnet, and over the number of identities.

import { formatTime, thousands } from '../format.js';
import { ENTRANTS } from './contestants.js';
import { draw, type Line } from './plot.js';
import { OURS, type Results } from './results.js';
import { CASES, type Case, CURVES } from './script.js';

/** A case with its place in a curve. */
type Point = Case & { readonly x: number };

const along = (name: 'subnet' | 'identities'): Point[] =>
  [...CASES, ...CURVES]
    .flatMap((each) => (each.curve?.name === name ? [{ ...each, x: each.curve.x }] : []))
    .sort((a, b) => a.x - b.x);

/** Those that are one and the same map when it comes to identities: one of a kind stands for all. */
const IDENTITIES = ['limpet-raw', 'limpet-host', 'limpet', 'docker', 'plain'];

export function subnetCurve(results: Results): string {
  const cases = along('subnet');
  return draw({
    title: 'Give one address back, take the next free one: every 7th address is free',
    x: 'subnet',
    y: 'time',
    marks: cases.map((each) => [each.x, `/${each.prefix}`]),
    lines: lines(results, cases, (peer) => peer),
    unit: formatTime,
  });
}

export function identitiesCurve(results: Results): string {
  const cases = along('identities');
  return draw({
    title: 'An identity asks again and gets its own address',
    x: 'identities',
    y: 'time',
    marks: cases.map((each) => [each.x, thousands(each.x)]),
    lines: lines(results, cases, (peer) => (IDENTITIES.includes(peer) ? peer : undefined)).map((line) =>
      line.label === 'Docker' ? { ...line, label: 'Go map beside Docker' } : line,
    ),
    unit: formatTime,
  });
}

function lines(results: Results, cases: readonly Point[], wanted: (peer: string) => string | undefined): Line[] {
  return ENTRANTS.filter(({ name }) => wanted(name)).flatMap(({ name, label }) => {
    const points = cases.flatMap((each): [number, number][] => {
      const entry = results.results
        .find((result) => result.name === each.name)
        ?.entries.find((found) => found.peer === name);
      return entry ? [[each.x, entry.median]] : [];
    });
    return points.length > 1 ? [{ label, points, main: name === OURS }] : [];
  });
}
