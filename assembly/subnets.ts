// The subnets of this instance by number. Numbers are handed out again after a subnet is destroyed.

import { Subnet } from './subnet';
import { Nodes, Slots } from './vector';

/** The nodes of the list, then the list; neither ever goes back. */
const ROOT: usize = memory.data(48, 8);

function nodes(): Nodes {
  return changetype<Nodes>(ROOT);
}

function slots(): Slots {
  return changetype<Slots>(ROOT + 24);
}

/** Lists a subnet; its number. Memory has been reserved. */
export function insertSubnet(subnet: Subnet): u32 {
  return slots().add(changetype<usize>(subnet), nodes());
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
