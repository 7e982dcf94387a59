// The contract by its built form, so that it and the stores of dist/ have one LimpetError; what only looks, by its
// source.

import { storeContract } from './library.js';

export { HandClock } from '../../src/contract/hand-clock.js';
export { seen } from '../../src/contract/seen.js';
export const contract = storeContract;
