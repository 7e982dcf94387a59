// What the judge knows of what a service's author has chosen by labels: a task has the address that its container's
// label names for its slot, or waits for it, and a home that is made for it comes from the part that its label names.
// Docker's lists and Limpet's code say nothing here: the label is the one that the container was made with.
import { BlockList } from 'node:net';
import type { EngineContainer } from '../../src/simulator/swarm/containers.js';
import { identityOf } from './naming.js';
import type { Truth } from './truth.js';

/** What is wrong with the address of a task that has just got it; undefined when nothing is. */
export function wrongChoice(truth: Truth, subnet: string, container: EngineContainer): string | undefined {
  const { name, labels, has } = container;
  const chosen = chosenFor(container);
  if (chosen === undefined) return undefined;
  const identity = identityOf(container);
  const owner = truth.ownerOf(subnet, has);
  // Nobody can say who asked.
  if (owner !== identity && owner !== `@second/${identity}`) return undefined;
  const waits = truth.homeOf(subnet, `@pin/${identity}`);
  if (truth.homeOf(subnet, identity) === chosen || waits === chosen) return undefined;
  return `${name} has ${has}, and neither is nor waits at ${chosen} of ${labels?.['limpet.address']}, its label`;
}

/** Whether a home that is made now may be at the address, by the labels of all who could have asked for it. */
export function mayBeMade(address: string, askers: readonly EngineContainer[]): boolean {
  const pools = askers.map(({ labels }) => labels?.['limpet.pool']);
  return pools.length === 0 || pools.some((pool) => pool === undefined || isWithin(address, pool));
}

/** The address that the label names for its slot; undefined beyond the last. */
function chosenFor({ name, labels }: EngineContainer): string | undefined {
  const range = labels?.['limpet.address'];
  const slot = Number(/\.(\d+)\.[^.]+$/.exec(name)?.[1]);
  if (range === undefined || !(slot > 0)) return undefined;
  const [first = '', last = ''] = range.split('-');
  const [from, to] = [lastByte(first), lastByte(last)];
  const at = from + slot - 1;
  return at > to ? undefined : first.replace(/\d+$/, String(at));
}

function isWithin(address: string, range: string): boolean {
  const [first = '', last = ''] = range.split('-');
  const list = new BlockList();
  list.addRange(first, last);
  return list.check(address);
}

function lastByte(address: string): number {
  return Number(address.slice(address.lastIndexOf('.') + 1));
}
