// Refuses to test what was built from other sources, for a test file that is run by hand. The test runner has looked
// already and says so by LIMPET_BUILT; another build that LIMPET_ENTRY names is its caller's.
import type { StepName } from '../scripts/build/inputs.js';
import { staleSteps } from '../scripts/build/stamp.js';

/**
 * @throws Error when dist/, or the core that src/ embeds, is older than the sources of that step or of one before it
 */
export async function upToDate(step: StepName): Promise<void> {
  if (process.env.LIMPET_BUILT !== undefined || process.env.LIMPET_ENTRY !== undefined) return;
  const stale = await staleSteps([step]);
  if (stale.length === 0) return;
  throw new Error(
    `dist/ was built from other sources (${stale.join(', ')}): use npm test -- FILE, or npm run build first`,
  );
}
