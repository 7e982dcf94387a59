// Whether there is memory for a change, asked before anything is changed. Nearly always there is plenty, and that is
// all that is looked at; near the limit it is counted to the node what the change takes, so that what was reclaimed
// is of use.

import { Bindings } from './bindings';
import { Bitmap } from './bitmap';
import { CALL_BLOCKS, reserveBlocks } from './memory';
import { Ordinal } from './ordinal';
import { Page } from './page';
import { exists } from './pointer';

/** For taking a free ordinal, whose page this is, or null. */
export function hasRoomToHold(bitmap: Bitmap, page: Page, lo: u64, hi: u64): bool {
  if (!exists(page) && !bitmap.pages.canAdd()) return false;
  return reserveBlocks(CALL_BLOCKS) || reserveBlocks(blocksToTake(bitmap, page, lo, hi, 0));
}

/** For binding a new identity of this length to an ordinal that is free or held. */
export function hasRoomToBind(bitmap: Bitmap, bindings: Bindings, page: Page, lo: u64, hi: u64, length: u32): bool {
  if (!exists(page) && !bitmap.pages.canAdd()) return false;
  if (reserveBlocks(CALL_BLOCKS)) return true;
  const owners = exists(page) ? page.nodesToOwn(Ordinal.offset(lo)) : 2;
  const blocks = blocksToTake(bitmap, page, lo, hi, owners + bindings.table.nodesForNext());
  return reserveBlocks(blocks + bindings.records.blocksFor(length));
}

/** For giving an ordinal that is free or held, and has a page, to a binding that exists. */
export function hasRoomToSettle(bitmap: Bitmap, page: Page, offset: u32): bool {
  if (reserveBlocks(CALL_BLOCKS)) return true;
  page.toOrdinal(offset);
  return reserveBlocks(blocksToTake(bitmap, page, Ordinal.lo, Ordinal.hi, page.nodesToOwn(offset)));
}

/**
 * Blocks for an ordinal's bit, and so many nodes besides. A page that is made has no bit yet, so it fills none above.
 */
function blocksToTake(bitmap: Bitmap, page: Page, lo: u64, hi: u64, besides: u32): u32 {
  const pages = bitmap.pages;
  let nodes = besides;
  let made: u32 = 1;
  if (!exists(page)) nodes += pages.nodesFor(Ordinal.pageLo(lo, hi));
  else if (page.wouldFill(Ordinal.offset(lo))) nodes += pages.nodesAbove;
  else made = 0;
  return pages.nodes.blocksFor(nodes, made > pages.freeCount ? 1 : 0);
}
