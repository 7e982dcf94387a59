// Plays a bundled scenario in a process of its own, in the form of the package that the arguments name, and prints its
// digest.
import { digestOf } from './digest.js';

const [simulator = '', name = ''] = process.argv.slice(2);
const { Simulation, scenarios } = (await import(simulator)) as typeof import('../../src/simulator/index.js');

const simulation = await Simulation.open(scenarios[name as keyof typeof scenarios]);
await simulation.seek(100_000);
console.log(digestOf(simulation));
