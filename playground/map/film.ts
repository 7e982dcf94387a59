// Pictures of an allocator of the simulation: what differs from the state before is changed in place, so that a /16 costs no
// more per step than what happened in it.

import type { Subnet } from 'limpet';
import type { AllocatorState, Cell } from 'limpet/simulator';
import { MOST_CELLS, type Picture, STATES, translationOf } from './picture.js';

export class Film {
  readonly #subnet: Subnet;
  readonly #size: number;
  readonly #states: Uint8Array;
  readonly #identities = new Map<number, string>();
  #cells: AllocatorState['cells'] | undefined;

  /** @param subnet any subnet of the run's CIDR: it tells how ordinals and addresses translate */
  constructor(subnet: Subnet) {
    this.#subnet = subnet;
    this.#size = Number(subnet.size < BigInt(MOST_CELLS) ? subnet.size : BigInt(MOST_CELLS));
    this.#states = new Uint8Array(this.#size);
  }

  /** The picture of now. It shares its arrays with the ones before: show it at once. */
  take({ cells }: AllocatorState): Picture {
    const before = this.#cells;
    if (before === undefined) for (const [at, cell] of cells.entries()) this.#set(at, cell);
    else for (const at of cells.differences(before)) this.#set(at, cells.get(at));
    this.#cells = cells;
    const title = this.#subnet.cidr;
    return {
      title,
      size: this.#size,
      states: this.#states,
      identities: this.#identities,
      ...translationOf(this.#subnet, 0n),
    };
  }

  #set(at: number, cell: Cell | undefined): void {
    if (at >= this.#size) return;
    this.#states[at] = STATES.indexOf(cell?.state ?? 'free');
    const who = cell?.identity ?? cell?.held;
    if (who === undefined) this.#identities.delete(at);
    else this.#identities.set(at, who);
  }
}
