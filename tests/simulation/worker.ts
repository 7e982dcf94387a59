// A process of a campaign: plays the seeds that it is told, one after the other, and tells what became of each.
import { draw } from './draw.js';
import { play } from './play.js';

/** What a worker tells of one world. */
export interface Played {
  readonly seed: number;
  readonly failure: string | undefined;
  readonly events: number;
  readonly digest: string;
  readonly sometimes: readonly (readonly [string, number])[];
}

process.on('message', async (seed: number) => {
  const { failure, events, digest, sometimes } = await play(draw(seed));
  const played: Played = { seed, failure, events, digest, sometimes: [...sometimes] };
  process.send?.(played);
});
