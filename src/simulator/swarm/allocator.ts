// The leader's allocator: one goroutine, which asks the plugin of the leader's own node for pools and addresses, one
// call after the other, and never says for whom. A new leader first says again all that the records hold. What it was
// given and could not write down, because it led no longer, is nobody's.

import { hasEnded, type NetworkRecord, type Records, type TaskRecord } from './records.js';
import type { Caller } from './socket.js';
import type { Timeline } from './timeline.js';

/** After a refusal it tries again when something is given back, or after so many milliseconds. */
const AGAIN = 300_000;

/** Whether a manager is the leader, and whether it takes itself for it: one that is cut off hears of its end later. */
export interface Office {
  readonly leads: () => boolean;
  readonly believes: () => boolean;
}

export class Allocator {
  readonly #records: Records;
  readonly #dockerd: Caller;
  readonly #timeline: Timeline;
  readonly #office: Office;
  /** What it has proposed is never agreed on: it waits for that, until it hears that it leads no longer. */
  #isStuck = false;
  #isAwake = false;
  readonly #line: (() => Promise<void>)[] = [];
  /** Nothing is tried again before, unless something is given back. */
  #refusedUntil = 0;
  /** How often the records had changed when the last pass began, and whether it was refused something. */
  #seen = -1;
  #wasRefused = false;

  /**
   * Addresses that were given for tasks which were removed meanwhile. swarmkit (procTasksNetwork) cannot write them
   * down, and gives back only what a removed task's record shows: it has them for as long as it leads, and names them
   * no more.
   */
  readonly lost = new Set<string>();

  /**
   * Tasks whose addresses it has said again or given: those alone it gives back (swarmkit's IsTaskAllocated). What had
   * ended before it led it knows nothing of.
   */
  readonly #allocated = new Set<string>();

  /** When the allocator has ended: some time after its leader has lost, or with its dockerd. */
  readonly ended: Promise<void>;

  /** @param before the node's last allocator: it ends before the next one begins */
  constructor(records: Records, dockerd: Caller, timeline: Timeline, office: Office, before: Promise<void>) {
    this.#records = records;
    this.#dockerd = dockerd;
    this.#timeline = timeline;
    this.#office = office;
    this.ended = before.then(() => Promise.race([this.#run(), dockerd.died]));
  }

  get #believes(): boolean {
    return !this.#isStuck && !this.#dockerd.isDead && this.#office.believes();
  }

  wake(): void {
    this.#isAwake = true;
  }

  async #run(): Promise<void> {
    await this.#sayAgain();
    this.#isAwake = true;
    while (this.#believes) {
      if (this.#isAwake || this.#timeline.now >= this.#refusedUntil) {
        this.#isAwake = false;
        if (this.#isDue) await this.#pass();
      }
      await this.#timeline.sleep(20);
    }
  }

  /** Where nothing has changed since the last pass, and that was refused nothing, the next one does nothing. */
  get #isDue(): boolean {
    return this.#line.length > 0 || this.#wasRefused || this.#seen !== this.#records.changes;
  }

  async #sayAgain(): Promise<void> {
    for (const network of this.#records.networks.values()) {
      if (network.pool === '' || !this.#believes) continue;
      await this.#pool(network);
      if (network.gateway !== '') await this.#gateway(network);
      const services = [...this.#records.services.values()].filter(({ networkId }) => networkId === network.id);
      for (const { virtual } of services) if (virtual !== '') await this.#again(network, virtual);
      for (const { ends, givenBack } of this.#records.nodes.values()) {
        const end = ends.get(network.id);
        if (end === undefined) continue;
        if (await this.#again(network, end)) givenBack.delete(end);
      }
      for (const task of this.#records.tasks.values()) {
        if (task.networkId !== network.id || task.address === '') continue;
        if (hasEnded(task)) this.#forget(task);
        else if (await this.#again(network, task.address)) this.#allocated.add(task.id);
      }
    }
  }

  /** Its turn comes in the same line as everybody's; when the leader loses before, that ends the waiting. */
  async inLine(work: () => Promise<void>): Promise<void> {
    const done = new Promise<void>((resolve) => {
      this.#line.push(() => work().finally(resolve));
    });
    await Promise.race([done, this.ended]);
  }

  /** The network is gone, with its nodes' ends. */
  async giveBackNetwork({ pool, gateway }: NetworkRecord, ends: readonly string[]): Promise<void> {
    if (pool === '') return;
    for (const address of [...ends, ...(gateway === '' ? [] : [gateway])])
      await this.#ask('ReleaseAddress', { PoolID: pool, Address: address });
    await this.#ask('ReleasePool', { PoolID: pool });
  }

  async #pass(): Promise<void> {
    this.#seen = this.#records.changes;
    this.#wasRefused = false;
    for (let next = this.#line.shift(); next !== undefined; next = this.#line.shift()) await next();
    for (const network of [...this.#records.networks.values()]) if (network.pool === '') await this.#network(network);
    for (const service of this.#records.services.values()) {
      const network = this.#records.networks.get(service.networkId);
      if (!service.hasVirtual || service.virtual !== '' || network === undefined) continue;
      const address = await this.#address(network, '');
      if (address === undefined) continue;
      // Removed meanwhile: swarmkit's commitAllocatedService finds nothing to update, and rolls back.
      if (!this.#records.services.has(service.id)) await this.release(network, address);
      else this.#write(() => (service.virtual = address));
    }
    await this.#balancers();
    // Those that wait are a map in Go: they come in no order.
    const waiting = [...this.#records.tasks.values()].filter(({ state }) => state === 'new');
    for (const task of shuffled(waiting, this.#timeline)) await this.#task(task);
    for (const task of [...this.#records.tasks.values()]) if (hasEnded(task)) await this.#giveBack(task);
  }

  async #network(network: NetworkRecord): Promise<void> {
    if (!(await this.#pool(network))) return;
    await this.#gateway(network);
  }

  async #task(task: TaskRecord): Promise<void> {
    const network = this.#records.networks.get(task.networkId);
    if (network?.pool === undefined || network.pool === '' || task.state !== 'new') return;
    const address = await this.#address(network, '');
    if (address === undefined) return;
    if (task.state !== 'new' || !this.#records.tasks.has(task.id)) return void this.lost.add(address);
    this.#allocated.add(task.id);
    this.#write(() => {
      task.address = address;
      task.state = 'pending';
      this.#records.changed(task);
    });
  }

  /** A node with a task on a network that has not ended has an end of its load balancer there. */
  async #balancers(): Promise<void> {
    for (const node of this.#records.nodes.values()) {
      for (const network of this.#records.networks.values()) {
        const isOn = this.#records
          .tasksOn(node.id)
          .some((task) => task.networkId === network.id && task.address !== '' && !hasEnded(task));
        const end = node.ends.get(network.id);
        if (isOn && end === undefined && network.pool !== '') {
          const address = await this.#address(network, '');
          if (address !== undefined) this.#write(() => node.ends.set(network.id, address));
        } else if (!isOn && end !== undefined) {
          // In this order: a leader that loses between the two leaves a record of what it has given back.
          node.givenBack.add(end);
          await this.release(network, end);
          this.#write(() => node.ends.delete(network.id) && node.givenBack.delete(end));
        }
      }
    }
  }

  async #giveBack(task: TaskRecord): Promise<void> {
    const network = this.#records.networks.get(task.networkId);
    const { address } = task;
    if (address === '' || task.isGivenBack) return;
    this.#forget(task);
    if (this.#allocated.delete(task.id) && network !== undefined) await this.release(network, address);
  }

  /** Its record shows what it had, for as long as there is one. */
  #forget(task: TaskRecord): void {
    if (task.isGivenBack) return;
    this.#write(() => {
      task.isGivenBack = true;
      this.#records.changed(task);
    });
  }

  /** Docker says it once, and does nothing about a refusal. */
  async release({ pool }: NetworkRecord, address: string): Promise<void> {
    if (!this.#believes) return;
    await this.#ask('ReleaseAddress', { PoolID: pool, Address: address });
    this.#isAwake = true;
  }

  async #pool(network: NetworkRecord): Promise<boolean> {
    const { cidr, options } = network;
    const answer = await this.#ask('RequestPool', { AddressSpace: 'limpet.global', Pool: cidr, Options: options });
    if (answer === undefined) return false;
    this.#write(() => (network.pool = String(answer.PoolID)));
    return network.pool !== '';
  }

  async #gateway(network: NetworkRecord): Promise<void> {
    const options = { RequestAddressType: 'com.docker.network.gateway' };
    const address = await this.#address(network, network.gateway, options);
    if (address !== undefined) this.#write(() => (network.gateway = address));
  }

  /** Whether it was answered. */
  async #again(network: NetworkRecord, address: string): Promise<boolean> {
    return this.#believes && (await this.#address(network, address)) !== undefined;
  }

  async #address({ pool }: NetworkRecord, address: string, options: object = {}): Promise<string | undefined> {
    const answer = await this.#ask('RequestAddress', { PoolID: pool, Address: address, Options: options });
    return answer === undefined ? undefined : String(answer.Address).replace(/\/\d+$/, '');
  }

  async #ask(call: string, request: object): Promise<Readonly<Record<string, unknown>> | undefined> {
    try {
      return await this.#dockerd.call(`IpamDriver.${call}`, request);
    } catch {
      this.#refusedUntil = this.#timeline.now + AGAIN;
      this.#wasRefused = true;
      return undefined;
    }
  }

  /** Only a leader's word is agreed on. */
  #write(change: () => unknown): void {
    if (!this.#office.leads()) {
      this.#isStuck = true;
      return;
    }
    change();
    this.#records.changed();
  }
}

function shuffled<T>(items: T[], { chance }: Timeline): T[] {
  for (let n = items.length - 1; n > 0; n--) {
    const other = chance.below(n + 1);
    [items[n], items[other]] = [items[other] as T, items[n] as T];
  }
  return items;
}
