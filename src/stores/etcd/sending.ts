// Commits on their way to etcd. Few transactions are under way at once; what waits meanwhile goes out together with
// the next one. A transaction whose answer is lost costs a look at its own keys, behind a fence (lease.ts): then it is
// known what became of it, and what was not written is sent again while somebody waits for it.

import type { ITxnResponse } from 'etcd3';
import { LimpetError } from '../../host/errors.js';
import type { Clock } from '../../service/clock.js';
import { Deadline } from '../../service/deadline.js';
import type { Commit, SubnetKey } from '../../service/store.js';
import { type Connection, unavailable } from './connection.js';
import type { Doubts } from './doubts.js';
import { Draft, type DraftChange, heldBy } from './draft.js';
import type { Keys } from './keys.js';
import type { Item } from './known.js';
import type { Lease } from './lease.js';
import { endingsOf, isLive, isProposed, isWhole, type Order, topicsOf } from './order.js';
import { Queue } from './queue.js';
import type { Need } from './recovery.js';
import { isFull } from './room.js';
import { Transaction, type Writer } from './transaction.js';
import type { View } from './view.js';

/** Milliseconds in which what has come is read. */
const BREATH = 100;
/** Transactions under way at once. */
const LANES = 4;
/** What etcd says of a write and not of a read. */
const REFUSES_WRITES = /database space exceeded|permission denied/;
/** What may go away by itself: whoever waits waits on. */
const PASSES = /No connection|no connection|Channel closed|Waiting for LB|ECONNREFUSED|no leader|too many requests/;

/** What of its store the sending needs. */
export interface SendingParts {
  readonly connection: Connection;
  readonly clock: Clock;
  readonly keys: Keys;
  readonly lease: Lease;
  readonly doubts: Doubts;
  readonly view: () => View | undefined;
  /** Counts the readings. */
  readonly epoch: () => number;
  /** Whether anything can be sent now. */
  readonly isSteady: () => boolean;
  /** Whether what is known holds, though nothing may be sent now. */
  readonly isKnown: () => boolean;
  readonly need: (need: Need) => void;
  /** A commit is done. */
  readonly done: (subnet: SubnetKey, changes: readonly DraftChange[]) => void;
  /** Why nothing can be sent now, as far as that is known. */
  readonly failure: () => Error | undefined;
  /** Why etcd has received a write and refused it; undefined when it has taken one. */
  readonly refused: (why: string | undefined) => void;
}

/** Orders that are one transaction. */
interface Batch {
  readonly orders: readonly Order[];
  readonly transaction: Transaction;
  readonly view: View;
  /** Until when its answer counts. */
  readonly sent: Deadline;
  /** What a look has found after its answer was lost. */
  found?: ReadonlyMap<string, Item>;
}

export class Sending {
  readonly #of: SendingParts;
  readonly #queue = new Queue();
  #lanes = 0;
  /** A lane waits for a member that can be asked: it takes with it all that comes meanwhile. */
  #isReaching = false;
  /** What became of them is not known. */
  readonly #lost: Batch[] = [];
  readonly #underWay = new Set<Promise<void>>();
  #isEnded = false;

  constructor(of: SendingParts) {
    this.#of = of;
  }

  /**
   * Answers when it is known what became of the changes, however long that takes once they have been sent.
   * @throws LimpetError UNAVAILABLE with `outcome` none, in time; DAMAGED, BAD_INPUT
   */
  commit(subnet: SubnetKey, changes: readonly DraftChange[], caller: Deadline | undefined): Promise<Commit> {
    const { connection, epoch, view } = this.#of;
    const topics = topicsOf(subnet, changes);
    const known = view()?.subnet(subnet);
    if (this.#isSoAlready(subnet, changes, topics)) return Promise.resolve('done');
    const failure = this.#of.failure();
    if (isFull(failure)) return Promise.reject(failure);
    return new Promise((resolve, reject) => {
      let callOff = () => {};
      const end = (settle: () => void) => {
        callOff();
        settle();
      };
      const order: Order = {
        ...{ subnet, changes, topics, isAlone: changes.some(isWhole) },
        basis: { epoch: epoch(), settings: known?.mod, endings: endingsOf(known, changes) },
        deadline: caller ?? connection.within(),
        answer: (commit) => end(() => resolve(commit)),
        refuse: (error) => end(() => reject(error)),
      };
      this.#queue.add(order);
      callOff = this.#bound(order);
      this.go();
    });
  }

  /** Ends the waiting of one that is not sent: at its deadline, or when etcd says nothing to anybody. */
  #bound(order: Order): () => void {
    const { clock, connection } = this.#of;
    const wait = (most: number, look: () => void) => {
      callOff = clock.alarm(Math.min(order.deadline.left, most), look);
    };
    const look = () => {
      if ((order.deadline.passed || connection.isSilent) && this.#queue.remove(order)) order.refuse(this.#late(order));
      // What is on its way by then is answered when it is known what became of it.
      else if (!order.deadline.passed) wait(connection.patience, lookTwice);
    };
    // After a time in which this process itself stood still, timers come before what etcd has said meanwhile.
    const lookTwice = () => (connection.isSilent ? wait(BREATH, look) : look());
    let callOff = () => {};
    wait(connection.patience, lookTwice);
    return () => callOff();
  }

  /** Sends what can be sent. To be called when something can be that could not be before. */
  go(): void {
    if (this.#isEnded || this.#isReaching || this.#lanes >= LANES) return;
    if (!this.#of.isSteady() || !this.#queue.isReady) return;
    this.#lanes++;
    this.#isReaching = true;
    const lane = this.#lane().finally(() => {
      this.#lanes--;
      this.#underWay.delete(lane);
      this.go();
    });
    this.#underWay.add(lane);
  }

  /** Finds out what became of the transactions whose answer was lost. @throws LimpetError UNAVAILABLE */
  async settle(): Promise<void> {
    const { connection, lease, view: current, doubts } = this.#of;
    const lost = [...this.#lost];
    if (!(await lease.fence())) await lease.grant();
    for (const batch of lost) {
      const { transaction, view } = batch;
      const seen = await this.#look(transaction);
      batch.found = view.itemsOf(seen.responses.flatMap(({ response_range }) => response_range.kvs));
      if (view === current()) transaction.learnFailure(seen); // else a reading has come between, which has it all
    }
    const view = current();
    if (view !== undefined) await doubts.resolve(view, connection.within());
    this.#lost.splice(0, lost.length);
    for (const batch of lost) this.#again(batch);
  }

  /** Nothing more is sent; answers when nothing is on its way. */
  async end(): Promise<void> {
    this.#isEnded = true;
    for (const order of this.#queue.empty()) order.refuse(unavailable('the store is closed', 'none'));
    await Promise.allSettled(this.#underWay);
    for (const order of this.#queue.empty()) order.refuse(unavailable('the store is closed', 'none'));
    for (const { orders } of this.#lost.splice(0))
      for (const order of orders) order.refuse(unavailable('the store is closed', 'unknown'));
  }

  async #lane(): Promise<void> {
    let batch: Batch | undefined;
    const send: Parameters<Connection['call']>[0] = async (etcd, options) => {
      if (batch !== undefined) this.#back(batch.orders); // the member before has not taken it
      batch = this.#next();
      this.#isReaching = false;
      this.go();
      if (batch === undefined) return undefined;
      return etcd.kv.txn(batch.transaction.request(), { ...options, deadline: batch.sent.at });
    };
    try {
      const response = (await this.#of.connection.call(send)) as ITxnResponse | undefined;
      if (batch !== undefined && response !== undefined) await this.#learn(batch, response);
    } catch (error) {
      this.#failed(batch, error as Error);
    } finally {
      if (batch === undefined) this.#isReaching = false;
    }
  }

  /** As many of those that wait as one transaction takes. */
  #next(): Batch | undefined {
    const { keys, lease, clock, connection, isSteady } = this.#of;
    const view = this.#of.view();
    if (!isSteady() || view === undefined || this.#isEnded) return undefined;
    const transaction = new Transaction(keys, view, lease.writer);
    const orders: Order[] = [];
    for (const order of this.#queue.ready()) {
      const draft = this.#drafted(order, view);
      if (!(draft instanceof Transaction) || order.deadline.passed) {
        this.#queue.remove(order);
        this.#answer(order, draft instanceof Transaction ? this.#late(order) : draft);
        continue;
      }
      if (orders.length > 0 && (order.isAlone || !transaction.takes(draft))) break;
      transaction.absorb(draft);
      order.draft = draft;
      orders.push(order);
      this.#queue.take(order);
      if (order.isAlone) break;
    }
    if (orders.length === 0) return undefined;
    return { orders, transaction, view, sent: new Deadline(clock, connection.patience) };
  }

  /** What the order demands and writes now, or its answer where it needs no transaction. */
  #drafted(order: Order, view: View): Transaction | Commit | Error {
    const { keys, lease, epoch } = this.#of;
    const { subnet, changes, basis } = order;
    const draft = new Draft(keys, view, subnet, lease.writer);
    const { transaction } = draft;
    try {
      if (!changes.every((change) => draft.add(change))) return 'conflict';
    } catch (error) {
      return error as Error;
    }
    if (transaction.isEmpty && (lease.isCertain || !changes.some(isLive))) return 'done';
    // What the service has proposed, it has by what was known when it called.
    const known = view.subnet(subnet);
    const isOld = basis.epoch !== epoch() || basis.settings !== known?.mod;
    if (isOld && changes.some(isProposed)) return 'conflict';
    // While this waited somebody may have come home and left again, or the address may be held for somebody else.
    if (endingsOf(known, changes).some((ending, n) => ending !== basis.endings[n])) return 'conflict';
    return transaction.isTooLarge ? tooMany(subnet) : transaction;
  }

  #answer(order: Order, answer: Commit | Error): void {
    if (answer instanceof Error) order.refuse(answer);
    else if (answer === 'conflict') order.answer(answer);
    else this.#done(order);
  }

  async #learn(batch: Batch, response: ITxnResponse): Promise<void> {
    const { orders, transaction, view, sent } = batch;
    const { connection, doubts } = this.#of;
    // The process stood still: since etcd answered, the lease may have ended and another may have the address.
    if (response.succeeded && sent.passed) return this.#lose(batch);
    // A view that a reading has replaced meanwhile has no say; the reading has it all.
    const isCurrent = () => view === this.#of.view();
    if (response.succeeded) {
      this.#of.refused(undefined);
      const at = Number(response.header.revision);
      const isRead = at <= (this.#of.view()?.revision ?? 0);
      const answer = isCurrent() ? transaction.learnSuccess(at) : isRead ? 'told' : 'done';
      for (const order of orders) this.#queue.free(order);
      for (const order of orders) this.#done(order, answer);
      return;
    }
    const { lease, fence } = transaction.writer;
    const seen = await this.#look(transaction);
    const now = isCurrent() ? transaction.learnFailure(seen) : 0;
    if (isCurrent()) await doubts.resolve(view, connection.within());
    if (isCurrent() && now !== fence) this.#fenced(lease, now);
    if (!isCurrent() || now !== fence) this.#back(orders);
    else this.#judge(orders, view);
  }

  /** What it rests on, as it is now. No transaction asks itself: few fail, and etcd's log would keep the question. */
  #look(transaction: Transaction): Promise<ITxnResponse> {
    const look = transaction.look();
    return this.#of.connection.ask((etcd, options) => etcd.kv.txn(look, options));
  }

  /** Which of them was in the way of all: that one is a conflict, the others go again. */
  #judge(orders: readonly Order[], view: View): void {
    const [first, ...more] = orders;
    if (first !== undefined && more.length === 0) {
      this.#queue.free(first);
      first.answer('conflict');
      return;
    }
    const innocent: Order[] = [];
    for (const order of orders) {
      const now = this.#drafted(order, view);
      if (now instanceof Transaction && now.restsOnTheSame(order.draft as Transaction)) innocent.push(order);
      else {
        this.#queue.free(order);
        this.#answer(order, now instanceof Transaction ? 'conflict' : now);
      }
    }
    if (innocent.length === orders.length) for (const order of innocent) order.isAlone = true;
    this.#back(innocent);
  }

  #failed(batch: Batch | undefined, error: Error): void {
    const why = error.message;
    const orders = batch?.orders ?? [];
    if (error instanceof LimpetError && error.details.outcome === 'unknown' && batch !== undefined) {
      this.#lose(batch);
    } else if (batch !== undefined && /requested lease not found/.test(why)) {
      this.#fenced(batch.transaction.writer.lease, 0);
      this.#back(orders);
    } else if (PASSES.test(why)) {
      this.#back(orders);
    } else if (REFUSES_WRITES.test(why)) {
      this.#of.refused(why);
      this.#refuse(orders, error);
    } else if (batch === undefined) {
      for (const order of this.#queue.empty()) order.refuse(error); // nobody can be asked
    } else if (orders.length > 1) {
      for (const order of orders) order.isAlone = true; // whatever it was, it costs only whom it is about
      this.#back(orders);
    } else this.#refuse(orders, error);
  }

  /** They have certainly not been written. */
  #back(orders: readonly Order[]): void {
    const late = orders.filter(({ deadline }) => deadline.passed);
    for (const order of late) this.#queue.free(order);
    for (const order of late) order.refuse(this.#late(order));
    this.#queue.putBack(orders.filter((order) => !late.includes(order)));
  }

  /**
   * They may have been written, and what they are about is known as it is now. What is as they want it is done; where
   * nothing has changed they have not been, and go again; else nobody can tell.
   */
  #again({ orders, transaction, found }: Batch): void {
    const view = this.#of.view();
    const again: Order[] = [];
    for (const order of orders) {
      const now = view === undefined ? undefined : this.#drafted(order, view);
      const isSame = now instanceof Transaction && now.restsOnTheSame(order.draft as Transaction);
      if (isSame && !order.changes.some(isWhole)) {
        again.push(order);
        continue;
      }
      this.#queue.free(order);
      if (now === 'done' || this.#isHeldBy(transaction.writer, order, found)) this.#done(order);
      else order.refuse(unavailable('an answer was lost, and what it was about is not as before', 'unknown'));
    }
    this.#back(again);
  }

  /** Holds alone do not show by themselves whose they are. */
  #isHeldBy(writer: Writer, { subnet, changes }: Order, found: Batch['found']): boolean {
    const { keys } = this.#of;
    return changes.every((change) => {
      if (change.op !== 'hold') return false;
      return found?.get(keys.held(subnet, change.address))?.value.equals(heldBy(writer)) === true;
    });
  }

  #refuse(orders: readonly Order[], error: Error): void {
    for (const order of orders) this.#queue.free(order);
    for (const order of orders) order.refuse(error);
  }

  #done(order: Order, answer: 'done' | 'told' = 'done'): void {
    this.#of.done(order.subnet, order.changes);
    order.answer(answer);
  }

  #lose(batch: Batch): void {
    this.#lost.push(batch);
    this.#of.need('outcome');
  }

  /** The revision of the process's key, as a failure showed it. */
  #fenced(lease: string, fence: number): void {
    if (lease !== this.#of.lease.writer.lease) return;
    if (fence === 0) this.#of.need('lease');
    else this.#of.lease.adopt(fence);
  }

  /** Live here already, as far as that can be known without asking: that is answered whatever is on its way. */
  #isSoAlready(subnet: SubnetKey, changes: readonly DraftChange[], topics: readonly string[]): boolean {
    const { keys, lease, isKnown } = this.#of;
    const view = this.#of.view();
    const known = view?.subnet(subnet);
    if (view === undefined || known === undefined || !lease.isCertain || !isKnown()) return false;
    // Most are not, and that shows before anything is drafted.
    const isMarked = (change: DraftChange) =>
      change.op === 'live' && known.bindings.get(change.identity)?.live.get(change.node) !== undefined;
    if (!changes.every(isMarked) || !this.#queue.isFree(topics)) return false;
    const draft = new Draft(keys, view, subnet, lease.writer);
    return changes.every((change) => draft.add(change)) && draft.transaction.isEmpty;
  }

  #late({ subnet }: Order): LimpetError {
    const failure = this.#of.failure();
    if (failure instanceof LimpetError && failure.details.outcome === 'none') return failure;
    const isTaken = this.#of.isSteady() && !this.#isReaching;
    const why = isTaken ? 'other commits came first' : 'it is away or being read again';
    const message = `etcd: ${why}, and no time is left to change ${subnet.cidr}: nothing was written`;
    return new LimpetError('UNAVAILABLE', message, { outcome: 'none' });
  }
}

function tooMany({ space, cidr }: SubnetKey): LimpetError {
  return new LimpetError('BAD_INPUT', `too many changes for one transaction in ${cidr}`, { space, subnet: cidr });
}
