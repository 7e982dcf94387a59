// The core itself: its memory, and what a call costs in this browser now. Measured on a subnet of its own with as many
// bindings as the swarm shown has; nothing of the simulation is touched.

import { Limpet, type Subnet } from 'limpet';
import { count, h } from '../dom.js';
import { fact } from './report.js';

/** Browsers' clocks are coarse: each kind of call is repeated for at least so many milliseconds. */
const LONG_ENOUGH = 40;
const BATCH = 500;

export class CoreView {
  readonly element: HTMLElement;
  readonly #memory = h('dl', { class: 'facts' });
  readonly #times = h('dl', { class: 'facts', attrs: { 'aria-live': 'polite' } });
  readonly #measure: HTMLButtonElement;
  #bindings = 0;

  constructor(
    private readonly memory: () => { readonly used: number; readonly total: number },
    private readonly cidr: () => string,
  ) {
    this.#measure = h('button', {
      text: 'Measure the calls',
      attrs: { type: 'button' },
      on: { click: () => this.#run() },
    });
    this.element = h(
      'div',
      { class: 'inspect core-view' },
      h('h3', { text: 'Memory' }),
      this.#memory,
      h('h3', { text: 'Time per call, here and now' }),
      h('p', { class: 'small quiet', text: 'On a separate instance, with as many bindings as are shown.' }),
      this.#measure,
      this.#times,
    );
  }

  show(bindings: number): void {
    this.#bindings = bindings;
    const { used, total } = this.memory();
    this.#memory.replaceChildren(
      fact('used by subnets', `${(used / 1024).toFixed(1)} KiB`),
      fact('of the memory, which never shrinks', `${(total / 1024).toFixed(0)} KiB`),
      fact('in the subnet shown', count(bindings, 'binding')),
    );
  }

  async #run(): Promise<void> {
    this.#measure.disabled = true;
    const scratch = await Limpet.load();
    const net = scratch.subnet(this.cidr());
    const names = Array.from({ length: Math.max(1, this.#bindings) }, (_, index) => `web.${index + 1}`);
    const bound = names.filter((_, index) => BigInt(index) < net.size - net.stats.excluded);
    for (const name of bound) net.allocate(name);
    let at = 0;
    const each = () => bound[at++ % bound.length] as string;
    const times: [string, number][] = [
      ['allocate, as an address', timeOf(() => net.allocate(each()))],
      ['allocate, as an ordinal', timeOf(() => net.allocateOrdinal(each()))],
      ['lookup', timeOf(() => net.lookup(each()))],
      ['release, then allocate', timeOf(() => restart(net, each()))],
      ['snapshot of all', timeOf(() => net.snapshot())],
    ];
    this.#times.replaceChildren(...times.map(([name, time]) => fact(name, sayDuration(time))));
    this.#measure.disabled = false;
    this.#measure.textContent = 'Measure again';
  }
}

function restart(net: Subnet, identity: string): void {
  net.release(identity, 0);
  net.allocate(identity);
}

/** Milliseconds of one call. */
function timeOf(call: () => unknown): number {
  for (let n = 0; n < BATCH; n++) call(); // the browser's compiler has seen it then
  const started = performance.now();
  let calls = 0;
  while (performance.now() - started < LONG_ENOUGH) {
    for (let n = 0; n < BATCH; n++) call();
    calls += BATCH;
  }
  return (performance.now() - started) / calls;
}

function sayDuration(milliseconds: number): string {
  const nanoseconds = milliseconds * 1e6;
  return nanoseconds < 1e4 ? `${nanoseconds.toFixed(0)} ns` : `${(nanoseconds / 1000).toFixed(1)} µs`;
}
