// What `limpet rebuild` prints: a table and a report for people, or one JSON object for programs.

import type { Binding } from '../host/types.js';
import { visibleJson } from '../host/visible.js';
import { columns, count, type Paint, table } from './print.js';
import type { Rebuilt } from './rebuild.js';

/** One JSON object in pieces, a binding a line: long lists are never one long text. */
export function* jsonReport({ network, subnet, report }: Rebuilt): Generator<string> {
  yield `{"network":${jsonOf(network.name)},"subnet":${jsonOf(subnet.cidr)},`;
  yield* list('bindings', outlines(subnet.bindings()));
  yield ',';
  yield* list('conflicts', report.conflicts);
  yield ',';
  yield* list('skipped', report.skipped);
  yield '}\n';
}

function* list(name: string, entries: Iterable<unknown>): Generator<string> {
  yield `"${name}":[`;
  let before = '\n';
  for (const entry of entries) {
    yield before + jsonOf(entry);
    before = ',\n';
  }
  yield before === '\n' ? ']' : '\n]';
}

function jsonOf(value: unknown): string {
  return visibleJson(JSON.stringify(value));
}

function* outlines(bindings: Iterable<Binding>): Generator<Omit<Binding, 'releasedAt'>> {
  for (const { identity, address, state } of bindings) yield { identity, address, state };
}

/** Lines for people. */
export function* textReport({ network, subnet, held, report }: Rebuilt, paint: Paint): Generator<string> {
  const title = network.name === network.id ? network.name : `${network.name} (${network.id})`;
  yield* columns([['network', title], ['subnet', subnet.cidr], ...heldRow(held)], '');
  yield '';
  const bindings = [...subnet.bindings()].map(({ address, identity, state }) => [address, identity, state]);
  if (bindings.length > 0) yield* table(['ADDRESS', 'IDENTITY', 'STATE'], bindings, paint);
  else yield 'no bindings';
  yield '';
  if (report.conflicts.length > 0) {
    yield paint('red', `${count(report.conflicts.length, 'conflict')}: two identities claim one address`);
    const rows = report.conflicts.map(({ address, winner, loser }) => [address, winner, loser]);
    yield* table(['ADDRESS', 'KEPT BY', 'LEFT WITHOUT'], rows, paint);
    yield '';
  }
  if (report.skipped.length > 0) {
    yield paint('yellow', `${count(report.skipped.length, 'record')} skipped`);
    const rows = report.skipped.map(({ reason, record, detail }) => [reason, record, detail]);
    yield* table(['REASON', 'RECORD', 'DETAIL'], rows, paint);
    yield '';
  }
  yield paint('bold', `${report.live} live, ${report.reserved} reserved, ${tally(report)}`);
  const rest = aside(report);
  if (rest !== '') yield paint('dim', rest);
}

function heldRow(held: Rebuilt['held']): string[][] {
  const of = (kind: string) => [...held].filter(([, what]) => what === kind).map(([address]) => address);
  const [gateways, virtual] = [of('gateway'), of('virtual IP')];
  const parts = gateways.map((address) => `gateway ${address}`);
  if (virtual.length > 0)
    parts.push(virtual.length === 1 ? `virtual IP ${virtual[0]}` : `${virtual.length} virtual IPs`);
  return parts.length === 0 ? [] : [['held', parts.join(', ')]];
}

function tally({ conflicts, skipped }: Rebuilt['report']): string {
  return `${count(conflicts.length, 'conflict')}, ${skipped.length} skipped`;
}

function aside({ superseded, elsewhere }: Rebuilt['report']): string {
  const parts: string[] = [];
  if (superseded > 0) parts.push(`${count(superseded, 'older claim')} superseded`);
  if (elsewhere > 0) parts.push(`${count(elsewhere, 'task')} on other networks`);
  return parts.join(', ');
}
