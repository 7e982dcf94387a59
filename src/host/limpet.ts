// The host API for the package's own rooms: as the public Limpet, but it reads Docker's tasks only when it is handed a
// reader of them.

import type { RecordReading } from './claims.js';
import { embeddedCore } from './embedded.js';
import { Instance } from './instance.js';
import type { LoadOptions } from './types.js';

export class Limpet extends Instance {
  /** @throws TypeError; LimpetError BAD_INPUT */
  static async load(options?: LoadOptions, reading?: RecordReading): Promise<Limpet> {
    return new Limpet(await embeddedCore(options), reading);
  }
}
