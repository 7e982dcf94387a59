// A failing plan without the acts that the failure does not need: first in halves, then in smaller pieces, as long as
// what is left fails.
import type { Plan } from './plan.js';
import { type Outcome, play } from './play.js';

/** Worlds that are played at most. */
const MOST = 250;

/** Answers the smallest that was found, with its history. */
export async function shrink(whole: Plan): Promise<Outcome> {
  let smallest = await play(whole);
  let played = 0;
  for (let pieces = 2; smallest.failure !== undefined && played < MOST; ) {
    const { plan } = smallest;
    const size = Math.ceil(plan.acts.length / pieces);
    let isSmaller = false;
    for (let at = 0; at < plan.acts.length && played < MOST; at += size) {
      const acts = [...plan.acts.slice(0, at), ...plan.acts.slice(at + size)];
      const tried = await play(shortened({ ...plan, acts }));
      played++;
      if (tried.failure === undefined) continue;
      smallest = tried;
      isSmaller = true;
      break;
    }
    if (isSmaller) pieces = Math.max(pieces - 1, 2);
    else if (size <= 1) break;
    else pieces *= 2;
  }
  return smallest;
}

/** Nothing happens after the last act but the healing. */
function shortened(plan: Plan): Plan {
  const last = plan.acts.at(-1)?.at ?? 12_000;
  return { ...plan, duration: Math.min(plan.duration, last + 20_000) };
}
