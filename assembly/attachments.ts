// The attachments of one of Docker's tasks: whether one is to the network that is rebuilt, and its address there.

import { readAddress } from './address-text';
import { Found } from './found';
import {
  CLOSE_ARRAY,
  COMMA,
  nextItem,
  nextMember,
  ODD,
  OPEN_ARRAY,
  OPEN_OBJECT,
  readString,
  skipValue,
  Text,
} from './json';
import { Ordinal } from './ordinal';
import { exists } from './pointer';
import { Rebuild } from './rebuild';
import { Subnet } from './subnet';
import { NETWORK } from './words';

export function readAttachments(subnet: Subnet, rebuild: Rebuild, at: usize): usize {
  let expected = OPEN_ARRAY;
  while (true) {
    at = nextItem(at, expected, CLOSE_ARRAY);
    expected = COMMA;
    if (at <= ODD || Text.closed) return at;
    at = readAttachment(subnet, rebuild, at);
    if (at <= ODD) return at;
  }
}

function readAttachment(subnet: Subnet, rebuild: Rebuild, at: usize): usize {
  let networks = 0;
  let addresses: usize = 0;
  let expected = OPEN_OBJECT;
  while (true) {
    at = nextMember(at, expected);
    expected = COMMA;
    if (at <= ODD) return at;
    if (Text.closed) break;
    if (Text.length == 7 && (load<u64>(Text.from) & 0x00ffffffffffffff) == 0x006b726f7774654e) {
      networks++;
      at = readNetwork(rebuild, at);
    } else {
      if (Text.length == 9 && load<u64>(Text.from) == 0x6573736572646441 && load<u8>(Text.from, 8) == 0x73) {
        if (addresses) return ODD;
        addresses = at;
      }
      at = skipValue(at);
    }
    if (at <= ODD) return at;
  }
  if (networks != 1) return ODD;
  if (!Network.ours) return at;
  if (Found.attached || !addresses) return ODD;
  Found.attached = true;
  const end = readAddresses(subnet, addresses);
  return end > ODD ? at : end;
}

abstract class Network {
  static ours: bool = false;
}

/** Whether a Network object has the ID of ours. */
function readNetwork(rebuild: Rebuild, at: usize): usize {
  Network.ours = false;
  let seen = false;
  let expected = OPEN_OBJECT;
  while (true) {
    at = nextMember(at, expected);
    expected = COMMA;
    if (at <= ODD) return at;
    if (Text.closed) return seen ? at : ODD;
    if (Text.length == 2 && load<u16>(Text.from) == 0x4449) {
      if (seen) return ODD;
      seen = true;
      at = readString(at);
      if (at <= ODD) return at;
      Network.ours = exists(rebuild.words.find(NETWORK, Text.from, Text.length));
    } else {
      at = skipValue(at);
      if (at <= ODD) return at;
    }
  }
}

/** Finds the address that lies in the subnet; a task of two families has one of each. Two in the subnet are odd. */
function readAddresses(subnet: Subnet, at: usize): usize {
  let expected = OPEN_ARRAY;
  while (true) {
    at = nextItem(at, expected, CLOSE_ARRAY);
    expected = COMMA;
    if (at <= ODD || Text.closed) return at;
    at = readString(at);
    if (at <= ODD) return at;
    if (!readAddress(Text.from, Text.length, subnet.version)) {
      // The other family is another subnet's affair; what is no address at all is the host's.
      if (!readAddress(Text.from, Text.length, 10 - subnet.version)) return ODD;
      continue;
    }
    if (!toOrdinal(subnet)) continue;
    if (Found.placed) return ODD;
    Found.placed = true;
    Found.lo = Ordinal.lo;
    Found.hi = Ordinal.hi;
  }
}

/** From the address in Ordinal to its ordinal; false when it lies outside the subnet. */
export function toOrdinal(subnet: Subnet): bool {
  const borrow = <u64>(Ordinal.lo < subnet.baseLo);
  Ordinal.lo -= subnet.baseLo;
  Ordinal.hi -= subnet.baseHi + borrow;
  return !subnet.isOutside(Ordinal.lo, Ordinal.hi);
}
