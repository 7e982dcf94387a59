// The allocator service: subnets by CIDR, durable through a store. It keeps a core for each process, which proposes; the
// store decides. Everything that waits is asynchronous, everything that only looks is not.

import { LimpetError } from '../host/errors.js';
import { Limpet } from '../host/limpet.js';
import type { Subnet as CoreSubnet } from '../host/subnet.js';
import { MOST_ATTEMPTS, untilAnswered } from './attempts.js';
import { type Clock, systemClock } from './clock.js';
import type { Decision } from './decision.js';
import { DEFAULT_RECLAIM } from './policy.js';
import { differences, overlapping, specOf } from './spec.js';
import type {
  Change,
  NodeName,
  Store,
  StoredSubnet,
  StoreEvent,
  StoreListener,
  SubnetKey,
  SubnetSpec,
} from './store.js';
import { checkText, SubnetService } from './subnet-service.js';

export interface ServiceOptions {
  readonly clock?: Clock;
  /** One call a decision; what was reclaimed and why is among them. */
  readonly log?: (decision: Decision) => void;
  /** What the store has to say: a torn tail cut off, the connection lost. */
  readonly report?: (event: StoreEvent) => void;
}

/** What a subnet can be asked to be; see SubnetSpec for the meaning. */
export type SubnetSettings = Partial<Omit<SubnetSpec, 'cidr'>>;

export class AllocatorService {
  readonly #limpet: Limpet;
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #log: (decision: Decision) => void;
  readonly #report: (event: StoreEvent) => void;
  readonly #subnets = new Map<string, SubnetService>();
  /** What nodes are called, by ID. */
  readonly #names = new Map<string, string>();
  /** Subnets told since the last reset; those not among them are gone. */
  #told: Set<string> | undefined;
  #unsure = false;
  #closed = false;
  /** Subnets are made and changed one at a time, so that two that overlap never pass each other. */
  #making: Promise<unknown> = Promise.resolve();

  private constructor(limpet: Limpet, store: Store, options: ServiceOptions) {
    this.#limpet = limpet;
    this.#store = store;
    this.#clock = options.clock ?? systemClock;
    this.#log = options.log ?? (() => {});
    this.#report = options.report ?? (() => {});
  }

  /**
   * Opens the store and reads all that it has.
   * @throws LimpetError LOCKED, DAMAGED, UNAVAILABLE
   */
  static async open(store: Store, options: ServiceOptions = {}): Promise<AllocatorService> {
    const service = new AllocatorService(await Limpet.load(), store, options);
    const listener = service.#listener();
    listener.reset();
    try {
      await store.open(listener);
    } catch (error) {
      await store.close().catch(() => {}); // the first error is the one to tell
      throw error;
    }
    listener.ready();
    return service;
  }

  /**
   * The subnet, made when there is none yet. Asking again with the same settings answers the same subnet.
   * @throws LimpetError OVERLAP (another subnet of the space), BAD_INPUT (malformed, or there with other settings), UNAVAILABLE,
   * CONTENDED, DAMAGED (the store has the subnet, and cannot read its settings)
   */
  async subnet(cidr: string, settings: SubnetSettings = {}): Promise<SubnetService> {
    return this.#inLine(() => this.#make(this.#specOf(cidr, settings)));
  }

  /**
   * Gives a subnet that is there other settings; one that is not named gets its default, as in `subnet`. What is bound or held
   * stays so.
   * @throws LimpetError UNKNOWN, OCCUPIED (an address that is bound or held would be excluded, or be the gateway; `details.address`),
   * BAD_INPUT, UNAVAILABLE, CONTENDED
   */
  async change(cidr: string, settings: SubnetSettings): Promise<SubnetService> {
    return this.#inLine(() => this.#change(this.#specOf(cidr, settings)));
  }

  /**
   * Learns of every subnet of the space that another process has made or removed before this call, so that `find` is not
   * behind it. One round trip in a shared store, none in others.
   * @throws LimpetError UNAVAILABLE, ENDED
   */
  async refresh(space = 'default'): Promise<void> {
    this.#check();
    await this.#store.refresh?.(space);
  }

  /**
   * Says what a node is called. Its ID is what counts everywhere; the name is for people, and may change.
   * @throws LimpetError BAD_INPUT, UNAVAILABLE, ENDED
   */
  async introduce({ id, name }: NodeName): Promise<void> {
    checkText('ID of a node', id);
    checkText('name of a node', name);
    this.#check();
    if (this.#names.get(id) === name) return;
    await this.#store.introduce({ id, name });
    this.#names.set(id, name);
  }

  /** What the node is called, or was when it was last heard of; undefined when nobody has introduced it. */
  nodeName(id: string): string | undefined {
    return this.#names.get(id);
  }

  /** A subnet that is there, or undefined. */
  find(cidr: string, space = 'default'): SubnetService | undefined {
    return this.#subnets.get(keyOf({ space, cidr }));
  }

  subnets(): IterableIterator<SubnetService> {
    return this.#subnets.values();
  }

  /** Forgets a subnet with all its bindings. False when there was none. */
  async remove(cidr: string, space = 'default'): Promise<boolean> {
    this.#check();
    const key = { space, cidr };
    if (!this.#subnets.has(keyOf(key))) return false;
    // On a conflict somebody else has removed it, which was the wish.
    await this.#store.commit(key, [{ op: 'remove' }]);
    this.#end(keyOf(key));
    return true;
  }

  /**
   * Forgets a subnet that nobody needs: one without users in which nothing is live or held, its own gateway aside. What is
   * reserved goes with it. `in-use` when it is needed, `none` when it is not there. Whoever comes to need it at the same moment
   * either finds it gone or keeps it: the store decides.
   * @throws LimpetError UNAVAILABLE, CONTENDED, ENDED
   */
  async removeUnused(cidr: string, space = 'default'): Promise<'removed' | 'in-use' | 'none'> {
    return this.#inLine(() => this.#removeUnused({ space, cidr }));
  }

  /** Bytes of the core's memory: in use, and in all. */
  get memory(): { readonly used: number; readonly total: number } {
    return this.#limpet.memory;
  }

  /** Ends the service; what was answered stays in the store. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#store.close();
    for (const key of [...this.#subnets.keys()]) this.#end(key);
  }

  #specOf(cidr: string, settings: SubnetSettings): SubnetSpec {
    return specOf(this.#limpet, cidr, { reclaim: DEFAULT_RECLAIM, ...settings });
  }

  async #inLine<T>(action: () => Promise<T>): Promise<T> {
    const done = this.#making.then(action);
    this.#making = done.catch(() => {}); // the caller hears of it; the next one in line need not
    return done;
  }

  async #make(spec: SubnetSpec): Promise<SubnetService> {
    const attempt = async () => {
      this.#check();
      const there = this.#subnets.get(keyOf(spec));
      if (there !== undefined) return same(there, spec);
      for (const { spec: other } of this.#subnets.values()) {
        if (other.space === spec.space && overlapping(other.cidr, spec.cidr)) throw overlap(spec, other);
      }
      // After a conflict the listener has been told of the subnet that was made meanwhile.
      const commit = await this.#store.commit(spec, [{ op: 'create', spec }]);
      return commit === 'done' ? this.#add(spec) : undefined;
    };
    return untilAnswered(attempt, () => contended(spec, 'make'));
  }

  async #change(spec: SubnetSpec): Promise<SubnetService> {
    const attempt = async () => {
      this.#check();
      const there = this.#subnets.get(keyOf(spec));
      if (there === undefined) {
        const message = `no subnet ${spec.cidr} in the space ${JSON.stringify(spec.space)}`;
        throw new LimpetError('UNKNOWN', message, { subnet: spec.cidr, space: spec.space });
      }
      return there.alone(async () => {
        this.#check();
        const net = this.#coreSubnet(spec);
        try {
          checkRoom(there, net, spec);
        } finally {
          net.destroy();
        }
        if ((await this.#store.commit(spec, [{ op: 'settings', spec }])) !== 'done') return undefined;
        there.change(spec, () => this.#coreSubnet(spec));
        return there;
      });
    };
    return untilAnswered(attempt, () => contended(spec, 'change'));
  }

  async #removeUnused(key: SubnetKey): Promise<'removed' | 'in-use' | 'none'> {
    const attempt = async () => {
      this.#check();
      const there = this.#subnets.get(keyOf(key));
      if (there === undefined) return 'none';
      // What waits for the end of this finds the subnet ended.
      return there.alone(async () => {
        this.#check();
        if (this.#subnets.get(keyOf(key)) !== there) return 'none';
        if (there.state.isNeeded) return 'in-use';
        if ((await this.#store.commit(key, [{ op: 'remove', unused: true }])) !== 'done') return undefined;
        this.#end(keyOf(key));
        return 'removed';
      });
    };
    return untilAnswered(attempt, () => contended(key, 'remove'));
  }

  #add(spec: SubnetSpec): SubnetService {
    const key = keyOf(spec);
    const there = this.#subnets.get(key);
    if (there !== undefined) return there;
    const around = {
      store: this.#store,
      clock: this.#clock,
      log: this.#log,
      check: () => this.#check(),
      nameOf: (node: string) => this.#names.get(node) ?? node,
      unsure: () => {
        this.#unsure = true;
      },
    };
    const made = new SubnetService(spec, this.#coreSubnet(spec), around);
    this.#subnets.set(key, made);
    return made;
  }

  #coreSubnet(spec: SubnetSpec): CoreSubnet {
    const { exclude, policy, gateway } = spec;
    return this.#limpet.subnet(spec.cidr, gateway === undefined ? { exclude, policy } : { exclude, policy, gateway });
  }

  #listener(): StoreListener {
    return {
      reset: () => {
        this.#told = new Set();
        this.#names.clear();
        for (const subnet of this.#subnets.values()) subnet.state.beginReading(this.#coreSubnet(subnet.spec));
      },
      introduced: ({ id, name }) => this.#names.set(id, name),
      ready: () => this.#ready(),
      restore: (stored) => this.#restore(stored),
      apply: (key, change) => this.#apply(key, change),
      dump: () => [...this.#subnets.values()].map((subnet) => subnet.state.dump()),
      nodes: () => Array.from(this.#names, ([id, name]) => ({ id, name })),
      report: (event) => this.#report(event),
    };
  }

  #ready(): void {
    const told = this.#told;
    if (told === undefined) return;
    this.#told = undefined;
    for (const [key, subnet] of [...this.#subnets]) {
      if (told.has(key)) subnet.ready();
      else this.#end(key);
    }
    this.#unsure = false;
  }

  #restore({ spec, users, snapshot, live }: StoredSubnet): void {
    const subnet = this.#add(spec);
    this.#told?.add(keyOf(spec));
    const restore = this.#limpet.restorer();
    for (const piece of snapshot) restore.feed(piece);
    subnet.beginReading(spec, restore.commit());
    subnet.state.restore({ users, live });
  }

  #apply(key: SubnetKey, change: Change): void {
    if (change.op === 'create') {
      const there = this.#subnets.get(keyOf(key));
      const subnet = there ?? this.#add(change.spec);
      // One that is there was made ready for its old settings: it may have been made anew, or changed, out of our sight.
      const isOther = there === undefined || differences(there.spec, change.spec).length > 0;
      if (this.#told !== undefined && isOther) subnet.beginReading(change.spec, this.#coreSubnet(change.spec));
      this.#told?.add(keyOf(key));
    } else if (change.op === 'settings') {
      this.#subnets.get(keyOf(key))?.change(change.spec, () => this.#coreSubnet(change.spec));
    } else if (change.op === 'remove') {
      this.#told?.delete(keyOf(key));
      this.#end(keyOf(key));
    } else {
      this.#subnets.get(keyOf(key))?.state.apply(change);
    }
  }

  #end(key: string): void {
    this.#subnets.get(key)?.end();
    this.#subnets.delete(key);
  }

  #check(): void {
    if (this.#closed) throw new LimpetError('ENDED', 'the allocator service has been closed');
    if (!this.#unsure) return;
    throw new LimpetError('UNAVAILABLE', `${this.#store.name} did not say what became of a change; reading again`, {
      store: this.#store.name,
      outcome: 'none',
    });
  }
}

function keyOf({ space, cidr }: SubnetKey): string {
  return `${space} ${cidr}`;
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
  const message = `other processes changed the space ${JSON.stringify(space)} ${MOST_ATTEMPTS} times: ${what} ${cidr} again`;
  return new LimpetError('CONTENDED', message, { subnet: cidr, space });
}

function overlap(spec: SubnetSpec, other: SubnetSpec): LimpetError {
  return new LimpetError('OVERLAP', `${spec.cidr} overlaps ${other.cidr} in the space ${JSON.stringify(spec.space)}`, {
    subnet: spec.cidr,
    other: other.cidr,
    space: spec.space,
  });
}
