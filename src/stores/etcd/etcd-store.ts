// The store for several machines: etcd decides, this process keeps a view of it. Every commit is one transaction that says
// what it takes for granted; what fails is learnt and tried again, or answered as a conflict. After an answer that was lost,
// everything is read again behind a fence (lease.ts). There are no elections and no locks.

import type { ITxnResponse } from 'etcd3';
import { LimpetError } from '../../host/errors.js';
import type { Change, Commit, NodeName, Store, StoreEvent, StoreListener, SubnetKey } from '../../service/store.js';
import { Connection, pause, unavailable } from './connection.js';
import { asRange, Draft, type DraftChange } from './draft.js';
import { DEFAULT_PREFIX, Keys } from './keys.js';
import { Lease } from './lease.js';
import { type OwnMark, OwnMarks, Unmarked } from './marks.js';
import type { EtcdStoreOptions } from './options.js';
import { type Reading, readAll, refuseOldVersion } from './reading.js';
import { itemOf, View } from './view.js';
import { Watch } from './watch.js';

const PAGE = 10_000;
/** Live marks that are put again with one transaction. */
const MARKS_AT_ONCE = 30;
/** Transactions under way at once, of those that nobody waits for. */
const LANES = 16;
const RETRY = 500;

export class EtcdStore implements Store {
  readonly name: string;
  readonly shared = true;
  readonly #connection: Connection;
  readonly #keys: Keys;
  readonly #lease: Lease;
  readonly #own: OwnMarks;
  readonly #unmarked: Unmarked;
  readonly #page: number;
  #listener: StoreListener | undefined;
  #view: View | undefined;
  #watch: Watch | undefined;
  /** Counts the readings: what was proposed before one is no longer in the core. */
  #epoch = 0;
  /** While set, no commit is sent. */
  #recovery: Promise<void> | undefined;
  #needsLease = false;
  #needsReading = false;
  #connected = true;
  #closed = false;
  #putting = false;
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #underWay = new Set<Promise<unknown>>();

  /** Connects to nothing yet. */
  constructor(options: EtcdStoreOptions) {
    this.name = `etcd://${options.endpoints.map((each) => each.replace(/^https?:\/\//, '')).join(',')}`;
    this.#connection = new Connection(options);
    this.#keys = new Keys(options.prefix ?? DEFAULT_PREFIX);
    this.#own = new OwnMarks(this.#keys);
    this.#unmarked = new Unmarked(this.#keys);
    this.#page = options.page ?? PAGE;
    const { node, ttl = 10 } = options;
    this.#lease = new Lease(this.#connection, this.#keys, { ttl, node, onLost: () => this.#recover('lease') });
  }

  async open(listener: StoreListener): Promise<void> {
    this.#listener = listener;
    await this.#lease.grant();
    const reading = await readAll(this.#connection, this.#keys, this.#page);
    await refuseOldVersion(this.#connection, this.#keys, reading);
    this.#install(reading);
    void this.#lease.keep();
    this.#later(this.#lease.ttl, () => this.#writeReleases());
  }

  async commit(subnet: SubnetKey, changes: readonly Change[]): Promise<Commit> {
    // Its end must not look like a loss, whichever comes first, the answer or the watch.
    const leaving = changes.flatMap((change) => (change.op === 'gone' ? this.#takeOwn(subnet, change) : []));
    const write = this.#write(subnet, changes);
    this.#underWay.add(write);
    try {
      return await write;
    } catch (error) {
      if (error instanceof LimpetError && error.details.outcome === 'none')
        for (const mark of leaving) this.#own.putBack(mark);
      throw error;
    } finally {
      this.#underWay.delete(write);
    }
  }

  /** A lost answer does no harm here: whoever is not sure introduces himself again. */
  async introduce({ id, name }: NodeName): Promise<void> {
    const until = Date.now() + this.#connection.deadline;
    await this.#steady(until);
    const put = { key: Buffer.from(this.#keys.node(id)), value: Buffer.from(name) };
    await this.#connection.call((etcd, options) => etcd.kv.put(put, options), until);
  }

  async refresh(space: string): Promise<void> {
    const until = Date.now() + this.#connection.deadline;
    await this.#steady(until);
    const range = asRange(this.#keys.space(space));
    const { header, kvs } = await this.#connection.ask((etcd, options) => etcd.kv.range(range, options), until);
    const at = Number(header.revision);
    const view = this.#view as View; // a reading meanwhile has it all; learnt again, it is no news
    const items = new Map(kvs.map((kv) => [kv.key.toString(), itemOf(kv)]));
    for (const subnet of view.subnets()) {
      const key = this.#keys.subnet(subnet.key);
      if (subnet.key.space === space && !items.has(key)) view.learn(key, undefined, at);
    }
    for (const [key, item] of items) view.learn(key, item, at);
    view.knowSpace(space, at);
  }

  async refreshBinding(subnet: SubnetKey, identity: string): Promise<void> {
    const until = Date.now() + this.#connection.deadline;
    await this.#steady(until);
    const view = this.#view as View;
    const draft = new Draft(this.#keys, view, subnet, this.#lease.writer);
    const look = draft.look(identity);
    const seen = await this.#connection.ask((etcd, options) => etcd.kv.txn(look, options), until);
    if (view === this.#view) draft.learnFailure(seen); // else a reading has come between, which has it all
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#watch?.end();
    for (const timer of this.#timers) clearTimeout(timer);
    await Promise.allSettled(this.#underWay);
    this.#lease.close();
    this.#connection.close();
  }

  async #write(subnet: SubnetKey, changes: readonly DraftChange[]): Promise<Commit> {
    const until = Date.now() + this.#connection.deadline;
    // What the service has proposed, it has by what was known when it called.
    const epoch = this.#epoch;
    const settings = this.#view?.subnet(subnet)?.mod;
    for (let attempt = 0; ; attempt++) {
      await this.#steady(until);
      const view = this.#view as View;
      const isOld = epoch !== this.#epoch || settings !== view.subnet(subnet)?.mod;
      if (isOld && changes.some(isProposed)) return 'conflict';
      const draft = new Draft(this.#keys, view, subnet, this.#lease.writer);
      if (!changes.every((change) => draft.add(change))) return 'conflict';
      if (draft.isEmpty && (this.#lease.isCertain || !changes.some(isLive))) {
        // What somebody else has reclaimed meanwhile, this process has not.
        return attempt > 0 && changes.some(isReclaim) ? 'conflict' : 'done';
      }
      const response = await this.#send(draft, view, until);
      if (response?.succeeded) {
        // A view that a reading has replaced meanwhile has no say; the reading has it all.
        if (view === this.#view) draft.learnSuccess(Number(response.header.revision));
        this.#keepOwn(subnet, changes);
        return 'done';
      }
      // Whether a subnet that was made meanwhile overlaps, or an address that was taken is excluded, the service says.
      if (response !== undefined && changes.some(isOfSubnet)) return 'conflict';
      if (Date.now() >= until) throw unavailable('others change the same all the time', 'none');
    }
  }

  /** Undefined when the lease or the fence was another; otherwise what etcd says, a failure already learnt. */
  async #send(draft: Draft, view: View, until: number): Promise<ITxnResponse | undefined> {
    const { lease, fence } = draft.writer;
    const request = draft.request();
    try {
      const response = await this.#connection.call((etcd, options) => etcd.kv.txn(request, options), until);
      if (response.succeeded && Date.now() <= until) return response;
      if (response.succeeded) throw this.#tooLate();
      const now = view === this.#view ? draft.learnFailure(response) : 0;
      if (now !== fence && view === this.#view) this.#fenced(lease, now);
      return now === fence ? response : undefined;
    } catch (error) {
      if (/requested lease not found/.test((error as Error).message)) {
        this.#fenced(lease, 0);
        return undefined;
      }
      if (error instanceof LimpetError && error.details.outcome === 'unknown') this.#recover('reading');
      throw error;
    }
  }

  /** The process stood still: since etcd answered, the lease may have ended and another may have the address. */
  #tooLate(): LimpetError {
    this.#recover('reading');
    return unavailable('the answer was read too late', 'unknown');
  }

  /** The revision of the process's key, as a failure showed it. */
  #fenced(lease: string, fence: number): void {
    if (lease !== this.#lease.writer.lease) return;
    if (fence === 0) this.#recover('lease');
    else this.#lease.adopt(fence);
  }

  #keepOwn(subnet: SubnetKey, changes: readonly DraftChange[]): void {
    const view = this.#view as View;
    for (const change of changes) {
      if (change.op === 'remove') this.#own.removeSubnet(subnet);
      if (change.op !== 'live') continue;
      this.#own.add(view, subnet, change.identity, change.node);
      // The lease may have ended between the writing and the answer.
      if (!view.subnet(subnet)?.bindings.get(change.identity)?.live.has(change.node)) this.#putAgainSoon();
    }
  }

  #takeOwn(subnet: SubnetKey, change: { identity: string; node: string }): OwnMark[] {
    const mark = this.#own.take(this.#keys.live(subnet, change.identity, change.node));
    return mark === undefined ? [] : [mark];
  }

  /** Waits for a lease and a reading. @throws LimpetError UNAVAILABLE at `until`, ENDED */
  async #steady(until: number): Promise<void> {
    while (this.#recovery !== undefined && !this.#closed) {
      const left = until - Date.now();
      if (left <= 0) throw unavailable('it is away, or being read again', 'none');
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise((resolve) => {
        timer = setTimeout(resolve, left);
      });
      await Promise.race([this.#recovery, late]);
      clearTimeout(timer);
    }
    if (this.#closed || this.#view === undefined) throw new LimpetError('ENDED', `${this.name} is not open`);
  }

  #recover(need: 'lease' | 'reading'): void {
    if (need === 'lease') this.#needsLease = true;
    else this.#needsReading = true;
    this.#recovery ??= this.#recoverAll();
  }

  async #recoverAll(): Promise<void> {
    for (let n = 0; !this.#closed && (this.#needsLease || this.#needsReading); n++) {
      try {
        if (this.#needsLease) await this.#renewLease();
        if (this.#needsReading) await this.#readAgain();
      } catch (error) {
        if (n === 0) this.#report('warn', `etcd does not answer: ${(error as Error).message}`);
        await pause(Math.min(100 * 2 ** n, 1000) * (0.5 + Math.random() / 2));
      }
    }
    // In one go with the check above: a need that arises between the two would be nobody's.
    this.#recovery = undefined;
    this.#putAgainSoon(0);
  }

  async #renewLease(): Promise<void> {
    await this.#lease.grant();
    this.#needsLease = false;
    this.#report('warn', 'the lease had ended: a new one takes over the live marks');
  }

  async #readAgain(): Promise<void> {
    this.#needsReading = false;
    try {
      if (!(await this.#lease.fence())) await this.#lease.grant();
      const reading = await readAll(this.#connection, this.#keys, this.#page);
      if (this.#closed) return;
      this.#install(reading);
      this.#listener?.ready();
      this.#report('info', `everything was read again, ${reading.items.length} keys at revision ${reading.revision}`);
    } catch (error) {
      this.#needsReading = true;
      throw error;
    }
  }

  /** Tells the listener everything, at one go, and goes on with the watch. */
  #install({ revision, items }: Reading): void {
    this.#watch?.end();
    this.#epoch++;
    this.#unmarked.clear();
    this.#listener?.reset();
    const view = this.#newView(revision);
    this.#view = view;
    for (const kind of ['node', 'subnet', 'user', 'held', 'identity', 'live']) {
      for (const [key, item] of items) if (this.#keys.parse(key)?.kind === kind) view.learn(key, item, item.mod);
    }
    for (const mark of this.#own.compare(view)) this.#tellEnded(mark);
    this.#own.adopt(view, this.#lease.writer.lease);
    view.tellReleases();
    this.#watch = new Watch(this.#connection, this.#keys, {
      from: () => view.revision,
      change: (key, item, at) => view.learn(key, item, at),
      reached: (at) => view.reached(at),
      gap: () => this.#recover('reading'),
      connected: (is, why) => this.#tellConnected(is, why),
    });
  }

  #newView(revision: number): View {
    return new View(revision, this.#keys, this.#listener as StoreListener, {
      now: () => Date.now(),
      isOwn: (key) => this.#own.has(key),
      isOwnLease: (lease) => this.#lease.isOwn(lease),
      lost: () => this.#putAgainSoon(),
      ended: (key, bindingEnded) => {
        const mark = this.#own.take(key);
        if (mark !== undefined && bindingEnded) this.#tellEnded(mark);
      },
      unmarked: (subnet, identity) => this.#unmarked.note(subnet, identity, Date.now()),
    });
  }

  /** Marks are lost in heaps: one round puts them all. */
  #putAgainSoon(delay = 50): void {
    if (this.#putting) return;
    this.#putting = true;
    this.#later(delay, async () => {
      const isDone = await this.#putAgain();
      this.#putting = false;
      if (!isDone) this.#putAgainSoon(RETRY);
    });
  }

  /** Puts the live marks that etcd has lost under the lease of now, where the binding is still the same. */
  async #putAgain(): Promise<boolean> {
    if (this.#view === undefined || this.#closed) return true;
    const missing = [...this.#own.missing(this.#view, this.#lease.writer.lease)];
    const groups = new Map<string, OwnMark[]>();
    for (const mark of missing) {
      const key = this.#keys.subnet(mark.subnet);
      groups.set(key, [...(groups.get(key) ?? []), mark]);
    }
    const chunks = [...groups.values()].flatMap((marks) => chunksOf(marks, MARKS_AT_ONCE));
    try {
      await inLanes(chunks, (marks) => this.#putMarks(marks));
      return [...this.#own.missing(this.#view, this.#lease.writer.lease)].length === 0;
    } catch {
      return false; // away again, or being read again
    }
  }

  async #putMarks(marks: readonly OwnMark[]): Promise<void> {
    // Released, or its binding ended, since: nothing to put.
    const wanted = marks.filter((mark) => this.#own.has(this.#keys.live(mark.subnet, mark.identity, mark.node)));
    const [first] = wanted;
    if (first === undefined) return;
    const lives = wanted.map(({ identity, node }) => ({ op: 'live', identity, node }) as const);
    if ((await this.#write(first.subnet, lives)) === 'done' || wanted.length === 1) return;
    for (const mark of wanted) await this.#putMarks([mark]);
  }

  /** Gives those whose process died a time of release: the one when that was seen. */
  async #writeReleases(): Promise<void> {
    const { ttl } = this.#lease;
    if (this.#view !== undefined && this.#recovery === undefined) {
      const due = this.#unmarked.take(this.#view, Date.now() - ttl);
      await inLanes(due, async ({ subnet, identity, since }) => {
        await this.#write(subnet, [{ op: 'mark', identity, time: since }]);
      }).catch(() => {}); // another process does it, or the next reading finds them
    }
    if (!this.#closed) this.#later(ttl * (0.5 + Math.random()), () => this.#writeReleases());
  }

  #tellEnded({ identity, address, subnet, node }: OwnMark): void {
    const where = this.#view?.nameOf(node) ?? node;
    const message = `${identity} was live on ${where} with ${address} when another process reclaimed its binding`;
    this.#report('error', message, { ...subnet, identity, address, node });
  }

  #tellConnected(is: boolean, why: string): void {
    if (is === this.#connected) return;
    this.#connected = is;
    if (is) this.#report('info', 'etcd is back: what others change is followed again');
    else this.#report('warn', `etcd is away: what others change is not seen (${why})`);
  }

  #report(level: StoreEvent['level'], message: string, details: Record<string, unknown> = {}): void {
    this.#listener?.report({ level, message, details: { store: this.name, ...details } });
  }

  #later(ms: number, action: () => Promise<void>): void {
    if (this.#closed) return;
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      void action();
    }, ms);
    this.#timers.add(timer);
  }
}

/** What stands in the core as a proposal, and no longer does after a reading. */
function isProposed({ op }: DraftChange): boolean {
  return op === 'bind' || op === 'hold' || op === 'create' || op === 'settings';
}

function isOfSubnet({ op }: DraftChange): boolean {
  return op === 'create' || op === 'settings';
}

function isLive({ op }: DraftChange): boolean {
  return op === 'live';
}

function isReclaim({ op }: DraftChange): boolean {
  return op === 'reclaim';
}

function chunksOf<T>(list: readonly T[], size: number): T[][] {
  const chunks: T[][] = [];
  for (let at = 0; at < list.length; at += size) chunks.push(list.slice(at, at + size));
  return chunks;
}

async function inLanes<T>(list: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = list.values();
  const lane = async () => {
    for (const item of queue) await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(LANES, list.length) }, lane));
}
