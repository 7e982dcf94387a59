// Counts, for the two allocators alike: who starts on its address and who on another one, how many run, and how many of
// them where their identity was first.

import { type Frame, type Seen, SIDES, type Side } from './frame.js';
import type { Task } from './types.js';
import type { Vector, VectorEditor } from './vector.js';

interface Counts {
  kept: number;
  changed: number;
  guests: number;
  running: number;
  home: number;
}

export class Tally {
  readonly #before: Vector<Seen>;
  readonly #seen: VectorEditor<Seen>;
  readonly #indexOf: (identity: string) => number;
  readonly #moves: { readonly was: Task | undefined; readonly now: Task | undefined }[] = [];

  /** @param indexOf a number for each identity, the same for ever */
  constructor(before: Vector<Seen>, indexOf: (identity: string) => number) {
    this.#before = before;
    this.#seen = before.edit();
    this.#indexOf = indexOf;
  }

  move(was: Task | undefined, now: Task | undefined): void {
    this.#moves.push({ was, now });
  }

  /** What there is to say of tasks that have come to run. */
  *told(): Iterable<{ readonly identity: string; readonly node: string; readonly text: string }> {
    for (const { was, now } of this.#moves) {
      if (now?.state !== 'running' || was?.state === 'running') continue;
      const { identity, node = '', stock, sticky, stay } = now;
      const past = this.#before.get(this.#indexOf(identity)) ?? {};
      const limpet = stay === 'guest' ? `${sticky}, as a guest` : compared(sticky, past.sticky?.last);
      yield {
        identity,
        node,
        text: `${identity} runs on ${node}: Docker ${compared(stock, past.stock?.last)}; Limpet ${limpet}`,
      };
    }
  }

  /** What is more or fewer than before. */
  seal(): Readonly<Record<Side, Counts>> & Pick<Frame, 'seen'> {
    const none = () => ({ kept: 0, changed: 0, guests: 0, running: 0, home: 0 });
    const counts = { stock: none(), sticky: none() };
    for (const side of SIDES) {
      const started = this.#moves.filter(({ was, now }) => runs(now, side) && !runs(was, side));
      const stopped = this.#moves.filter(({ was, now }) => runs(was, side) && !runs(now, side));
      for (const { now } of started) this.#start(now as Task, side, counts[side]);
      for (const { now } of started) this.#add(now as Task, side, counts[side], 1);
      for (const { was } of stopped) this.#add(was as Task, side, counts[side], -1);
    }
    return { ...counts, seen: this.#seen.seal() };
  }

  #start(task: Task, side: Side, counts: Counts): void {
    const address = task[side] as string;
    // A guest's address is another one by necessity: what counts is where its identity is next at home.
    if (side === 'sticky' && task.stay === 'guest') {
      counts.guests++;
      return;
    }
    const index = this.#indexOf(task.identity);
    const past = this.#before.get(index)?.[side];
    if (past !== undefined) counts[past.last === address ? 'kept' : 'changed']++;
    this.#seen.set(index, { ...this.#seen.get(index), [side]: { first: past?.first ?? address, last: address } });
  }

  #add(task: Task, side: Side, counts: Counts, by: 1 | -1): void {
    counts.running += by;
    if (this.#seen.get(this.#indexOf(task.identity))?.[side]?.first === task[side]) counts.home += by;
  }
}

/** What is lost with its node says `running` for ever, but nobody wants it any more. */
function runs(task: Task | undefined, side: Side): boolean {
  return task?.state === 'running' && task.desired === 'running' && task[side] !== undefined;
}

function compared(address: string | undefined, before: string | undefined): string {
  if (address === undefined) return 'has no address left';
  return before === undefined ? address : before === address ? `${address}, kept` : `${address}, was ${before}`;
}
