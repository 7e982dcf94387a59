// A process of a campaign: plays the seeds that it is told, one after the other, and tells what became of each.
import { hasDisk, playDisk } from './disk/play.js';
import { draw } from './draw.js';
import { play } from './play.js';
import { add } from './sometimes.js';

/** Which world is to be played. */
export interface Asked {
  readonly seed: number;
  readonly store?: 'etcd' | 'swarm';
}

/** What a worker tells of one world. */
export interface Played {
  readonly seed: number;
  readonly failure: string | undefined;
  readonly events: number;
  readonly digest: string;
  readonly sometimes: readonly (readonly [string, number])[];
}

process.on('message', async ({ seed, store }: Asked) => {
  const { failure, events, digest, sometimes } = await play(draw(seed, store));
  const all = new Map(sometimes);
  const disk = hasDisk(seed) ? await playDisk(seed) : undefined;
  add(all, disk?.sometimes ?? []);
  const played: Played = { seed, failure: failure ?? disk?.failure, events, digest, sometimes: [...all] };
  process.send?.(played);
});
