// `limpet import` for people: what was adopted, what was there, what could not be, and what comes next.

import type { Imported, Step } from '../../operate/index.js';
import { homeText } from '../../service/second-homes.js';
import { type Cell, count, type Paint, type Style, table } from '../print.js';

const STYLES: Partial<Record<Step['outcome'], Style>> = { add: 'green', conflict: 'red', unseen: 'yellow' };

export function* importText({ dryRun, networks, steps }: Imported, paint: Paint): Generator<string> {
  if (networks.length === 0) {
    yield 'nothing to import: no network here is served by Limpet; name one of another IPAM driver to move it';
    return;
  }
  if (steps.length > 0) {
    const rows = steps.map(({ address, what, of, node, outcome }): Cell[] => {
      const style = STYLES[outcome];
      const word = outcome === 'add' ? done(what, dryRun) : outcome;
      return [address || '-', what, homeText(of), node ?? '-', style === undefined ? word : { text: word, style }];
    });
    yield* table(['ADDRESS', 'WHAT', 'OF', 'NODE', 'OUTCOME'], rows, paint, { indent: '' });
    yield '';
  }
  for (const { what, of, address, outcome, why } of steps) {
    if (why !== undefined)
      yield `${paint(STYLES[outcome] ?? 'dim', `${outcome}:`)} ${what} ${homeText(of)} ${address}: ${why}`;
  }
  if (steps.some(({ why }) => why !== undefined)) yield '';
  for (const { network, mode, subnet, space, created } of networks) {
    const made = created ? `, ${dryRun ? 'to be made' : 'made'}` : '';
    yield `${network}: ${mode === 'adopt' ? 'adopted in' : 'reserved in'} ${subnet} (space ${space}${made})`;
  }
  yield paint('bold', tally(steps, dryRun));
}

function done(what: Step['what'], dryRun: boolean): string {
  const verb = what === 'binding' ? 'bound' : 'held';
  return dryRun ? `to be ${verb}` : verb;
}

function tally(steps: readonly Step[], dryRun: boolean): string {
  const of = (outcome: Step['outcome'], binding: boolean) =>
    steps.filter((step) => step.outcome === outcome && (step.what === 'binding') === binding).length;
  const parts = [
    `${of('add', true)} ${dryRun ? 'to be bound' : 'bound'}`,
    `${of('add', false)} ${dryRun ? 'to be held' : 'held'}`,
    `${of('there', true) + of('there', false)} there already`,
    count(of('conflict', true) + of('conflict', false), 'conflict'),
  ];
  const lost = of('unseen', true);
  if (lost > 0) parts.push(`${lost} not seen from here`);
  return `${parts.join(', ')}${dryRun ? ' (dry run: nothing has changed)' : ''}`;
}
