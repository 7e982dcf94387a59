// Where every identity has lived: one stay for each task of it that came to run, in order. Made from what differs from
// state to state, so that it costs what happened and not what there is.

import type { State, Task } from 'limpet/simulator';

export interface Stay {
  /** The step in which the task began to run. */
  readonly step: number;
  /** Seconds. */
  readonly time: number;
  readonly task: number;
  readonly node: string;
  readonly stock: string;
  readonly sticky: string;
  readonly guest: boolean;
}

export type Side = 'stock' | 'sticky';

/** Against the address that the identity had first. */
export type Verdict = 'first' | 'kept' | 'changed' | 'none';

export class Stays {
  readonly #byIdentity = new Map<string, Stay[]>();

  forget(): void {
    this.#byIdentity.clear();
  }

  /** Takes in the next state; `before` is the one a step earlier. */
  add(state: State, before: State | undefined): void {
    const numbers = before === undefined ? [...state.tasks.entries()].map(([at]) => at) : diff(state, before);
    for (const number of numbers) {
      const task = state.tasks.get(number);
      if (task?.state === 'running') this.#begin(task, state);
    }
  }

  /** Drops what was learned after a step. */
  cut(step: number): void {
    for (const [identity, stays] of this.#byIdentity) {
      while ((stays.at(-1)?.step ?? 0) > step) stays.pop();
      if (stays.length === 0) this.#byIdentity.delete(identity);
    }
  }

  /** Up to a step, oldest first. */
  of(identity: string, step: number): readonly Stay[] {
    return (this.#byIdentity.get(identity) ?? []).filter((stay) => stay.step <= step);
  }

  /** Whether a task is on the address that its identity had first. */
  verdict(task: Task, side: Side): Verdict {
    const address = task[side];
    if (address === undefined) return 'none';
    const first = this.#byIdentity.get(task.identity)?.[0];
    if (first === undefined || first.task === task.number) return 'first';
    return first[side] === address ? 'kept' : 'changed';
  }

  #begin(task: Task, state: State): void {
    const stays = this.#byIdentity.get(task.identity) ?? [];
    this.#byIdentity.set(task.identity, stays);
    if (stays.some((stay) => stay.task === task.number)) return;
    const { number, node = '', stock = '', sticky = '' } = task;
    stays.push({ step: state.step, time: state.time, task: number, node, stock, sticky, guest: task.stay === 'guest' });
  }
}

/** Numbers of the tasks that are not the same in two states. */
export function diff(state: State, before: State): number[] {
  return [...state.tasks.differences(before.tasks)];
}
