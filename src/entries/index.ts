// The main entry: the host API with the wasm core inside. Importing it does nothing.

export { Limpet } from '../host/limpet.js';
export * from './exports.js';
