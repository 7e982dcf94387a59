// The ordinals of a subnet that are bound or held, in ascending order: for lists and snapshots, which so are the same
// on every host, whatever its hash key.

import { Ordinal, PAGE_SIZE } from './ordinal';
import { Page } from './page';
import { exists } from './pointer';
import { Subnet } from './subnet';

/** The lowest ordinal at or above (hi, lo) that is bound or held, put into Ordinal; false when there is none. */
export function nextUsed(subnet: Subnet, lo: u64, hi: u64): bool {
  // No page has the number of an ordinal outside, which a narrow subnet would take for that of another.
  if (subnet.isOutside(lo, hi)) return false;
  const pages = subnet.bitmap.pages;
  let page = pages.of(lo, hi);
  if (exists(page) && usedIn(subnet, page, Ordinal.offset(lo))) return true;
  const next = Ordinal.pageLo(lo, hi) + 1;
  page = pages.firstFrom(next, Ordinal.pageHi(hi) + <u64>(next == 0));
  while (exists(page) && !usedIn(subnet, page, 0)) page = pages.after(page);
  return exists(page);
}

/** As nextUsed, from `offset` to the end of one page. */
function usedIn(subnet: Subnet, page: Page, offset: u32): bool {
  for (offset = page.nextSet(offset); offset < PAGE_SIZE; offset = page.nextSet(offset + 1)) {
    page.toOrdinal(offset);
    if (page.owner(offset)) return true;
    const range = subnet.exclusions.find(Ordinal.lo, Ordinal.hi);
    if (!exists(range)) return true;
    // On to the end of the range, or of the page.
    const rest = range.lastLo - Ordinal.lo;
    const restHi = range.lastHi - Ordinal.hi - <u64>(range.lastLo < Ordinal.lo);
    offset = restHi || rest >= PAGE_SIZE ? PAGE_SIZE - 1 : min(offset + <u32>rest, PAGE_SIZE - 1);
  }
  return false;
}
