// Plays one large world, in a process that has the memory for it.
import { playLarge, type Size } from './large.js';

process.once('message', async (size: Size) => {
  const outcome = await playLarge(size);
  process.send?.(outcome, undefined, undefined, () => process.exit(0));
});
