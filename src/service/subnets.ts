// Every subnet of one service, as its store tells of them: what is read at the start, and what other processes change.
// It decides and asks nothing; service.ts does.

import { LimpetError } from '../host/errors.js';
import type { Limpet } from '../host/limpet.js';
import type { Subnet as CoreSubnet } from '../host/subnet.js';
import type { Clock } from './clock.js';
import type { Decision } from './decision.js';
import { coreOptions, differences } from './spec.js';
import type {
  Change,
  NodeName,
  Store,
  StoredSubnet,
  StoreEvent,
  StoreListener,
  SubnetDump,
  SubnetKey,
  SubnetSpec,
} from './store.js';
import { SubnetService, type Surroundings } from './subnet-service.js';

/** What a service hands down to all that belongs to it. */
export interface Equipment {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: (decision: Decision) => void;
  readonly report: (event: StoreEvent) => void;
}

export class Subnets implements StoreListener {
  readonly #limpet: Limpet;
  readonly #equipment: Equipment;
  readonly #around: Surroundings;
  readonly #subnets = new Map<string, SubnetService>();
  /** What nodes are called, by ID. */
  readonly #names = new Map<string, string>();
  /** Subnets told since the last reset; those not among them are gone. */
  #told: Set<string> | undefined;
  #isUnsure = false;
  #isClosed = false;

  constructor(limpet: Limpet, equipment: Equipment) {
    this.#limpet = limpet;
    this.#equipment = equipment;
    this.#around = {
      ...equipment,
      check: () => this.check(),
      nameOf: (node) => this.#names.get(node) ?? node,
      unsure: () => {
        this.#isUnsure = true;
      },
    };
  }

  /** @throws LimpetError ENDED, UNAVAILABLE when nothing can be answered now */
  check(): void {
    if (this.#isClosed) throw new LimpetError('ENDED', 'the allocator service has been closed');
    if (!this.#isUnsure) return;
    const { name } = this.#equipment.store;
    throw new LimpetError('UNAVAILABLE', `${name} did not say what became of a change; reading again`, {
      store: name,
      outcome: 'none',
    });
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  find(key: SubnetKey): SubnetService | undefined {
    return this.#subnets.get(keyOf(key));
  }

  all(): IterableIterator<SubnetService> {
    return this.#subnets.values();
  }

  nodeName(id: string): string | undefined {
    return this.#names.get(id);
  }

  /** The subnet, which the store has decided for, or told of. */
  add(spec: SubnetSpec): SubnetService {
    const there = this.find(spec);
    if (there !== undefined) return there;
    const made = new SubnetService(spec, this.coreSubnet(spec), this.#around);
    this.#subnets.set(keyOf(spec), made);
    return made;
  }

  end(key: SubnetKey): void {
    this.find(key)?.end();
    this.#subnets.delete(keyOf(key));
  }

  /** From here on `check` throws. The subnets are still there until `endAll`. */
  close(): void {
    this.#isClosed = true;
  }

  endAll(): void {
    for (const { spec } of [...this.all()]) this.end(spec);
  }

  coreSubnet(spec: SubnetSpec): CoreSubnet {
    return this.#limpet.subnet(spec.cidr, coreOptions(spec));
  }

  // What the store tells.

  reset(): void {
    this.#told = new Set();
    this.#names.clear();
    for (const subnet of this.all()) subnet.state.beginReading(this.coreSubnet(subnet.spec));
  }

  restore({ spec, users, snapshot, live }: StoredSubnet): void {
    const restore = this.#limpet.restorer();
    for (const piece of snapshot) restore.feed(piece);
    const net = restore.commit();
    this.#refuseOther(net, spec);
    const subnet = this.add(spec);
    this.#told?.add(keyOf(spec));
    subnet.beginReading(spec, net);
    subnet.state.restore({ users, live });
  }

  /** The settings and the core's own bytes are written down side by side: they must be of one subnet. */
  #refuseOther(net: CoreSubnet, spec: SubnetSpec): void {
    const made = this.coreSubnet(spec);
    const { cidr, gateway } = spec;
    const isSame = net.cidr === cidr && net.stats.excluded === made.stats.excluded;
    const isHeld = gateway === undefined || (isSame && net.isHeld(gateway) === made.isHeld(gateway));
    made.destroy();
    if (isSame && isHeld) return;
    net.destroy();
    throw new LimpetError('BAD_SNAPSHOT', `it is of another subnet than ${cidr} with its settings`, { bytes: 0 });
  }

  apply(key: SubnetKey, change: Change): void {
    if (change.op === 'create') {
      const there = this.find(key);
      const subnet = there ?? this.add(change.spec);
      // One that is there was made ready for its old settings: it may have been made anew, or changed, out of our
      // sight.
      const isOther = there === undefined || differences(there.spec, change.spec).length > 0;
      if (this.#told !== undefined && isOther) subnet.beginReading(change.spec, this.coreSubnet(change.spec));
      this.#told?.add(keyOf(key));
    } else if (change.op === 'settings') {
      this.find(key)?.change(change.spec, () => this.coreSubnet(change.spec));
    } else if (change.op === 'remove') {
      this.#told?.delete(keyOf(key));
      this.end(key);
    } else {
      this.find(key)?.learn(change);
    }
  }

  introduced({ id, name }: NodeName): void {
    this.#names.set(id, name);
  }

  ready(): void {
    const told = this.#told;
    if (told === undefined) return;
    this.#told = undefined;
    for (const subnet of [...this.all()]) {
      if (told.has(keyOf(subnet.spec))) subnet.ready();
      else this.end(subnet.spec);
    }
    this.#isUnsure = false;
  }

  dump(): SubnetDump[] {
    return Array.from(this.all(), (subnet) => subnet.state.dump());
  }

  nodes(): NodeName[] {
    return Array.from(this.#names, ([id, name]) => ({ id, name }));
  }

  report(event: StoreEvent): void {
    this.#equipment.report(event);
  }
}

function keyOf({ space, cidr }: SubnetKey): string {
  return `${space} ${cidr}`;
}
