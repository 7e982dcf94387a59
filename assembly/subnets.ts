// The subnets of this instance by number. Numbers are handed out again after a subnet is destroyed.

import { Arena, LISTS } from './arena';
import { Subnet } from './subnet';
import { Slots } from './vector';

/** An arena of its own for the list, after its free lists; then the list. */
const ROOT: usize = memory.data(((LISTS + 7) & ~7) + 48, 8) + ((LISTS + 7) & ~7);

function arena(): Arena {
  return changetype<Arena>(ROOT);
}

function slots(): Slots {
  return changetype<Slots>(ROOT + 16);
}

/** Whether there has been a subnet at all. */
export function hadSubnets(): bool {
  return slots().length != 0;
}

/** Lists a subnet; its number. Memory has been reserved. */
export function insertSubnet(subnet: Subnet): u32 {
  return slots().add(changetype<usize>(subnet), arena());
}

/** The subnet of a number, or null. */
export function subnetAt(id: u32): Subnet {
  return changetype<Subnet>(slots().find(id));
}

export function replaceSubnet(id: u32, subnet: Subnet): void {
  store<usize>(slots().at(id), changetype<usize>(subnet));
}

export function removeSubnet(id: u32): void {
  slots().remove(id);
}
