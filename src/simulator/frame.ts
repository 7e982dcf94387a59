// A state with what the next one needs to know of the past, and nobody else: where each identity has been.

import type { State } from './types.js';
import type { Vector } from './vector.js';

/** Where an identity was at home, by one of the two allocators: first, and when it last started. */
export interface Home {
  readonly first: string;
  readonly last: string;
}

export interface Seen {
  readonly stock?: Home;
  readonly sticky?: Home;
}

export interface Frame extends State {
  /** By the number of an identity. */
  readonly seen: Vector<Seen>;
  /** Tasks that have a number. */
  readonly numbered: number;
}

export type Side = 'stock' | 'sticky';
export const SIDES: readonly Side[] = ['stock', 'sticky'];
