// What both entries export, but for Limpet itself, whose `load` differs.

export { LimpetError, type LimpetErrorCode, type LimpetErrorDetails } from '../host/errors.js';
export { Identity } from '../host/identity.js';
export type { Rebuild, RebuildInput, RebuildOptions } from '../host/rebuild.js';
export type { Restore } from '../host/restore.js';
export type { Allocation, Inspection, Subnet } from '../host/subnet.js';
export type * from '../host/types.js';
