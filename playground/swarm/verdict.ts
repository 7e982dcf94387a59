// What a run has come to, in two sentences: counted from its states, as `limpet demo` counts.

import type { State, Task } from 'limpet/simulator';
import { count } from '../dom.js';
import type { Side } from '../stays.js';

export interface Verdict {
  readonly headline: string;
  readonly why: string;
}

interface PassedOn {
  readonly address: string;
  readonly from: string;
  readonly to: string;
}

/** Undefined while nothing has started again: there is nothing to compare. */
export function verdictOf(states: readonly State[]): Verdict | undefined {
  const last = states.at(-1);
  if (last === undefined) return undefined;
  const { stock, sticky } = last;
  const again = (side: State['stock']) => `${side.kept} of ${side.kept + side.changed}`;
  if (stock.kept + stock.changed === 0) return undefined;
  const headline = `Addresses kept by tasks that started again: Docker ${again(stock)}, Limpet ${again(sticky)}.`;
  const docker = passedOn(states, 'stock');
  const limpet = passedOn(states, 'sticky').length;
  const [first] = docker;
  const guests = sticky.guests === 0 ? '' : ` ${count(sticky.guests, 'start')} as a guest: two of a slot ran at once.`;
  if (first === undefined) return { headline, why: `No address has come to another replica.${guests}` };
  const others = limpet === 0 ? 'with Limpet none' : `with Limpet ${limpet}`;
  const why =
    `With Docker, ${first.address} was ${first.from} and is ${first.to} now; ${count(docker.length, 'address')} ` +
    `answer${docker.length === 1 ? 's' : ''} as another replica, ${others}.`;
  return { headline, why: `${why.replace('addresss', 'addresses')}${guests}` };
}

/** Addresses that one replica had first and another one has in the end. */
function passedOn(states: readonly State[], side: Side): PassedOn[] {
  const owners = new Map<string, string>();
  let before: State | undefined;
  for (const state of states) {
    const changed = before === undefined ? state.tasks.entries() : changes(state, before);
    for (const [, task] of changed) {
      const address = task?.[side];
      if (task !== undefined && runs(task) && address !== undefined && !owners.has(address))
        owners.set(address, task.identity);
    }
    before = state;
  }
  return [...(states.at(-1)?.tasks.values() ?? [])].filter(runs).flatMap((task) => {
    const { [side]: address = '', identity: to } = task;
    const from = owners.get(address);
    return from === undefined || from === to ? [] : [{ address, from, to }];
  });
}

function* changes(state: State, before: State): Iterable<[number, Task | undefined]> {
  for (const number of state.tasks.differences(before.tasks)) yield [number, state.tasks.get(number)];
}

function runs({ state, desired }: Task): boolean {
  return state === 'running' && desired === 'running';
}
