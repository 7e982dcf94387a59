// What every address of the subnet is, by each of the two allocators: Limpet's own word, and Docker's, with what
// Swarm's records say an address is for.

import { made, nodeOfMade } from '../docker/made-up.js';
import type { Side } from './frame.js';
import type { EngineContainer } from './swarm/containers.js';
import { shown } from './tell.js';
import type { AllocatorState, Cell } from './types.js';
import { Vector } from './vector.js';
import type { World } from './world.js';

type Use = Omit<Cell, 'state'>;

export class Cells {
  /** Those of tasks, by the task's ID. */
  readonly containers = new Map<string, EngineContainer>();
  readonly #world: World;
  /** By the address that Swarm's leader was given. */
  readonly #uses = new Map<string, Use>();
  readonly #homes = new Map<string, string>();
  readonly #bindings: { readonly address: string; readonly identity: string; readonly state: 'live' | 'reserved' }[] =
    [];

  constructor(world: World) {
    this.#world = world;
    for (const { engine } of world.swarm.nodes)
      for (const container of engine.containers.values())
        if (container.task !== undefined) this.containers.set(container.task.id, container);
    for (const binding of world.net?.list() ?? []) {
      const identity = shown(binding.identity, (id) => world.nameOf(id));
      this.#bindings.push({ address: binding.address, identity: binding.identity, state: binding.state });
      this.#homes.set(identity, binding.address);
    }
    this.#learnUses();
  }

  /** Where Limpet has the identity's home. */
  homeOf(identity: string): string | undefined {
    return this.#homes.get(identity);
  }

  draw(side: Side, before: Vector<Cell> | undefined): Pick<AllocatorState, 'cells' | 'counts'> {
    const now = side === 'sticky' ? this.#ofLimpet() : this.#ofDocker();
    const { plan } = this.#world;
    const edit = (before ?? excludedCells(this.#world)).edit();
    let isSame = before !== undefined;
    const set = (ordinal: number, cell: Cell | undefined) => {
      edit.set(ordinal, cell);
      isSame = false;
    };
    let excluded = 0;
    for (const [ordinal, { state }] of (before ?? Vector.empty<Cell>()).entries()) {
      if (state === 'excluded') excluded++;
      else if (!now.has(ordinal)) set(ordinal, undefined);
    }
    if (before === undefined) excluded = [...plan.excluded()].length;
    const counts = { size: plan.size, live: 0, reserved: 0, held: 0, excluded, free: 0 };
    for (const [ordinal, cell] of now) {
      const was = before?.get(ordinal);
      counts[cell.state]++;
      const isEqual = was?.state === cell.state && was.identity === cell.identity && was.held === cell.held;
      if (!isEqual) set(ordinal, cell);
    }
    counts.free = plan.size - counts.live - counts.reserved - counts.held - counts.excluded;
    return { cells: isSame ? (before as Vector<Cell>) : edit.seal(), counts };
  }

  #ofLimpet(): Map<number, Cell> {
    const { plan, net } = this.#world;
    const cells = new Map<number, Cell>();
    for (const address of net?.held() ?? []) {
      const { held, identity } = this.#uses.get(address) ?? {};
      const what = held ?? (identity === undefined ? 'a ticket' : `ticket of ${identity}`);
      cells.set(plan.ordinal(address), { state: 'held', held: what });
    }
    for (const { address, identity, state } of this.#bindings)
      cells.set(plan.ordinal(address), this.#bound(address, identity, state));
    return cells;
  }

  #bound(address: string, identity: string, state: 'live' | 'reserved'): Cell {
    switch (made(identity)) {
      case undefined:
        return { state, identity: shown(identity, (id) => this.#world.nameOf(id)) };
      case 'endpoint':
        return { state: 'held', held: `load balancer of ${this.#world.nameOf(nodeOfMade(identity) ?? '')}` };
      default: {
        const guest = this.#uses.get(address)?.identity ?? 'a container';
        return { state: 'held', held: `${guest}, as a guest` };
      }
    }
  }

  #ofDocker(): Map<number, Cell> {
    const { plan, stock } = this.#world;
    const uses = new Map<number, Use>();
    for (const [address, use] of this.#uses) {
      const instead = stock.insteadOf(address);
      if (instead !== undefined) uses.set(plan.ordinal(instead), use);
    }
    const cells = new Map<number, Cell>();
    for (const ordinal of stock.taken()) {
      const { identity, held = 'the swarm' } = uses.get(ordinal) ?? {};
      cells.set(ordinal, identity === undefined ? { state: 'held', held } : { state: 'live', identity });
    }
    return cells;
  }

  #learnUses(): void {
    const { nodes, services, tasks, networks } = this.#world.swarm.records;
    for (const { gateway } of networks.values()) this.#uses.set(gateway, { held: 'gateway' });
    for (const { name, virtual } of services.values()) this.#uses.set(virtual, { held: `virtual IP of ${name}` });
    for (const { title, ends } of nodes.values())
      for (const end of ends.values()) this.#uses.set(end, { held: `load balancer of ${title}` });
    for (const { serviceId, slot, nodeId, address } of tasks.values()) {
      const service = services.get(serviceId);
      if (address === '' || service === undefined) continue;
      const key = slot === 0 ? this.#world.nameOf(nodeId) : slot;
      this.#uses.set(address, { identity: `${service.name}.${key}` });
    }
  }
}

function excludedCells({ plan }: World): Vector<Cell> {
  const cells = Vector.empty<Cell>().edit();
  const excluded: Cell = { state: 'excluded' };
  for (const ordinal of plan.excluded()) cells.set(ordinal, excluded);
  return cells.seal();
}
