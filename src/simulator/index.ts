// The entry `limpet/simulator`: a Swarm that nobody has to install, with Docker's own allocator and Limpet side by
// side. No DOM, no clock, no randomness but the scenario's seed. types.ts tells how it is used.

export { parseScenario } from './scenario.js';
export { scenarios } from './scenarios.js';
export { Simulation } from './simulation.js';
export { hasEnded } from './swarm/records.js';
export type * from './types.js';
export { Vector } from './vector.js';
