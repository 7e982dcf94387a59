// `limpet ls`, `lookup`, `pin`, `reclaim`, `release` and the like for people: addresses as rows of one table.

import type { AddressRow, Ended, Found, Listing, OutputOf, Reclaimed } from '../../operate/index.js';
import { homeText } from '../../service/second-homes.js';
import { type Cell, columns, count, type Paint, type Style, table } from '../print.js';

const STYLES: Partial<Record<AddressRow['state'], Style>> = { live: 'green', reserved: 'yellow', held: 'cyan' };

/** An address that waits is of an identity which has another one until its next start. */
const PINNED = {
  home: (state: string) => `${state}, pinned`,
  waits: () => 'pinned, waits',
} as const;

export function* listingText({ now, rows, names }: Listing, paint: Paint): Generator<string> {
  if (rows.length === 0) {
    yield 'nothing matches';
    return;
  }
  yield* table(
    ['ADDRESS', 'IDENTITY', 'STATE', 'NODE', 'RELEASED', 'SUBNET', 'SPACE'],
    rows.map(({ address, state, nodes, releasedAt, pinned, subnet, space, ...row }) => {
      const style = STYLES[state];
      const text = pinned === undefined ? state : PINNED[pinned](state);
      const shown: Cell = style === undefined ? text : { text, style };
      return [
        address,
        ownerText(row),
        shown,
        nodes.map((id) => names[id] ?? id).join(', ') || '-',
        ago(now, releasedAt),
        subnet,
        space,
      ];
    }),
    paint,
    { indent: '' },
  );
}

/** Of a task who it is, before the rows. */
export function* foundText({ task, ...listing }: Found, paint: Paint): Generator<string> {
  if (task !== undefined) {
    const { id, state, node, identity, addresses } = task;
    const where = node === undefined ? '' : ` on ${listing.names[node] ?? node}`;
    const rows = addresses.flatMap(({ subnet, home, ticket }) => [
      ['home', home === undefined ? `none yet in ${subnet}` : `${home} of ${subnet}: what its container has`],
      ['ticket', ticket === undefined ? `none in ${subnet}` : `${ticket} of ${subnet}: what docker inspect shows`],
    ]);
    yield* columns([['task', `${id}, ${state}${where}`], ['identity', identity], ...rows], '');
    yield '';
  }
  yield* listingText(listing, paint);
}

export function* reclaimedText({ now, dryRun, reclaimed, refused }: Reclaimed, paint: Paint): Generator<string> {
  const rows = reclaimed.map((row) => endedCells(row, now));
  if (rows.length > 0) yield* table(['ADDRESS', 'IDENTITY', 'RELEASED', 'SUBNET'], rows, paint, { indent: '' });
  if (rows.length > 0) yield '';
  const verb = dryRun ? 'would be reclaimed (dry run: nothing has changed)' : 'reclaimed';
  yield reclaimed.length === 0 ? 'nothing to reclaim' : `${count(reclaimed.length, 'binding')} ${verb}`;
  for (const { identity, why } of refused) yield `${paint('yellow', 'left:')} ${homeText(identity)}: ${why}`;
}

export function releasedText({ released }: OutputOf<'release'>, identity: string, node: string): string[] {
  if (released.length === 0) return [`${identity} was not live on ${node}: nothing has changed`];
  return released.map(({ address, subnet }) => `${identity} released on ${node}: ${address} of ${subnet}`);
}

export function unheldText({ address, subnet, unheld }: OutputOf<'unhold'>): string[] {
  return [unheld ? `${address} of ${subnet} is no longer held` : `${address} of ${subnet} was not held`];
}

export function* pinnedText({ pinned, warnings }: OutputOf<'pin'>, paint: Paint): Generator<string> {
  for (const { address, subnet, until, ...row } of pinned) {
    const when = until === undefined ? '' : `: from its next start on, until then it has ${until}`;
    yield `${ownerText(row)} pinned to ${address} of ${subnet}${when}`;
  }
  for (const warning of warnings) yield `${paint('yellow', 'warning:')} ${warning}`;
}

export function unpinnedText({ unpinned }: OutputOf<'unpin'>): string[] {
  return unpinned.map(
    ({ address, subnet, ...row }) => `${ownerText(row)} is no longer pinned to ${address} of ${subnet}`,
  );
}

/** `web.3`, `web.3 (second home)`. */
function ownerText({ identity, home }: { readonly identity?: string; readonly home?: 'second' }): string {
  return home === undefined ? (identity ?? '-') : `${identity} (${home} home)`;
}

export function forgottenText({ subnet, space, bindings }: OutputOf<'forget'>): string[] {
  return [`${subnet} (space ${space}) removed, and ${count(bindings, 'reserved binding')} with it`];
}

function endedCells({ address, identity, releasedAt, subnet }: Ended, now: number): string[] {
  return [address, homeText(identity), ago(now, releasedAt), subnet];
}

const UNITS: readonly (readonly [string, number])[] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1000],
];

/** How long ago, in the largest unit that fits. */
function ago(now: number, then: number | undefined): string {
  if (then === undefined) return '-';
  const [unit, size] = UNITS.find(([, size]) => now - then >= size) ?? ['s', 1000];
  return `${Math.max(0, Math.floor((now - then) / size))} ${unit} ago`;
}
