// The allocator service: subnets by CIDR, durable through a store. It keeps a core for each process, which proposes;
// the store decides. Everything that waits is asynchronous, everything that only looks is not.

import { overlap } from '../host/cidr.js';
import { LimpetError } from '../host/errors.js';
import { Limpet } from '../host/limpet.js';
import type { Subnet as CoreSubnet } from '../host/subnet.js';
import { MOST_ATTEMPTS, untilAnswered } from './attempts.js';
import { type Clock, systemClock } from './clock.js';
import { answerOf, type CallOptions, Deadline } from './deadline.js';
import type { Decision } from './decision.js';
import { KeyedMutex } from './mutex.js';
import { DEFAULT_RECLAIM } from './policy.js';
import { differences, specOf } from './spec.js';
import type { Change, DamagedSubnet, NodeName, Store, StoreEvent, SubnetKey, SubnetSpec } from './store.js';
import { checkText, type SubnetService } from './subnet-service.js';
import { type Equipment, Subnets } from './subnets.js';

export interface ServiceOptions {
  /** Default: the machine's own. */
  readonly clock?: Clock;
  /** One call a decision; what was reclaimed and why is among them. */
  readonly log?: (decision: Decision) => void;
  /** What the store has to say: a torn tail cut off, the connection lost. */
  readonly report?: (event: StoreEvent) => void;
}

/** What a subnet can be asked to be; see SubnetSpec for the meaning. */
export type SubnetSettings = Partial<Omit<SubnetSpec, 'cidr'>>;

export interface ChangeOptions extends CallOptions {
  /** What the change rests on: settings that are there. With others it is not made. */
  readonly from?: SubnetSpec;
}

/** What became of a subnet that was to be removed if nobody needs it. */
export type Removal = 'removed' | 'in-use' | 'none';

/** Milliseconds for a store to say whether it answers: whoever asks has a deadline of his own, of a few seconds. */
const HEALTH_PATIENCE = 1500;

export class AllocatorService {
  readonly #limpet: Limpet;
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #subnets: Subnets;
  /** Subnets are made and changed one at a time, so that two that overlap never pass each other. */
  readonly #line = new KeyedMutex();
  /** The question that is being asked of the store. */
  #asked: Promise<string | undefined> | undefined;

  private constructor(limpet: Limpet, equipment: Equipment) {
    this.#limpet = limpet;
    this.#store = equipment.store;
    this.#clock = equipment.clock;
    this.#subnets = new Subnets(limpet, equipment);
  }

  /**
   * Opens the store and reads all that it has.
   * @throws LimpetError LOCKED, DAMAGED, UNAVAILABLE, BAD_INPUT
   */
  static async open(store: Store, options: ServiceOptions = {}): Promise<AllocatorService> {
    const { clock = systemClock, log = () => {}, report = () => {} } = options;
    const service = new AllocatorService(await Limpet.load(), { store, clock, log, report });
    const subnets = service.#subnets;
    subnets.reset();
    try {
      await store.open(subnets);
    } catch (error) {
      await store.close().catch(() => {}); // the first error is the one to tell
      throw error;
    }
    subnets.ready();
    return service;
  }

  /**
   * The subnet, made when there is none yet. Asking again with the same settings answers the same subnet.
   * @throws LimpetError OVERLAP (another subnet of the space), BAD_INPUT (malformed, or there with other settings),
   * UNAVAILABLE, CONTENDED, DAMAGED (the store has the subnet, and cannot read its settings)
   */
  async subnet(cidr: string, settings: SubnetSettings = {}, { deadline }: CallOptions = {}): Promise<SubnetService> {
    const spec = this.#specOf(cidr, settings);
    return this.#inLine('make', spec, deadline, async () => {
      const there = this.#subnets.find(spec);
      if (there !== undefined) return same(there, spec);
      for (const { spec: other } of this.#subnets.all()) {
        if (other.space === spec.space && overlap(other.cidr, spec.cidr)) throw overlapError(spec, other);
      }
      // After a conflict the store has told of the subnet that was made meanwhile.
      if (!(await this.#commit(spec, { op: 'create', spec }, deadline))) return undefined;
      return this.#subnets.find(spec);
    });
  }

  /**
   * Gives a subnet that is there other settings; one that is not named gets its default, as in `subnet`. What is bound
   * or held stays so.
   * @throws LimpetError UNKNOWN, OCCUPIED (an address that is bound or held would be excluded, or be the gateway;
   * `details.address`), BAD_INPUT, UNAVAILABLE, CONTENDED (also when the settings are not those of `from` any more)
   */
  async change(cidr: string, settings: SubnetSettings, { deadline, from }: ChangeOptions = {}): Promise<SubnetService> {
    const spec = this.#specOf(cidr, settings);
    return this.#inLine('change', spec, deadline, async () => {
      const there = this.#subnets.find(spec);
      if (there === undefined) throw unknown(spec);
      return there.exclusive(async () => {
        this.#subnets.check();
        if (from !== undefined && differences(there.spec, from).length > 0) throw contended(spec, 'change');
        const net = this.#subnets.coreSubnet(spec);
        try {
          checkRoom(there, net, spec);
        } finally {
          net.destroy();
        }
        return (await this.#commit(spec, { op: 'settings', spec }, deadline)) ? there : undefined;
      });
    });
  }

  /** Forgets a subnet with all its bindings, whoever uses it. False when there was none. */
  async remove(cidr: string, space = 'default', { deadline }: CallOptions = {}): Promise<boolean> {
    this.#subnets.check();
    const key = { space, cidr };
    if (this.#subnets.find(key) === undefined) return false;
    const remove = async () => {
      // On a conflict somebody else has removed it, which was the wish.
      if (!(await this.#commit(key, { op: 'remove' }, deadline))) this.#subnets.end(key);
      return true;
    };
    return this.#answerOf(remove(), `remove ${cidr}`, deadline);
  }

  /**
   * Forgets a subnet that nobody needs: one without users in which nothing is live or held, its own gateway aside. What
   * is reserved goes with it. `in-use` when it is needed, `none` when it is not there. Whoever comes to need it at the
   * same moment either finds it gone or keeps it: the store decides.
   * @throws LimpetError UNAVAILABLE, CONTENDED, ENDED
   */
  async removeUnused(cidr: string, space = 'default', { deadline }: CallOptions = {}): Promise<Removal> {
    const key = { space, cidr };
    return this.#inLine<Removal>('remove', key, deadline, async () => {
      const there = this.#subnets.find(key);
      if (there === undefined) return 'none';
      // What waits for the end of this finds the subnet ended.
      return there.exclusive(async () => {
        this.#subnets.check();
        if (this.#subnets.find(key) !== there) return 'none';
        if (there.state.isNeeded) return 'in-use';
        return (await this.#commit(key, { op: 'remove', unused: true }, deadline)) ? 'removed' : undefined;
      });
    });
  }

  /**
   * Learns of every subnet of the space that another process has made or removed before this call, and of its users, so
   * that `find` is not behind it. One round trip in a shared store, none in others.
   * @throws LimpetError UNAVAILABLE, ENDED
   */
  async refresh(space = 'default', { deadline }: CallOptions = {}): Promise<void> {
    this.#subnets.check();
    await this.#store.refresh?.(space, deadline);
  }

  /**
   * Says what a node is called. Its ID is what counts everywhere; the name is for people, and may change.
   * @throws LimpetError BAD_INPUT, UNAVAILABLE, ENDED
   */
  async introduce({ id, name }: NodeName, { deadline }: CallOptions = {}): Promise<void> {
    checkText('ID of a node', id);
    checkText('name of a node', name);
    this.#subnets.check();
    if (this.#subnets.nodeName(id) === name) return;
    await this.#store.introduce({ id, name }, deadline);
    this.#subnets.introduced({ id, name });
  }

  /** What the node is called, or was when it was last heard of; undefined when nobody has introduced it. */
  nodeName(id: string): string | undefined {
    return this.#subnets.nodeName(id);
  }

  /** The IDs of the nodes that are called so, or were when they were last heard of. */
  nodesNamed(name: string): string[] {
    return this.#subnets.nodes().flatMap((node) => (node.name === name ? [node.id] : []));
  }

  /** A subnet that is there, or undefined. */
  find(cidr: string, space = 'default'): SubnetService | undefined {
    return this.#subnets.find({ space, cidr });
  }

  subnets(): IterableIterator<SubnetService> {
    return this.#subnets.all();
  }

  /**
   * Why no change could be answered now, asked of the store; undefined when one could. Whoever asks while it is asked
   * gets the same answer, within 1.5 seconds.
   */
  whyAway(): Promise<string | undefined> {
    this.#asked ??= this.#askStore().finally(() => {
      this.#asked = undefined;
    });
    return this.#asked;
  }

  /** Whether the store has refused a write for want of room, and taken none since. */
  get isFull(): boolean {
    return this.#store.isFull === true;
  }

  /** Subnets that the store has and cannot read: whoever asks for one gets DAMAGED. */
  damaged(): readonly DamagedSubnet[] {
    return [...(this.#store.damaged?.() ?? [])];
  }

  /** Bytes of the core's memory: in use, and in all. */
  get memory(): { readonly used: number; readonly total: number } {
    return this.#limpet.memory;
  }

  /** Ends the service; what was answered stays in the store. */
  async close(): Promise<void> {
    if (this.#subnets.isClosed) return;
    this.#subnets.close();
    await this.#store.close();
    this.#subnets.endAll();
  }

  async #askStore(): Promise<string | undefined> {
    const deadline = new Deadline(this.#clock, HEALTH_PATIENCE);
    try {
      this.#subnets.check();
      await deadline.wait(this.#store.answers?.(deadline) ?? Promise.resolve(), `ask ${this.#store.name}`);
      this.#subnets.check();
      return undefined;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }

  #specOf(cidr: string, settings: SubnetSettings): SubnetSpec {
    return specOf(cidr, { ...settings, reclaim: settings.reclaim ?? DEFAULT_RECLAIM });
  }

  /** One after the other, each tried until there is an answer: `undefined` means that another process was faster. */
  async #inLine<T>(
    what: 'make' | 'change' | 'remove',
    key: SubnetKey,
    deadline: Deadline | undefined,
    attempt: () => Promise<T | undefined>,
  ): Promise<T> {
    const doing = `${what} ${key.cidr}`;
    const checked = async () => {
      this.#subnets.check();
      return attempt();
    };
    const patience = { clock: this.#clock, deadline, what: doing, contended: () => contended(key, what) };
    return this.#answerOf(
      this.#line.run('', () => untilAnswered(patience, checked), deadline),
      doing,
      deadline,
    );
  }

  #answerOf<T>(work: Promise<T>, what: string, deadline: Deadline | undefined): Promise<T> {
    const { patience, name: store } = this.#store;
    const bound = patience === undefined ? undefined : (deadline ?? new Deadline(this.#clock, patience));
    return answerOf(work, { clock: this.#clock, deadline: bound, what, store });
  }

  /** True once the change counts and has been taken in, false on a conflict. */
  async #commit(key: SubnetKey, change: Change, deadline: Deadline | undefined): Promise<boolean> {
    deadline?.check(`commit a change (${change.op}) of ${key.cidr}`);
    const answer = await this.#store.commit(key, [change], deadline);
    if (answer === 'done') this.#subnets.apply(key, change);
    return answer !== 'conflict';
  }
}

function unknown({ cidr, space }: SubnetKey): LimpetError {
  const message = `no subnet ${cidr} in the space ${JSON.stringify(space)}`;
  return new LimpetError('UNKNOWN', message, { subnet: cidr, space });
}

/** @throws LimpetError BAD_INPUT when the subnet that is there was made with other settings */
function same(there: SubnetService, wanted: SubnetSpec): SubnetService {
  const [other] = differences(there.spec, wanted);
  if (other === undefined) return there;
  const { name, has, wants } = other;
  throw new LimpetError('BAD_INPUT', `${wanted.cidr} is there with ${name} ${has}, not ${wants}`, {
    subnet: wanted.cidr,
    setting: name,
  });
}

/** @throws LimpetError OCCUPIED when an address that is taken would not be free by the settings of the core subnet */
function checkRoom({ spec, state }: SubnetService, net: CoreSubnet, wanted: SubnetSpec): void {
  const refuse = (address: string, how: string) => {
    if (net.inspect(address).state === 'free') return;
    const why = address === wanted.gateway ? 'cannot be the gateway' : 'cannot be excluded';
    throw new LimpetError('OCCUPIED', `${address} of ${wanted.cidr} ${why}: it is ${how}`, {
      subnet: wanted.cidr,
      address,
    });
  };
  for (const { identity, address, state: is } of state.list()) refuse(address, `${is} for ${JSON.stringify(identity)}`);
  for (const address of state.held()) if (address !== spec.gateway) refuse(address, 'held');
}

function contended({ cidr, space }: SubnetKey, what: 'make' | 'change' | 'remove'): LimpetError {
  const others = `other processes changed the space ${JSON.stringify(space)} ${MOST_ATTEMPTS} times`;
  const message = `${others}: ${what} ${cidr} again`;
  return new LimpetError('CONTENDED', message, { subnet: cidr, space });
}

function overlapError(spec: SubnetSpec, other: SubnetSpec): LimpetError {
  return new LimpetError('OVERLAP', `${spec.cidr} overlaps ${other.cidr} in the space ${JSON.stringify(spec.space)}`, {
    subnet: spec.cidr,
    other: other.cidr,
    space: spec.space,
  });
}
