// Ends a binding that nobody shall come back to, such as a guest's.

import { LimpetError } from '../host/errors.js';
import type { SubnetService } from '../service/subnet-service.js';

/** Reserved → free, unless it has come to life or has gone meanwhile: both are as good. */
export async function forget(net: SubnetService, identity: string): Promise<void> {
  try {
    await net.reclaim(identity);
  } catch (error) {
    if (error instanceof LimpetError && (error.code === 'LIVE' || error.code === 'UNKNOWN')) return;
    throw error;
  }
}
