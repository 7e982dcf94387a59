// What an operator asks of a running Limpet, and does to it: operations that return plain JSON, and their HTTP form.

export type { AddressRow, Listing } from './bindings.js';
export type { Ended, Reclaimed } from './changes.js';
export type { Checked } from './check/check.js';
export { type Finding, KINDS, type Kind } from './check/finding.js';
export type { OperateEnvironment } from './environment.js';
export { ADMIN_PATH, adminHandler, isAdminPath } from './handler.js';
export type { Imported } from './import/import.js';
export type { Step } from './import/plan.js';
export { type InputOf, isOperation, type OperationName, type OutputOf, operations, perform } from './operations.js';
export type { Status, SubnetStatus } from './status.js';
