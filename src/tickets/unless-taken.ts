import { LimpetError } from '../host/errors.js';

/**
 * What the claim of a home answers; undefined where somebody of this node is found to have it while the store is waited
 * for, and where it is live on another node.
 * @param isFree asked again before each try of the claim
 */
export async function unlessTaken(
  isFree: () => boolean,
  claim: (isDue: () => boolean) => Promise<string>,
): Promise<string | undefined> {
  let wasFree = true;
  const isDue = () => {
    wasFree = isFree();
    return wasFree;
  };
  try {
    return await claim(isDue);
  } catch (error) {
    const isLive = error instanceof LimpetError && error.code === 'LIVE';
    if (wasFree && !isLive) throw error;
    return undefined;
  }
}
