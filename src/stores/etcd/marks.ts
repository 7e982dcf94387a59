// The live marks that this process has answered for, and so puts again when etcd loses them: when the lease ended while
// etcd was away or the process stood still. And the opposite: bindings whose process died, which get a time of release.

import type { Clock } from '../../service/clock.js';
import type { SubnetKey } from '../../service/store.js';
import type { Keys } from './keys.js';
import type { KnownSubnet } from './known.js';
import type { View } from './view.js';

export interface OwnMark {
  readonly subnet: SubnetKey;
  readonly identity: string;
  readonly node: string;
  /** What was answered. */
  readonly address: string;
}

export class OwnMarks {
  readonly #marks = new Map<string, OwnMark>();
  /** Those that a commit under way is to end: a reading meanwhile finds them, and they are not to be put again. */
  readonly #leaving = new Set<string>();
  readonly #keys: Keys;

  constructor(keys: Keys) {
    this.#keys = keys;
  }

  has(key: string): boolean {
    return this.#marks.has(key);
  }

  add(view: View, subnet: SubnetKey, identity: string, node: string): void {
    const address = view.subnet(subnet)?.bindings.get(identity)?.address;
    if (address !== undefined)
      this.#marks.set(this.#keys.live(subnet, identity, node), { subnet, identity, node, address });
  }

  /** Answers what was there. */
  take(key: string): OwnMark | undefined {
    const mark = this.#marks.get(key);
    this.#marks.delete(key);
    return mark;
  }

  /** As {@link take}, for a commit that ends the mark: until {@link left} it is not taken up again. */
  leave(key: string): OwnMark | undefined {
    this.#leaving.add(key);
    return this.take(key);
  }

  left(key: string): void {
    this.#leaving.delete(key);
  }

  /**
   * The commit has not ended it: it is taken up again where it is there, or expected. Of one that etcd has lost
   * meanwhile the end has been told already.
   */
  putBack(view: View, mark: OwnMark): void {
    const binding = view.subnet(mark.subnet)?.bindings.get(mark.identity);
    if (binding?.address === mark.address && binding.live.has(mark.node))
      this.#marks.set(this.#keys.live(mark.subnet, mark.identity, mark.node), mark);
  }

  removeSubnet({ space, cidr }: SubnetKey): void {
    for (const [key, { subnet }] of this.#marks)
      if (subnet.space === space && subnet.cidr === cidr) this.#marks.delete(key);
  }

  /**
   * After a reading: marks that are not there are expected again; answers those whose binding is no longer the same.
   */
  compare(view: View): OwnMark[] {
    const lost: OwnMark[] = [];
    for (const [key, mark] of [...this.#marks]) {
      const subnet = view.subnet(mark.subnet);
      const binding = subnet?.bindings.get(mark.identity);
      if (subnet === undefined || binding?.address !== mark.address) {
        this.#marks.delete(key);
        lost.push(mark);
      } else if (!binding.live.has(mark.node)) view.expect(subnet, mark.identity, mark.node);
    }
    return lost;
  }

  /** After a reading: every mark that hangs on the lease is this process's, whatever became of its commit. */
  adopt(view: View, lease: string): void {
    for (const subnet of view.subnets()) {
      for (const [identity, binding] of subnet.bindings) {
        for (const [node, mark] of binding.live) {
          if (mark.lease !== lease) continue; // nearly all of them: no key is made for those
          const isLeaving = this.#leaving.has(this.#keys.live(subnet.key, identity, node));
          if (!isLeaving) this.add(view, subnet.key, identity, node);
        }
      }
    }
  }

  /** Marks that do not hang on the lease now. Beside a key that cannot be believed none is put. */
  *missing(view: View, lease: string): IterableIterator<OwnMark> {
    for (const mark of this.#marks.values()) {
      const subnet = view.subnet(mark.subnet);
      if (subnet?.spoilt.has(mark.identity) === true) continue;
      const binding = subnet?.bindings.get(mark.identity);
      if (binding?.live.get(mark.node)?.lease !== lease) yield mark;
    }
  }
}

interface Seen {
  readonly subnet: SubnetKey;
  readonly identity: string;
  readonly since: number;
}

/**
 * Bindings that nobody is live on and that have no time of release, because a process died. Whoever sees that writes
 * the time down after a while, so that their age counts on when all processes start anew.
 */
export class Unmarked {
  readonly #seen = new Map<string, Seen>();
  readonly #keys: Keys;
  readonly #clock: Pick<Clock, 'random'>;

  constructor(keys: Keys, clock: Pick<Clock, 'random'>) {
    this.#keys = keys;
    this.#clock = clock;
  }

  /** The last mark has just ended, whatever was seen of earlier ones. */
  note(subnet: SubnetKey, identity: string, since: number): void {
    this.#seen.set(this.#keys.identity(subnet, identity), { subnet, identity, since });
  }

  /** The time that was taken could not be written, and still counts unless more has been seen since. */
  noteAgain(seen: Seen): void {
    const key = this.#keys.identity(seen.subnet, seen.identity);
    if (!this.#seen.has(key)) this.#seen.set(key, seen);
  }

  clear(): void {
    this.#seen.clear();
  }

  /**
   * Takes those seen before that moment that still have no time of release, in no order: other processes do the same.
   */
  take(view: View, before: number): Seen[] {
    const due: Seen[] = [];
    for (const [key, each] of this.#seen) {
      const subnet = view.subnet(each.subnet);
      if (subnet === undefined || !isUnmarked(subnet, each.identity)) this.#seen.delete(key);
      else if (each.since <= before) {
        this.#seen.delete(key);
        due.push(each);
      }
    }
    return due.sort(() => this.#clock.random() - 0.5);
  }
}

function isUnmarked(subnet: KnownSubnet, identity: string): boolean {
  const binding = subnet.bindings.get(identity);
  return binding !== undefined && binding.released === undefined && binding.live.size === 0;
}
