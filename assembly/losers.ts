// The order in which the identities that lost their ordinal are told: by ordinal, then by identity. So it does not
// depend on the order of the records. A merge sort of a chain, without memory of its own.

import { above, Ordinal } from './ordinal';
import { Pages } from './pages';
import { exists } from './pointer';
import { Binding, isBefore, NONE } from './records';

/** Heads of sorted chains: the one in slot n has 2^n bindings, or none. */
const CHAINS: usize = memory.data(32 * 4, 4);

/** Sorts a chain linked through `newer`; answers its first binding. */
export function sortLosers(first: Binding, pages: Pages): Binding {
  memory.fill(CHAINS, 0, 32 * 4);
  while (exists(first)) {
    let chain = first;
    first = first.newer;
    chain.newer = NONE;
    let slot = CHAINS;
    for (; load<usize>(slot); slot += 4) {
      chain = merge(changetype<Binding>(load<usize>(slot)), chain, pages);
      store<usize>(slot, 0);
    }
    store<usize>(slot, changetype<usize>(chain));
  }
  let all = NONE;
  for (let slot = CHAINS; slot < CHAINS + 32 * 4; slot += 4) {
    all = merge(changetype<Binding>(load<usize>(slot)), all, pages);
  }
  return all;
}

function merge(a: Binding, b: Binding, pages: Pages): Binding {
  let first = NONE;
  let last = NONE;
  while (exists(a) && exists(b)) {
    const next = precedes(b, a, pages) ? b : a;
    if (next == a) a = a.newer;
    else b = b.newer;
    if (exists(last)) last.newer = next;
    else first = next;
    last = next;
  }
  const rest = exists(a) ? a : b;
  if (!exists(last)) return rest;
  last.newer = rest;
  return first;
}

function precedes(a: Binding, b: Binding, pages: Pages): bool {
  if (a.place == b.place) return isBefore(a, b);
  pages.toOrdinal(a.place);
  const lo = Ordinal.lo;
  const hi = Ordinal.hi;
  pages.toOrdinal(b.place);
  return above(Ordinal.lo, Ordinal.hi, lo, hi);
}
