// A state as one text, so that two of them can be compared across time, processes and forms of the package.
import { createHash } from 'node:crypto';
import type { Simulation, State } from './library.js';

export function textOf({ tasks, stock, sticky, ...rest }: State): string {
  const side = ({ cells, counts, kept, changed, guests, running, home, waiting }: State['stock']) => {
    return { cells: [...cells.entries()], counts, kept, changed, guests, running, home, waiting };
  };
  const { step, time, atRest, events, leader, nodes, services, log } = rest;
  const shown = { step, time, atRest, events, leader, nodes, services, log };
  return JSON.stringify({ ...shown, tasks: [...tasks.entries()], stock: side(stock), sticky: side(sticky) });
}

/** Of all states from the beginning, each after the other. */
export function digestOf(simulation: Simulation): string {
  const hash = createHash('sha256');
  for (let step = 0; step <= simulation.length; step++) hash.update(textOf(simulation.at(step)));
  return hash.digest('hex');
}
