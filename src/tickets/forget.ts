// Ends a binding that nobody shall come back to, such as a guest's.

import { LimpetError } from '../host/errors.js';
import type { CallOptions, SubnetService } from '../service/index.js';

/** Reserved → free, unless it has come to life or has gone meanwhile: both are as good. */
export async function forget(net: SubnetService, identity: string, options: CallOptions = {}): Promise<void> {
  try {
    await net.reclaim(identity, options);
  } catch (error) {
    if (error instanceof LimpetError && ['LIVE', 'PINNED', 'UNKNOWN'].includes(error.code)) return;
    throw error;
  }
}
