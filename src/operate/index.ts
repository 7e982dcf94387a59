// What an operator asks of a running Limpet, and does to it: operations that return plain JSON, and their HTTP form.

export type { AddressRow, Found, Listing } from './bindings.js';
export type { Ended, Reclaimed } from './changes.js';
export type { Checked } from './check/check.js';
export { type Finding, KINDS, type Kind } from './check/finding.js';
export type { OperateEnvironment } from './environment.js';
export { adminHandler } from './handler.js';
export type { Imported } from './import/import.js';
export type { Step } from './import/plan.js';
export type { InputOf, OperationName, OutputOf } from './operations.js';
export type { Status, SubnetStatus } from './status.js';
