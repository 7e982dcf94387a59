// One thing that can befall a world: it takes three numbers, from which it draws whom and for how long.
import type { Act } from './plan.js';
import type { World } from './world.js';

export interface Deed {
  /** Worlds know it by themselves; else only some do. */
  readonly isUsual: boolean;
  readonly play: (world: World, of: Act['of']) => void;
}

export const usual = (play: Deed['play']): Deed => ({ isUsual: true, play });
export const rare = (play: Deed['play']): Deed => ({ isUsual: false, play });

export function pick<T>(items: readonly T[], n: number): T {
  return items[n % items.length] as T;
}
