// Plays a bundled scenario in a process of its own, in the form of the package that the arguments name, and prints its
// digest.
import { digestOf } from './digest.js';

const [entry = '', simulator = '', name = ''] = process.argv.slice(2);
const { Limpet } = (await import(entry)) as typeof import('../../src/entries/index.js');
const { Simulation, scenarios } = (await import(simulator)) as typeof import('../../src/simulator/index.js');

const simulation = new Simulation(scenarios[name as keyof typeof scenarios], await Limpet.load());
simulation.seek(100_000);
console.log(digestOf(simulation));
