// What a rebuild came to, for people: how many are bound, and of every record that is not, why.

import { count, h } from '../dom.js';

export interface ReportView {
  readonly title: string;
  readonly live: number;
  readonly reserved: number;
  readonly superseded: number;
  readonly conflicts: readonly { readonly address: string; readonly winner: string; readonly loser: string }[];
  readonly skipped: readonly { readonly reason: string; readonly record: string; readonly detail: string }[];
  /** Anything more to say, a sentence each. */
  readonly notes: readonly string[];
}

/** Longer lists are cut, and say so. */
const MOST = 200;

export function reportElement(report: ReportView): HTMLElement {
  const { live, reserved, superseded, conflicts, skipped, notes } = report;
  const facts: [string, number][] = [
    ['bound live', live],
    ['bound reserved', reserved],
    ['older claims superseded', superseded],
    ['conflicts', conflicts.length],
    ['skipped', skipped.length],
  ];
  return h(
    'div',
    { class: 'report' },
    h('p', { class: 'report-title', text: report.title }),
    h('dl', { class: 'facts' }, ...facts.map(([name, value]) => fact(name, value.toLocaleString('en')))),
    conflictsElement(conflicts),
    skippedElement(skipped),
    ...notes.map((text) => h('p', { class: 'small quiet', text })),
  );
}

export function fact(name: string, value: string): HTMLElement {
  return h('div', { class: 'fact' }, h('dt', { text: name }), h('dd', { class: 'mono', text: value }));
}

function conflictsElement(conflicts: ReportView['conflicts']): HTMLElement | undefined {
  if (conflicts.length === 0) return undefined;
  const lines = conflicts
    .slice(0, MOST)
    .map(({ address, winner, loser }) =>
      h(
        'li',
        {},
        h('b', { class: 'mono', text: address }),
        ` is claimed by ${winner} and by ${loser}. `,
        `${winner} keeps it: a running task comes before one that has ended, then the newer record before the older. `,
        `${loser} is left without an address, and gets another one at its next start.`,
      ),
    );
  return h(
    'div',
    { class: 'report-part is-bad' },
    h('h3', { text: `${count(conflicts.length, 'conflict')}: two identities claim one address` }),
    h('ul', {}, ...lines),
    more(conflicts.length),
  );
}

function skippedElement(skipped: ReportView['skipped']): HTMLElement | undefined {
  if (skipped.length === 0) return undefined;
  const lines = skipped
    .slice(0, MOST)
    .map(({ reason, record, detail }) =>
      h('li', {}, h('b', { text: reason }), ` ${detail} `, h('span', { class: 'quiet mono', text: `(${record})` })),
    );
  return h(
    'div',
    { class: 'report-part' },
    h('h3', { text: `${count(skipped.length, 'record')} skipped` }),
    h('ul', {}, ...lines),
    more(skipped.length),
  );
}

function more(length: number): HTMLElement | undefined {
  return length > MOST
    ? h('p', { class: 'small quiet', text: `… and ${(length - MOST).toLocaleString('en')} more` })
    : undefined;
}
