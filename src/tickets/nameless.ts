// Who asks where Docker does not say it, before Docker 29: the list of containers tells, and whom Docker is at work on.
// The one that may be starting and has this very address in its configuration, or the only one that may be starting at
// all. What cannot be known is said to be so, never guessed.

import { canonical } from '../docker/address.js';
import { Coalesced } from '../docker/coalesced.js';
import { asksFor, hasItsAddresses, mayAsk } from '../docker/containers.js';
import { identityOf } from '../docker/identities.js';
import { isOn, ofSubnet } from '../docker/networks.js';
import type { Container, Endpoint, Task } from '../docker/shapes.js';
import { SWARM } from '../docker/spaces.js';
import { mayRun } from '../docker/states.js';
import { LimpetError } from '../host/errors.js';
import type { SubnetService } from '../service/index.js';
import type { Ends } from './ends.js';
import type { Environment } from './environment.js';
import { type Locked, lockedOf, START } from './locked.js';
import { isLeaders } from './pools.js';
import { type Asker, atWork, endpoint, type Look, someone } from './someone.js';
import type { Tenants } from './tenants.js';

interface Found {
  readonly container: Container;
  readonly endpoint: Endpoint;
}

/** Swarm starts what it has created at once: about a younger one nobody has to be asked. */
const YOUNG = 5000;
/** Where nobody can be asked: a busy machine takes its time. */
const OLD = 60_000;
export class Nameless {
  readonly #environment: Environment;
  readonly #tenants: Pick<Tenants, 'hasCome' | 'strangers'>;
  readonly #ends: Pick<Ends, 'isExpected'>;
  /** One question for all who ask at the same moment: the list is the whole swarm's. */
  readonly #taskList: Coalesced<readonly Task[]>;
  /** By the clock that nobody sets. */
  readonly #begun: number;

  constructor(
    environment: Environment,
    tenants: Pick<Tenants, 'hasCome' | 'strangers'>,
    ends: Pick<Ends, 'isExpected'>,
  ) {
    this.#environment = environment;
    this.#tenants = tenants;
    this.#ends = ends;
    this.#begun = environment.clock.elapsed();
    this.#taskList = new Coalesced(() => environment.docker.tasks());
  }

  /** @throws LimpetError OCCUPIED when several containers want the address, and somebody else has it */
  async withAddress(net: SubnetService, containers: readonly Container[], address: string): Promise<Look> {
    const all = starting(containers).filter(({ endpoint }) => asksFor(endpoint, address));
    const likely = this.#newestTask(all.length > 1 ? await this.#notLeft(await this.#onNetwork(net, all)) : all);
    const found = likely.length > 1 ? await this.#atWork(net, likely) : likely;
    if (found.length > 1) return this.#several(net, address, found, containers);
    const [one] = found;
    if (one === undefined)
      return (await this.#connected(net, containers, address)) ?? this.#attached(net, containers, address);
    const { name } = one.container;
    switch (await this.#isLeft(net, one.container, containers)) {
      case 'no':
        return someone(net, one.container, address, containers);
      case 'at work':
        return atWork(someone(net, one.container, address, containers));
      case 'yes':
        return this.#attached(net, containers, address);
      case 'unknown': {
        const why = `whether ${name} is being started the swarm does not say`;
        const atLast: Asker = { kind: 'unclear', candidates: [name], why };
        return this.#environment.isManager() === false ? atLast : { kind: 'silence', atLast };
      }
    }
  }

  /**
   * Which of several it is does not matter where all want the same: whose home it is has it, and what is nobody's has
   * whoever it is, by no name unless Swarm's records say one. Swarm gives a ticket to the next task when one has ended.
   * @throws LimpetError OCCUPIED when the address is somebody else's
   */
  async #several(
    net: SubnetService,
    address: string,
    found: readonly Found[],
    containers: readonly Container[],
  ): Promise<Look> {
    const candidates = found.map(({ container }) => container.name);
    const names = candidates.join(' and ');
    if (found.every(({ container }) => container.task !== undefined))
      return { kind: 'unclear', candidates, why: `which of ${names} has the ticket ${address} now nobody can say` };
    const { identity: owner } = net.inspect(address);
    if (!hasTask(found) && owner === undefined && isLeaders(net)) return this.#attached(net, containers, address);
    const own = found.find(({ container }) => identityOf(container) === owner);
    if (!hasTask(found) && own !== undefined) return someone(net, own.container, address, containers);
    if (!hasTask(found) && owner === undefined)
      return { kind: 'unclear', candidates, why: `any of ${names} could be the one, and all want ${address}` };
    const details = { subnet: net.cidr, address };
    const message = `Address already in use: ${address} of ${net.cidr} is asked for by ${names}`;
    throw new LimpetError('OCCUPIED', message, details);
  }

  /**
   * A task's container that was never started, since Docker died before or its start was given up: the list shows it as
   * one that is being started, with a ticket that is somebody else's by now. Only a manager can tell, and not while the
   * swarm has no leader. On a worker nobody who was made long ago is taken for the one who asks, and where a plain
   * container could be, nobody but a young one. What was made before this process can have been left by the Docker
   * before, however lately that was.
   */
  async #isLeft(
    net: SubnetService,
    container: Container,
    containers: readonly Container[],
  ): Promise<'yes' | 'no' | 'at work' | 'unknown'> {
    const { task, created } = container;
    const { clock, isManager } = this.#environment;
    const age = clock.now() - created; // below 0 after the machine's clock was set back
    const isYounger = (than: number) => age >= 0 && age < than;
    const isWorker = isManager() === false;
    const known = isWorker ? YOUNG : Math.min(YOUNG, clock.elapsed() - this.#begun);
    // The end comes first: it can have the ticket of a task that was given up a second ago.
    const young = !isWorker && this.#ends.isExpected(net) ? 0 : known;
    if (task === undefined || isYounger(young)) return 'no';
    const plain = await this.#plainOn(net, containers);
    const { yes, maybe } = await this.#locked(net, [container, ...plain]);
    if (!maybe.includes(container)) return 'yes';
    // Docker makes a network on the node before it starts a task's container: its end does not ask under that lock.
    if (isWorker && yes.includes(container) && maybe.length === 1) return 'at work';
    if (isWorker) return isYounger(OLD) && plain.length === 0 ? 'no' : 'unknown';
    const tasks = await this.#tasks();
    if (tasks === undefined) return 'unknown';
    return isOver(task.id, tasks) ? 'yes' : 'no';
  }

  /** Who may ask on this network and is no task: before Docker 29 its list does not show what it was given. */
  async #plainOn(net: SubnetService, containers: readonly Container[]): Promise<readonly Container[]> {
    const plain = starting(containers).filter(({ container }) => container.task === undefined);
    return (await this.#onNetwork(net, plain)).map(({ container }) => container);
  }

  /**
   * A container that runs, and is connected to a host's own network with an address of its user's choice: no list tells
   * before it has it. While Docker makes a network, which it does not list yet, it asks for auxiliary addresses.
   */
  async #connected(net: SubnetService, containers: readonly Container[], address: string): Promise<Asker | undefined> {
    if (isLeaders(net) || (await this.#environment.networks.withSubnet(net.cidr)).length === 0) return undefined;
    const [one, ...more] = (await this.#locked(net, containers.filter(mayBeConnected))).yes;
    return one === undefined || more.length > 0 ? undefined : someone(net, one, address, containers);
  }

  /**
   * Of several with one ticket, those that are not left over, where that can be told: a plain container that died with
   * its machine still shows the one that it had, and a manager knows which tasks have ended.
   */
  async #notLeft(all: readonly Found[]): Promise<readonly Found[]> {
    const found = hasTask(all) ? all.filter(({ container: { task, state } }) => task || state !== 'exited') : all;
    if (found.length < 2 || !this.#environment.isManager()) return found;
    const tasks = await this.#tasks();
    return tasks === undefined ? found : found.filter(({ container: { task } }) => !task || !isOver(task.id, tasks));
  }

  /** Of several tasks with one ticket: it is given again when a task has ended, so the newest is meant. */
  #newestTask(found: readonly Found[]): readonly Found[] {
    if (found.length < 2 || found.some(({ container }) => container.task === undefined)) return found;
    const newest = this.#environment.containers.newest(found.map(({ container }) => container));
    return found.filter(({ container }) => newest.includes(container));
  }

  /**
   * A plain container on a swarm network, be it started or running and connected only now: before Docker 29 its list
   * does not show the address that Swarm gave it, but a manager's tasks do. On a worker there is no telling it from the
   * load balancer's end.
   */
  async #attached(net: SubnetService, containers: readonly Container[], address: string): Promise<Look> {
    if (net.spec.space !== SWARM || !this.#environment.isManager()) return endpoint(containers);
    const candidates = containers.filter(({ task, state }) => task === undefined && !isGoing(state));
    if (candidates.length === 0) return endpoint(containers);
    const tasks = await this.#tasks();
    if (tasks === undefined) return { kind: 'silence', atLast: endpoint(containers) };
    const ids = tasks
      .filter((task) => task.attached && mayRun(task))
      .filter(({ attachments }) => attachments.some((each) => each.addresses.map(canonical).includes(address)))
      .map(({ container }) => container);
    const found = candidates.find(({ id }) => ids.includes(id));
    return found === undefined ? endpoint(containers) : someone(net, found, address, containers);
  }

  /** Undefined while the swarm's raft is not heard of. */
  async #tasks(): Promise<readonly Task[] | undefined> {
    try {
      return await this.#taskList.fresh();
    } catch (error) {
      if (error instanceof LimpetError && error.code === 'UNAVAILABLE') return undefined;
      throw error;
    }
  }

  /**
   * Whatever their states: one that was only created can be started, and one that has ended can be started again. Where
   * it is none of them, one that runs is connected to the network only now, of which its list tells nothing yet.
   */
  async withoutAddress(net: SubnetService, containers: readonly Container[]): Promise<Asker> {
    const silent = starting(containers).filter(({ endpoint }) => !endpoint.asked.some((each) => fits(net, each)));
    const here = (await this.#onNetwork(net, silent)).map(({ container }) => container);
    const { maybe } = await this.#locked(net, here);
    const connected = maybe.length > 0 ? [] : (await this.#locked(net, containers.filter(mayBeConnected))).yes;
    const candidates = maybe.length > 0 ? maybe : connected;
    const [one, ...more] = candidates;
    if (one !== undefined && more.length === 0) return someone(net, one, undefined, containers);
    const who = one === undefined ? 'no container is seen' : `any of ${candidates.length} containers could be the one`;
    const why = `${who} that is being started, and this Docker does not say which`;
    return { kind: 'unclear', candidates: candidates.map(({ name }) => name), why };
  }

  async #atWork(net: SubnetService, found: readonly Found[]): Promise<readonly Found[]> {
    const containers = [...new Set(found.map(({ container }) => container))];
    const { maybe } = await this.#locked(net, containers);
    return found.filter(({ container }) => maybe.includes(container));
  }

  /** Docker asks for one address of a network after the other: whoever has come lately may be starting still. */
  #locked(net: SubnetService, containers: readonly Container[]): Promise<Locked> {
    const mayWait = (locked: readonly Container[]) =>
      locked.filter((each) => !this.#tenants.hasCome(net, each, START)).length - this.#tenants.strangers(net, START);
    return lockedOf(this.#environment, containers, mayWait);
  }

  async #onNetwork(net: SubnetService, found: readonly Found[]): Promise<readonly Found[]> {
    if (found.length === 0) return found;
    const { networks } = this.#environment;
    const here = await networks.withSubnet(net.cidr);
    // One that was removed and made again has another ID.
    const isNew = found.some(
      ({ endpoint: { networkId } }) => networkId !== '' && !networks.known.some(({ id }) => id === networkId),
    );
    const all = isNew ? ofSubnet(await networks.all().catch(() => here), net.cidr) : here;
    return found.filter(({ endpoint }) => isOn(endpoint, all));
  }
}

function starting(containers: readonly Container[]): Found[] {
  return containers
    .filter(mayAsk)
    .flatMap((container) => container.endpoints.map((endpoint) => ({ container, endpoint })));
}

/** Whether the leader's records say that the task has ended. */
function isOver(id: string, tasks: readonly Task[]): boolean {
  const record = tasks.find((task) => task.id === id);
  return record !== undefined && !mayRun(record);
}

/** Swarm's tasks are never connected to another network. */
function mayBeConnected(container: Container): boolean {
  return container.task === undefined && hasItsAddresses(container);
}

function hasTask(found: readonly Found[]): boolean {
  return found.some(({ container }) => container.task !== undefined);
}

function isGoing(state: string): boolean {
  return state === 'removing' || state === 'dead';
}

function fits(net: SubnetService, address: string): boolean {
  return address.includes(':') === net.cidr.includes(':');
}
