// A TypeScript consumer without the types of the DOM or of Node; it is only type-checked. What the other entries export
// asks for AbortSignal.
import { Limpet } from 'limpet';
import core from 'limpet/core.wasm';
import { Limpet as Ready } from 'limpet/module';
import { Simulation } from 'limpet/simulator';
import { findNetwork } from 'limpet/swarm';

const [one, two] = [await Limpet.load(), await Ready.load(core)];
one.restore(two.subnet('10.0.0.0/24').snapshot());
export const used = [Simulation, findNetwork];
