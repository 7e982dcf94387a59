// What both entries export, but for Limpet itself, whose `load` differs.

export { LimpetError, type LimpetErrorCode } from './errors.js';
export { Identity } from './identity.js';
export type { Rebuild, RebuildInput, RebuildOptions } from './rebuild.js';
export type { Restore } from './restore.js';
export type { Allocation, Inspection, Subnet } from './subnet.js';
export type * from './types.js';
