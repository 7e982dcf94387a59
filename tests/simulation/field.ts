// The cases of the field, made after reports of people who run container networks, among the worlds that are drawn:
// each is noticed when it comes about, as one of what must have happened (sometimes.ts). What must come out right then
// is what the judge demands of every address. They are scenarios of their own in tests/plugin/field.test.ts.
import type { EngineContainer } from '../../src/simulator/swarm/containers.js';
import type { SwarmNode } from '../../src/simulator/swarm/node.js';
import type { Told } from '../../src/tickets/told.js';
import type { Judge } from './judge.js';
import type { Stage } from './stage.js';

/** Those that are drawn; `ambiguous-network-name` is one of the command line's, and no plugin is asked. */
export const FIELD = [
  'created-leftover',
  'rename-running',
  'failed-start-swarm',
  'boot-restart',
  'reboot-order',
  'same-subnet-rollback',
  'gateway-after-lease',
  'host-renamed',
  'cluster-ip-range',
  'ip-range-host-bits',
  'jobs',
  'dotted-names',
  'small-networks',
] as const;

type Case = (typeof FIELD)[number];

/** What of Docker's requests is looked at. */
interface Asked {
  readonly AddressSpace?: string;
  readonly SubPool?: string;
  readonly PoolID?: string;
}

export class Field {
  readonly #world: Stage;
  readonly #judge: Judge;
  /** Hosts that have given an address of their range on the subnet that they share. */
  readonly #ranges = new Set<SwarmNode>();

  constructor(world: Stage, judge: Judge) {
    this.#world = world;
    this.#judge = judge;
  }

  told({ event, ...told }: Told): void {
    const { outcome, candidates = [] } = told as { outcome?: string; candidates?: readonly string[] };
    if (event === 'address' && outcome === 'unnamed' && candidates.length > 1) this.#note('created-leftover');
  }

  answered(node: SwarmNode, call: string, { SubPool = '' }: Asked): void {
    if (call === 'IpamDriver.RequestAddress' && node.engine.state === 'boots') this.#note('boot-restart');
    // Its network address is .64 and .96: the plan's ranges are written with host bits.
    if (call === 'IpamDriver.RequestPool' && SubPool !== '') this.#note('ip-range-host-bits');
  }

  refused(call: string, { AddressSpace = '', PoolID = '' }: Asked, code: string): void {
    if (call === 'IpamDriver.RequestPool' && code === 'OVERLAP' && AddressSpace === 'limpet.local')
      this.#note('same-subnet-rollback');
    if (call === 'IpamDriver.RequestAddress' && code === 'FULL' && PoolID.startsWith('local/node:'))
      this.#note('small-networks');
  }

  /** A container has got its address. */
  addressed(node: SwarmNode, container: EngineContainer): void {
    const { name, task, network, has } = container;
    const others = [...node.engine.containers.values()].filter((other) => other !== container);
    const neighbours = others.filter((other) => other.network === network);
    if (others.some(({ state, bornAs }) => state === 'running' && bornAs === name)) this.#note('rename-running');
    if (node.record.title !== node.record.hostname) this.#note('host-renamed');
    if (task === undefined && name.includes('.')) this.#note('dotted-names');
    if (task !== undefined && this.#isFirstOfJob(task.id)) this.#note('jobs');
    if (task !== undefined && others.some((other) => hasFailed(other) && other.task?.serviceId === task.serviceId))
      this.#note('failed-start-swarm');
    if (node.engine.state === 'boots' && neighbours.some(({ state }) => state === 'exited')) this.#note('reboot-order');
    if (task === undefined && !has.startsWith('10.99.') && this.#judge.lapses.has(node, 0))
      this.#note('gateway-after-lease');
    if (has.startsWith('10.99.') && this.#world.plan.lan === 'ranges') this.#ranges.add(node);
    if (this.#ranges.size > 1) this.#note('cluster-ip-range');
  }

  #isFirstOfJob(id: string): boolean {
    const { tasks, services } = this.#world.swarm.records;
    const task = tasks.get(id);
    return task?.slot === 1 && services.get(task.serviceId)?.mode === 'replicated job';
  }

  #note(name: Case): void {
    this.#world.happened(`field ${name}`);
  }
}

/** Its start has failed, and it is listed with the address that it has given back. */
function hasFailed({ state, shown, has }: EngineContainer): boolean {
  return state === 'created' && shown !== '' && has === '';
}
