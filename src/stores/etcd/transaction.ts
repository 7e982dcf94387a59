// One etcd transaction: what must still be so, what is written then, and what is read when it is not. What is to be
// demanded for a change is draft.ts's; here is how it is asked, and what is learnt from the answer.

import type { ICompare, IRequestOp, ITxnRequest, ITxnResponse } from 'etcd3';
import { LimpetError } from '../../host/errors.js';
import type { SubnetKey } from '../../service/store.js';
import type { KeyRange, Keys, TextRange } from './keys.js';
import type { Item } from './known.js';
import type { View } from './view.js';

/** Whose transaction it is. */
export interface Writer {
  readonly lease: string;
  readonly processKey: string;
  /** The revision of the process's key: none of its transactions from before is applied after (lease.ts). */
  readonly fence: number;
}

export interface Write {
  readonly value: Buffer;
  readonly lease?: string;
  /** When the key was made, if it is there already. */
  readonly created?: number;
}

/** etcd's default is 128 operations in a transaction. */
const MOST_OPERATIONS = 128;

export class Transaction {
  readonly writer: Writer;
  readonly #keys: Keys;
  readonly #view: View;
  readonly #subnet: SubnetKey;
  readonly #demands = new Map<string, ICompare>();
  /** In order; `undefined` deletes. The order is that of the events: a release is told before the end of its mark. */
  readonly #writes = new Map<string, Write | undefined>();
  readonly #deletedRanges: KeyRange[] = [];
  readonly #reads = new Map<string, TextRange | undefined>();

  constructor(keys: Keys, view: View, subnet: SubnetKey, writer: Writer) {
    this.#keys = keys;
    this.#view = view;
    this.#subnet = subnet;
    this.writer = writer;
  }

  demandAbsent(key: string): void {
    this.demandCreated(key, 0);
  }

  demandCreated(key: string, revision: number): void {
    const created = { target: 'Create', result: 'Equal', create_revision: revision } as const;
    this.#demands.set(`Create ${key}`, { key: Buffer.from(key), ...created });
  }

  demandUnchanged(key: string, since: number): void {
    const unchanged = { target: 'Mod', result: 'Equal', mod_revision: since } as const;
    this.#demands.set(`Mod ${key}`, { key: Buffer.from(key), ...unchanged });
  }

  /** No key of the range is there. */
  demandEmpty(range: TextRange): void {
    const absent = { target: 'Create', result: 'Equal', create_revision: 0 } as const;
    this.#demands.set(`Empty ${range.from} ${range.to}`, { ...asRange(range), ...absent });
  }

  /** No key of the range has changed after that revision; what has gone since does not count. */
  demandNoNews(range: TextRange, after: number): void {
    const old = { target: 'Mod', result: 'Less', mod_revision: after + 1 } as const;
    this.#demands.set(`Old ${range.from}`, { ...asRange(range), ...old });
  }

  read(key: string): void {
    this.#reads.set(key, undefined);
  }

  readRange(range: TextRange): void {
    this.#reads.set(range.from, range);
  }

  /** The last write of a key is the one that counts, and where it stands in the order. */
  write(key: string, write: Write): void {
    this.#writes.delete(key);
    this.#writes.set(key, write);
  }

  remove(key: string): void {
    this.#writes.delete(key);
    this.#writes.set(key, undefined);
  }

  removeRanges(ranges: readonly KeyRange[]): void {
    this.#deletedRanges.push(...ranges);
  }

  /** Whether nothing is to be written. */
  get isEmpty(): boolean {
    return this.#writes.size === 0 && this.#deletedRanges.length === 0;
  }

  /** @throws LimpetError BAD_INPUT when it is more than one transaction takes */
  request(): ITxnRequest {
    const { processKey, fence } = this.writer;
    this.demandUnchanged(processKey, fence);
    this.read(processKey);
    const success: IRequestOp[] = this.#deletedRanges.map((range) => ({ request_delete_range: asRange(range) }));
    for (const [key, write] of this.#writes) success.push(asRequest(key, write));
    const compare = [...this.#demands.values()];
    const failure = this.#readRequests();
    if (Math.max(success.length, compare.length, failure.length) > MOST_OPERATIONS) {
      const { space, cidr } = this.#subnet;
      throw new LimpetError('BAD_INPUT', `too many changes for one transaction in ${cidr}`, { space, subnet: cidr });
    }
    return { compare, success, failure };
  }

  /** A request that writes nothing, and only reads what a failure would. */
  look(): ITxnRequest {
    return { success: this.#readRequests() };
  }

  /** It has been applied at that revision. */
  learnSuccess(at: number): void {
    if (at <= this.#view.revision) return; // the watch was faster
    for (const [key, write] of this.#writes) {
      const { value, lease = '0', created = at } = write ?? {};
      this.#view.learnOwn(key, value === undefined ? undefined : { value, lease, created, mod: at }, at);
    }
    if (this.#writes.has(this.#keys.subnet(this.#subnet))) this.#view.knowSpace(this.#subnet.space, at);
  }

  /** It has not, and this is why. Answers the revision of the process's key, 0 when it is gone. */
  learnFailure(response: ITxnResponse): number {
    const at = Number(response.header.revision);
    const isNews = at > this.#view.revision;
    let fence = 0;
    [...this.#reads].forEach(([key, range], index) => {
      const items = this.#view.itemsOf(response.responses[index]?.response_range.kvs ?? []);
      if (key === this.writer.processKey) fence = items.get(key)?.mod ?? 0;
      else if (isNews || this.#keys.isIndex(key)) this.#learnRead(key, range, items, at);
    });
    return fence;
  }

  #readRequests(): IRequestOp[] {
    return [...this.#reads].map(([key, range]) => ({
      request_range: range === undefined ? { key: Buffer.from(key) } : asRange(range),
    }));
  }

  /** What has gone first: something new may be in its place. */
  #learnRead(key: string, range: TextRange | undefined, items: Map<string, Item>, at: number): void {
    const missing = range === undefined ? [key] : this.#knownIn(range);
    for (const each of missing) if (!items.has(each)) this.#view.learn(each, undefined, at);
    for (const [each, item] of items) this.#view.learn(each, item, at);
    if (range?.from === this.#keys.space(this.#subnet.space).from) this.#view.knowSpace(this.#subnet.space, at);
  }

  /**
   * Keys that are known in one of the ranges that failures read: the subnets of the space, the marks of an identity. Of
   * what a subnet needs (Keys.needs) none is known when it is read.
   */
  #knownIn(range: TextRange): string[] {
    const keys = Array.from(this.#view.subnets(), ({ key }) => this.#keys.subnet(key));
    const bindings = this.#view.subnet(this.#subnet)?.bindings;
    for (const identity of this.#identitiesOf(range)) {
      const nodes = bindings?.get(identity)?.live.keys() ?? [];
      for (const node of nodes) keys.push(this.#keys.live(this.#subnet, identity, node));
    }
    return keys.filter((key) => key >= range.from && key < range.to);
  }

  #identitiesOf(range: TextRange): string[] {
    const parsed = this.#keys.parse(`${range.from}_`); // the mark of any node
    return parsed?.kind === 'live' ? [parsed.identity] : [];
  }
}

/** A range as etcd's requests have it. */
export function asRange({ from, to }: KeyRange): { key: Buffer; range_end: Buffer } {
  return { key: typeof from === 'string' ? Buffer.from(from) : from, range_end: Buffer.from(to) };
}

function asRequest(key: string, write: Write | undefined): IRequestOp {
  if (write === undefined) return { request_delete_range: { key: Buffer.from(key) } };
  const put = { key: Buffer.from(key), value: write.value };
  return { request_put: write.lease === undefined ? put : { ...put, lease: write.lease } };
}
