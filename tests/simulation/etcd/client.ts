// etcd's client of one process, for one member: calls that have a deadline, a connection that is noticed to be gone
// only after a while, streams that end with it. It stands where the store has etcd's own client.
import type { ITxnRequest, IWatchRequest } from 'etcd3';
import type { Deadline } from '../../../src/service/deadline.js';
import type { Process } from '../../../src/simulator/swarm/process.js';
import type { Timeline } from '../../../src/simulator/swarm/timeline.js';
import type { Member, Stream, StreamMethod } from '../../../src/stores/etcd/member.js';
import type { Load } from '../load.js';
import type { Network } from '../network.js';
import type { Etcd, Watcher } from './etcd.js';
import { asKeyValue, type History, type Revision } from './history.js';

/** gRPC notices that nobody is there when its pings are not answered. */
const NOTICED = 13_000;
const RECONNECT = 300;

export interface Around {
  readonly etcd: Etcd;
  readonly network: Network;
  readonly timeline: Timeline;
  readonly process: Process;
  /** The machine that the process runs on, as the network knows it. */
  readonly machine: string;
  /** The process has heard of a lease of its own. */
  readonly granted: (lease: string) => void;
  readonly happened: (what: string) => void;
  readonly load: Load;
}

type Listeners = { data: (answer: never) => void; error: (error: Error) => void; end: () => void };

/** The two ends of a stream; what goes over it keeps its order. */
class SimulatedStream implements Stream<object, never> {
  readonly #listeners: Listeners = { data: () => {}, error: () => {}, end: () => {} };
  readonly #around: Around;
  readonly #up: (deliver: () => void) => void;
  readonly #down: (deliver: () => void) => void;
  isOver = false;
  received: (request: object) => void = () => {};
  ended: () => void = () => {};

  constructor(around: Around, member: string) {
    this.#around = around;
    this.#up = around.network.ordered(around.machine, member);
    this.#down = around.network.ordered(member, around.machine);
  }

  write(request: object): void {
    if (!this.isOver) this.#up(() => !this.isOver && this.received(request));
  }

  answer(answer: object): void {
    this.#down(() => {
      if (!this.isOver) this.#around.process.enter(() => this.isOver || this.#listeners.data(answer as never));
    });
  }

  cancel(): void {
    this.#end(() => this.#listeners.error(new Error('1 CANCELLED: Cancelled on client')));
  }

  fail(why: string): void {
    this.#end(() => this.#listeners.error(new Error(why)));
  }

  on(event: keyof Listeners, listener: Listeners[typeof event]): void {
    const before = this.#listeners[event] as (value?: unknown) => void;
    this.#listeners[event] = ((value: never) => {
      before(value);
      (listener as (value: unknown) => void)(value);
    }) as never;
  }

  #end(tell: () => void): void {
    if (this.isOver) return;
    this.isOver = true;
    this.ended();
    this.#around.process.clock.after(0, tell);
  }
}

export class Client implements Member {
  readonly #member: string;
  readonly #around: Around;
  readonly #streams = new Set<SimulatedStream>();
  /** Since when the member is not reached: undefined while it is. */
  #unreachedSince: number | undefined;
  #isClosed = false;

  constructor(member: string, around: Around) {
    this.#member = member;
    this.#around = around;
    this.#ping();
  }

  readonly kv = {
    txn: (request: never, options?: { deadline?: number }) =>
      this.#call((history) => this.#transaction(history, request), options),
    range: (request: never, options?: { deadline?: number }) =>
      this.#call((history) => history.range(request), options),
    put: (request: { key: Buffer; value: Buffer; lease?: string }, options?: { deadline?: number }) =>
      this.#call((history) => history.put(String(request.key), request.value, request.lease), options),
  } as unknown as Member['kv'];

  readonly leaseClient = {
    leaseGrant: async ({ TTL }: { TTL: number }, options?: { deadline?: number }) => {
      const lease = await this.#call(() => this.#around.etcd.grant(TTL), options);
      this.#around.granted(lease.ID);
      return lease;
    },
  } as unknown as Member['leaseClient'];

  async unready(deadline: Deadline): Promise<string | undefined> {
    const { clock } = this.#around.process;
    if (!this.#isReached && !this.#isBelieved) {
      await clock.sleep(Math.min(RECONNECT, deadline.left));
      if (!this.#isReached) return 'No connection established';
      this.#unreachedSince = undefined;
    }
    return undefined;
  }

  async stream<Request, Response>(method: StreamMethod): Promise<Stream<Request, Response>> {
    const stream = new SimulatedStream(this.#around, this.#member);
    this.#streams.add(stream);
    stream.ended = () => this.#streams.delete(stream);
    if (method === 'watch') this.#serveWatch(stream);
    else this.#serveLease(stream);
    if (!this.#isReached && !this.#isBelieved) stream.fail('14 UNAVAILABLE: No connection established');
    return stream as unknown as Stream<Request, Response>;
  }

  hangUp(): void {
    for (const stream of [...this.#streams]) stream.cancel();
  }

  close(): void {
    this.#isClosed = true;
    this.hangUp();
  }

  #transaction(history: History, request: ITxnRequest) {
    const { load } = this.#around;
    const done = history.transaction(request);
    load.add(done.succeeded ? 'transactions' : 'transactions that lost a compare');
    if (done.succeeded)
      for (const { request_put: put } of request.success ?? [])
        if (put) load.add('bytes', (put.key as Buffer).length + (put.value as Buffer).length);
    return done;
  }

  get #isReached(): boolean {
    const { network, machine, etcd } = this.#around;
    return !network.isCut(machine, this.#member) && !network.isCut(this.#member, machine) && !etcd.isDown(this.#member);
  }

  /** The connection is thought to be there still. */
  get #isBelieved(): boolean {
    const since = this.#unreachedSince;
    return since !== undefined && this.#around.timeline.now - since < NOTICED;
  }

  #ping(): void {
    const { timeline, process } = this.#around;
    if (process.isDead || this.#isClosed) return void this.#silence();
    if (this.#isReached) this.#unreachedSince = undefined;
    else this.#unreachedSince ??= timeline.now;
    if (!this.#isReached && !this.#isBelieved)
      for (const stream of [...this.#streams]) stream.fail('14 UNAVAILABLE: keepalive timeout');
    timeline.after(1000, () => this.#ping());
  }

  /** A process that has died hears nothing any more, and nobody hears it. */
  #silence(): void {
    for (const stream of this.#streams) {
      stream.isOver = true;
      stream.ended();
    }
  }

  #call<T>(work: (history: History) => T, { deadline }: { deadline?: number } = {}): Promise<T> {
    const { etcd, network, process, machine } = this.#around;
    return new Promise((resolve, reject) => {
      const left = deadline === undefined ? 3000 : deadline - process.clock.now();
      const callOff = process.clock.after(left, () => reject(new Error('4 DEADLINE_EXCEEDED: Deadline exceeded')));
      let times = 0;
      network.send(machine, this.#member, () => {
        if (times++ > 0) this.#around.happened('a call comes twice');
        if (etcd.isDown(this.#member)) return; // nobody is there to refuse it
        const refusal = etcd.refusal(this.#member);
        let answer: () => void;
        try {
          if (refusal !== undefined) throw new Error(refusal);
          const done = etcd.apply(work, machine);
          if ((done as { succeeded?: boolean }).succeeded === false) this.#around.happened('a compare is lost');
          answer = () => resolve(done);
        } catch (error) {
          answer = () => reject(error);
        }
        const heard = () => {
          callOff();
          answer();
        };
        const isLost = !network.answer(this.#member, machine, () => process.enter(heard));
        if (isLost) this.#around.happened('an answer is lost after the fact');
      });
    });
  }

  #serveLease(stream: SimulatedStream): void {
    const { etcd } = this.#around;
    stream.received = (request) => {
      const { ID } = request as { ID: string };
      if (etcd.isDown(this.#member)) return;
      const refusal = etcd.refusal(this.#member);
      if (refusal !== undefined) return stream.fail(`14 UNAVAILABLE: ${refusal}`);
      stream.answer({ ID, TTL: String(etcd.renew(ID)) });
    };
  }

  #serveWatch(stream: SimulatedStream): void {
    const { etcd } = this.#around;
    stream.received = (request) => {
      const { create_request } = request as IWatchRequest as {
        create_request: { key: Buffer; range_end: Buffer; start_revision: number };
      };
      if (etcd.isDown(this.#member)) return;
      const refusal = etcd.refusal(this.#member);
      if (refusal !== undefined) return stream.fail(`14 UNAVAILABLE: ${refusal}`);
      const [from, to] = [String(create_request.key), String(create_request.range_end)];
      const answer = (more: object, revision: number) =>
        stream.answer({ header: { revision: String(revision) }, events: [], canceled: false, created: false, ...more });
      answer({ created: true }, etcd.history.revision);
      const watcher: Watcher = {
        next: create_request.start_revision,
        tell: (told, revision) => {
          const events = told.flatMap((each) => eventsOf(each, from, to));
          this.#around.load.add('news', events.length);
          if (events.length > 0 || told.length === 0) answer({ events }, revision);
        },
        cancel: (cancel_reason, compacted) => {
          if (compacted > 0) this.#around.happened('a watch is compacted');
          answer({ canceled: true, cancel_reason, compact_revision: String(compacted) }, etcd.history.revision);
        },
      };
      const end = etcd.watch(this.#member, watcher);
      const { ended } = stream;
      stream.ended = () => {
        ended();
        end();
      };
    };
  }
}

/** Those of the last ranges that were asked for: many watch the same one. */
const made = new WeakMap<Revision, { readonly from: string; readonly to: string; readonly events: object[] }>();

function eventsOf(revision: Revision, from: string, to: string): object[] {
  const known = made.get(revision);
  if (known?.from === from && known.to === to) return known.events;
  const events = makeEvents(revision, from, to);
  made.set(revision, { from, to, events });
  return events;
}

function makeEvents({ revision, changes }: Revision, from: string, to: string): object[] {
  return changes
    .filter(({ key }) => key >= from && key < to)
    .map(({ key, after }) =>
      after === undefined
        ? {
            type: 'Delete',
            kv: {
              key: Buffer.from(key),
              value: Buffer.alloc(0),
              create_revision: '0',
              mod_revision: String(revision),
              lease: '0',
            },
          }
        : { type: 'Put', kv: asKeyValue(after) },
    );
}
