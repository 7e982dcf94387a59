// Pictures of an allocator of the simulation: what differs from the state before is changed in place, so that a /16
// costs no more per step than what happened in it.

import type { AllocatorState, Cell } from 'limpet/simulator';
import { MOST_CELLS, type Picture, STATES } from './picture.js';

export interface FilmOf {
  readonly title: string;
  /** Addresses in the subnet. */
  readonly size: number;
  readonly address: (ordinal: number) => string;
  readonly ordinal: (address: string) => number;
}

export class Film {
  readonly #of: FilmOf;
  readonly #states: Uint8Array;
  readonly #identities = new Map<number, string>();
  #cells: AllocatorState['cells'] | undefined;

  /** @param of the run's subnet; of one larger than a /16 the first part is shown */
  constructor(of: FilmOf) {
    this.#of = of;
    this.#states = new Uint8Array(Math.min(of.size, MOST_CELLS));
  }

  /** The picture of now. It shares its arrays with the ones before: show it at once. */
  take({ cells }: AllocatorState): Picture {
    const before = this.#cells;
    if (before === undefined) for (const [at, cell] of cells.entries()) this.#set(at, cell);
    else for (const at of cells.differences(before)) this.#set(at, cells.get(at));
    this.#cells = cells;
    const { title, address, ordinal } = this.#of;
    const size = this.#states.length;
    const place = (text: string) => (ordinal(text) < size ? ordinal(text) : undefined);
    return { title, size, states: this.#states, identities: this.#identities, address, place };
  }

  #set(at: number, cell: Cell | undefined): void {
    if (at >= this.#states.length) return;
    this.#states[at] = STATES.indexOf(cell?.state ?? 'free');
    const who = cell?.identity ?? cell?.held;
    if (who === undefined) this.#identities.delete(at);
    else this.#identities.set(at, who);
  }
}
