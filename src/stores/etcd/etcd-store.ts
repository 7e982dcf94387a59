// The store for several machines: etcd decides, this process keeps a view of it. Every commit is one transaction that
// says what it takes for granted; when that is not so, it is learnt and answered as a conflict. How commits are sent,
// and what follows when an answer is lost, is sending.ts. There are no elections and no locks.

import { LimpetError } from '../../host/errors.js';
import { type Clock, systemClock } from '../../service/clock.js';
import type { Deadline } from '../../service/deadline.js';
import type {
  Change,
  Commit,
  DamagedSubnet,
  NodeName,
  Rank,
  Store,
  StoreEvent,
  StoreListener,
  SubnetKey,
} from '../../service/store.js';
import { Connection } from './connection.js';
import { Doubts } from './doubts.js';
import { Draft, type DraftChange } from './draft.js';
import { Findings } from './findings.js';
import { DEFAULT_PREFIX, Keys } from './keys.js';
import { Lease } from './lease.js';
import { type OwnMark, OwnMarks } from './marks.js';
import type { EtcdStoreOptions } from './options.js';
import { type Entry, type Reading, readAll, readFew, readInOrder, refuseOldVersion, type Source } from './reading.js';
import { Recovery } from './recovery.js';
import { isFull, Room } from './room.js';
import { Sending } from './sending.js';
import { Slices } from './slices.js';
import { asRange } from './transaction.js';
import { Upkeep } from './upkeep.js';
import { View } from './view.js';
import { Watch } from './watch.js';

const PAGE = 2000;

export class EtcdStore implements Store {
  readonly name: string;
  readonly shared = true;
  readonly block = 48;
  readonly patience: number;
  readonly #clock: Clock;
  readonly #connection: Connection;
  readonly #keys: Keys;
  readonly #source: Source;
  readonly #lease: Lease;
  readonly #own: OwnMarks;
  readonly #recovery: Recovery;
  readonly #upkeep: Upkeep;
  readonly #findings: Findings;
  readonly #doubts: Doubts;
  readonly #sending: Sending;
  readonly #room = new Room((level, message) => this.#report(level, message));
  #listener: StoreListener | undefined;
  #view: View | undefined;
  #watch: Watch | undefined;
  /** Counts the readings: what was proposed before one is no longer in the core. */
  #epoch = 0;
  #isConnected = true;
  #isClosed = false;
  /** Whether etcd has received the last write, and refused it: it reads on when it is full. */
  #isRefused = false;

  /** Connects to nothing yet. @throws LimpetError BAD_INPUT */
  constructor(options: EtcdStoreOptions) {
    const { endpoints, node, ttl = 10, prefix = DEFAULT_PREFIX, page = PAGE, clock = systemClock } = options;
    this.name = `etcd://${endpoints.map((each) => each.replace(/^https?:\/\//, '')).join(',')}`;
    const connection = new Connection(options, clock);
    const keys = new Keys(prefix);
    const own = new OwnMarks(keys);
    const lease = new Lease(connection, clock, keys, { ttl, node, onLost: () => this.#recovery.need('lease') });
    this.patience = connection.patience;
    this.#clock = clock;
    this.#connection = connection;
    this.#keys = keys;
    this.#findings = new Findings(clock, (event) => this.#report(event.level, event.message, event.details));
    this.#doubts = new Doubts(connection, keys);
    this.#source = { connection, clock, keys, page, findings: this.#findings };
    this.#own = own;
    this.#lease = lease;
    this.#recovery = new Recovery(clock, {
      meet: {
        lease: () => this.#renewLease(),
        reading: () => this.#readAgain(),
        outcome: () => this.#sending.settle(),
      },
      failed: (error) => this.#report('warn', `etcd does not answer: ${error.message}`),
      recovered: () => {
        this.#sending.go();
        this.#upkeep.putAgain(0);
      },
    });
    const [view, isSteady] = [() => this.#view, () => !this.#recovery.isUnderWay];
    this.#sending = new Sending({
      ...{ connection, clock, keys, lease, view, isSteady, doubts: this.#doubts },
      epoch: () => this.#epoch,
      isKnown: () => this.#recovery.isKnown,
      need: (need) => this.#recovery.need(need),
      done: (subnet, changes) => this.#keepOwn(subnet, changes),
      failure: () => this.#recovery.failure,
      refused: (why) => this.#refused(why),
    });
    this.#upkeep = new Upkeep({
      ...{ keys, clock, lease, own, view, isSteady },
      write: (subnet, changes) => this.#sending.commit(subnet, changes, undefined),
    });
  }

  get rank(): Rank | undefined {
    return this.#view?.processes.rankOf(this.#lease.writer.lease);
  }

  async open(listener: StoreListener): Promise<void> {
    this.#listener = listener;
    await this.#connection.open();
    const why = await this.#grantUnlessFull();
    void this.#lease.keep(); // reading can take longer than the lease lasts
    const reading = await readFew(this.#source);
    if (reading?.entries.has('subnet') === false) await refuseOldVersion(this.#source);
    const slices = new Slices(this.#clock);
    if (reading === undefined) await this.#installMany(slices);
    else await this.#install(reading, slices);
    if (why !== undefined) this.#recovery.need('lease', why);
    this.#upkeep.begin();
  }

  get isFull(): boolean {
    return this.#room.isFull;
  }

  async commit(subnet: SubnetKey, changes: readonly Change[], caller?: Deadline): Promise<Commit> {
    // Its end must not look like a loss, whichever comes first, the answer or the watch.
    const ending = changes.flatMap((change) =>
      change.op === 'gone' ? [this.#keys.live(subnet, change.identity, change.node)] : [],
    );
    if (this.#isClosed || this.#view === undefined) throw this.#notOpen();
    if (ending.length === 0) return this.#sending.commit(subnet, changes, caller);
    const deadline = this.#connection.within(caller);
    for (const key of ending) await this.#upkeep.untilPut(key, deadline);
    const leaving = ending.flatMap((key) => this.#own.leave(key) ?? []);
    try {
      return await this.#sending.commit(subnet, changes, caller);
    } catch (error) {
      if (error instanceof LimpetError && error.details.outcome === 'none')
        for (const mark of leaving) this.#own.putBack(this.#view as View, mark);
      throw error;
    } finally {
      for (const key of ending) this.#own.left(key);
    }
  }

  /** A lost answer does no harm here: whoever is not sure introduces himself again. */
  async introduce({ id, name }: NodeName, caller?: Deadline): Promise<void> {
    const deadline = this.#connection.within(caller);
    await this.#steady(deadline);
    const put = { key: Buffer.from(this.#keys.node(id)), value: Buffer.from(name) };
    await this.#connection.call((etcd, options) => etcd.kv.put(put, options), deadline);
  }

  async refresh(space: string, caller?: Deadline): Promise<void> {
    const deadline = this.#connection.within(caller);
    await this.#steady(deadline);
    const ranges = [this.#keys.space(space), this.#keys.usersIn(space)]; // the subnets first: users are within
    const look = { success: ranges.map((range) => ({ request_range: asRange(range) })) };
    const { header, responses } = await this.#connection.ask((etcd, options) => etcd.kv.txn(look, options), deadline);
    const at = Number(header.revision);
    const view = this.#view as View; // a reading meanwhile has it all; learnt again, it is no news
    const kvs = responses.flatMap(({ response_range }) => response_range?.kvs ?? []);
    const items = view.itemsOf(kvs);
    for (const { key, users } of [...view.subnets()]) {
      if (key.space !== space) continue;
      for (const known of [this.#keys.subnet(key), ...[...users.keys()].map((user) => this.#keys.user(key, user))])
        if (!items.has(known)) view.learn(known, undefined, at);
    }
    for (const [key, item] of items) view.learn(key, item, at);
    view.knowSpace(space, at);
  }

  async refreshBinding(subnet: SubnetKey, identity: string, caller?: Deadline): Promise<void> {
    const deadline = this.#connection.within(caller);
    await this.#steady(deadline);
    const view = this.#view as View;
    const draft = new Draft(this.#keys, view, subnet, this.#lease.writer);
    draft.look(identity);
    const look = draft.transaction.look();
    const seen = await this.#connection.ask((etcd, options) => etcd.kv.txn(look, options), deadline);
    if (view !== this.#view) return; // a reading has come between, which has it all
    draft.transaction.learnFailure(seen);
    await this.#doubts.resolve(view, deadline);
  }

  /**
   * A lease and a reading, and a majority that answers: what a commit needs. Nothing is written for it, unless the last
   * write was refused: then the process's own key is put again.
   */
  async answers(caller: Deadline): Promise<void> {
    const deadline = this.#connection.within(caller);
    await this.#steady(deadline);
    if (this.#isRefused) {
      await this.#lease.fence();
      this.#refused(undefined);
    }
    const key = Buffer.from(this.#lease.writer.processKey);
    await this.#connection.ask((etcd, options) => etcd.kv.range({ key }, options), deadline);
  }

  *damaged(): Iterable<DamagedSubnet> {
    for (const { subnet, key, why } of this.#view?.unreadable() ?? []) yield { ...subnet, key, why };
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#watch?.end();
    this.#recovery.end();
    this.#upkeep.end();
    this.#findings.end();
    await this.#sending.end();
    this.#lease.close();
    this.#connection.close();
  }

  #keepOwn(subnet: SubnetKey, changes: readonly DraftChange[]): void {
    const view = this.#view as View;
    for (const change of changes) {
      if (change.op === 'remove') this.#own.removeSubnet(subnet);
      if (change.op === 'gone') view.expectNoLonger(subnet, change.identity, change.node);
      if (change.op !== 'live') continue;
      this.#own.add(view, subnet, change.identity, change.node);
      // The lease may have ended between the writing and the answer.
      if (!view.subnet(subnet)?.bindings.get(change.identity)?.live.has(change.node)) this.#upkeep.putAgain();
    }
  }

  /** Waits for a lease and a reading. @throws LimpetError UNAVAILABLE, ENDED */
  async #steady(deadline: Deadline): Promise<void> {
    await this.#recovery.steady(deadline);
    if (this.#isClosed || this.#view === undefined) throw this.#notOpen();
  }

  #notOpen(): LimpetError {
    return new LimpetError('ENDED', `${this.name} is not open`);
  }

  /** Why there is none where etcd is full: what it has can be read, and a lease is granted once there is room. */
  async #grantUnlessFull(): Promise<Error | undefined> {
    try {
      await this.#lease.grant();
      return undefined;
    } catch (error) {
      if (!isFull(error)) throw error;
      this.#refused((error as Error).message);
      return error as Error;
    }
  }

  #refused(why: string | undefined): void {
    this.#isRefused = why !== undefined;
    if (why === undefined) this.#room.taken();
    else this.#room.refused(why);
  }

  async #renewLease(): Promise<void> {
    const isAnother = this.#lease.isGranted;
    const why = await this.#grantUnlessFull();
    if (why !== undefined) throw why;
    if (this.#isRefused) this.#refused(undefined);
    if (isAnother) this.#report('warn', 'the lease had ended: a new one takes over the live marks');
  }

  async #readAgain(): Promise<void> {
    if (!(await this.#lease.fence())) await this.#lease.grant();
    const reading = await readAll(this.#source);
    if (this.#isClosed) return;
    await this.#install(reading);
    this.#listener?.ready();
    this.#report('info', `everything was read again, ${reading.count} keys at revision ${reading.revision}`);
  }

  /**
   * Tells the listener everything, and goes on with the watch.
   * @param slices in which it may be told: while nobody asks yet. Else all of it is told at once, so that nobody meets
   * half of it
   * @throws LimpetError UNAVAILABLE
   */
  async #install({ revision, entries }: Reading, slices?: Slices): Promise<void> {
    const view = this.#begin(revision);
    for (const kind of ['process', 'node', 'subnet', 'user', 'held', 'identity', 'live'] as const) {
      // Whom an address belongs to comes before who is live.
      if (kind === 'live' && !this.#doubts.isEmpty) await this.#doubts.resolve(view, this.#connection.within());
      for (const entry of entries.get(kind) ?? []) {
        this.#learn(view, entry);
        if (slices?.isOver) await slices.next();
      }
    }
    await this.#follow(view, slices);
  }

  /** As {@link #install}, while it is read: nobody asks yet, and it is too much to be held until all of it is there. */
  async #installMany(slices: Slices): Promise<void> {
    let view = this.#view as View;
    let isResolved = false;
    const begin = (revision: number) => {
      view = this.#begin(revision);
      isResolved = false;
    };
    await readInOrder(this.#source, begin, async (entries) => {
      for (const entry of entries) {
        if (entry.key.kind === 'live' && !isResolved) {
          isResolved = true;
          if (!this.#doubts.isEmpty) await this.#doubts.resolve(view, this.#connection.within());
        }
        this.#learn(view, entry);
        if (slices.isOver) await slices.next();
      }
    });
    if (view.subnets().next().done === true) await refuseOldVersion(this.#source);
    await this.#follow(view, slices);
  }

  /** All is to be told anew, as it was at that revision. */
  #begin(revision: number): View {
    this.#watch?.end();
    this.#epoch++;
    this.#upkeep.forget();
    this.#doubts.clear();
    this.#listener?.reset();
    this.#view = this.#newView(revision);
    return this.#view;
  }

  #learn(view: View, { key, text, item }: Entry): void {
    view.learnKey(key, text, item, item.mod);
    if (!view.isAtHome(key)) this.#findings.orphan(text);
  }

  /** All has been told: from here on what changes is. */
  async #follow(view: View, slices?: Slices): Promise<void> {
    if (slices === undefined) {
      for (const mark of this.#own.compare(view)) this.#tellEnded(mark);
      this.#own.adopt(view, this.#lease.writer.lease);
    } // else nothing has been marked yet, and nothing hangs on a lease that is new
    for (const _ of view.endReading()) if (slices?.isOver) await slices.next();
    this.#findings.tell();
    this.#watch = new Watch(this.#connection, this.#clock, this.#keys, {
      from: () => view.revision,
      change: (key, item, at) => view.learnBytes(key, item, at),
      reached: (at) => {
        view.reached(at);
        if (!this.#doubts.isEmpty) this.#resolveBehind(view);
      },
      gap: () => this.#recovery.need('reading'),
      connected: () => this.#tellConnected(),
      away: (why) => this.#tellAway(why),
    });
  }

  /** For nobody who waits. What fails is looked at with the next news, or by the next call that comes upon it. */
  #resolveBehind(view: View): void {
    if (view === this.#view) this.#doubts.resolve(view, this.#connection.within()).catch(() => {});
  }

  #newView(revision: number): View {
    return new View(revision, this.#keys, this.#listener as StoreListener, this.#findings, {
      now: () => this.#clock.now(),
      isOwn: (key) => this.#own.has(key),
      isOwnLease: (lease) => this.#lease.isOwn(lease),
      lost: () => this.#upkeep.putAgain(),
      takenOver: (key) => this.#own.take(key),
      bindingEnded: (key) => {
        const mark = this.#own.take(key);
        if (mark !== undefined) this.#tellEnded(mark);
      },
      unmarked: (subnet, identity) => this.#upkeep.noteUnmarked(subnet, identity),
      doubted: (subnet, address, identities) => this.#doubts.note(subnet, address, identities),
      repaired: () => this.#recovery.need('reading'),
    });
  }

  #tellEnded({ identity, address, subnet, node }: OwnMark): void {
    const where = this.#view?.nameOf(node) ?? node;
    const message = `${identity} was live on ${where} with ${address} when another process reclaimed its binding`;
    this.#report('error', message, { ...subnet, identity, address, node, look: true });
  }

  #tellConnected(): void {
    if (!this.#isConnected) this.#report('info', 'etcd is back: what others change is followed again');
    this.#isConnected = true;
  }

  #tellAway(why: string): void {
    if (this.#isConnected) this.#report('warn', `etcd is away: what others change is not seen (${why})`);
    this.#isConnected = false;
  }

  #report(level: StoreEvent['level'], message: string, details: Record<string, unknown> = {}): void {
    this.#listener?.report({ level, message, details: { store: this.name, ...details } });
  }
}
