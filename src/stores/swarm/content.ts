// What a config says, as register.ts needs it: it is copied, changed and printed again.

import type { Recent } from './recent.js';

export interface Content {
  readonly recent: Recent;
  clone(): this;
  /** All labels. */
  print(): Record<string, string>;
}
