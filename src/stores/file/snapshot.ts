// A snapshot: the state of all subnets in one file, taken at one moment and written while commits go on. It is whole or
// it is damaged; unlike a journal it has no torn tail, since it gets its name only when it is written to the end.
//
//   first             { "nodes": [{ "id", "name" }...] }
//   for each subnet   { "spec": …, "users": […], "snapshot": bytes, "live": records }
//                     the core's snapshot, in pieces of at most PIECE bytes
//                     [node, identity...], as many as said
//   at the end        { "subnets": count }

import type { NodeName, StoreListener, SubnetDump } from '../../service/store.js';
import { type Read, readHead, readLiveList, readNodes } from '../values.js';
import { damaged, isRefusal } from './failure.js';
import type { Sink } from './files.js';
import { encodeHeader, putRecordHead, RECORD_HEAD, seedOf } from './format.js';
import type { RecordReader } from './records.js';

/** Bytes of a core's snapshot in one record, and about as many of a live list. */
const PIECE = 256 << 10;
/** Bytes that are written at once. */
const WRITE = 1 << 20;

/** A dump that no longer changes. */
export interface FrozenDump {
  readonly head: string;
  readonly snapshot: Uint8Array;
  readonly live: readonly string[];
}

/** All of it. */
export interface FrozenState {
  readonly nodes: readonly NodeName[];
  readonly dumps: readonly FrozenDump[];
}

/** Takes the state down as it is now; the writing can wait. */
export function freeze(listener: Pick<StoreListener, 'nodes' | 'dump'>): FrozenState {
  return { nodes: [...listener.nodes()], dumps: freezeSubnets(listener.dump()) };
}

function freezeSubnets(dumps: Iterable<SubnetDump>): FrozenDump[] {
  return Array.from(dumps, ({ spec, users, snapshot, live }) => {
    const lists = liveLists(live);
    const head = JSON.stringify({ spec, users, snapshot: snapshot.length, live: lists.length });
    return { head, snapshot, live: lists };
  });
}

function liveLists(live: SubnetDump['live']): string[] {
  const lists: string[] = [];
  const open = new Map<string, { list: string[]; size: number }>();
  for (const [identity, node] of live) {
    const group = open.get(node) ?? { list: [node], size: 0 };
    if (group.size === 0) open.set(node, group);
    group.list.push(identity);
    group.size += identity.length + 3;
    if (group.size < PIECE) continue;
    lists.push(JSON.stringify(group.list));
    open.delete(node);
  }
  for (const { list } of open.values()) lists.push(JSON.stringify(list));
  return lists;
}

export async function writeSnapshot(file: Sink, generation: number, { nodes, dumps }: FrozenState): Promise<void> {
  const out = new RecordWriter(file, generation);
  await out.begin();
  await out.text(JSON.stringify({ nodes }));
  for (const { head, snapshot, live } of dumps) {
    await out.text(head);
    for (let at = 0; at < snapshot.length; at += PIECE) await out.bytes(snapshot.subarray(at, at + PIECE));
    for (const list of live) await out.text(list);
  }
  await out.text(JSON.stringify({ subnets: dumps.length }));
  await out.finish();
}

class RecordWriter {
  readonly #file: Sink;
  readonly #generation: number;
  #buffer = Buffer.allocUnsafe(WRITE);
  #used = 0;
  /** Bytes written before those in the buffer. */
  #written = 0;

  constructor(file: Sink, generation: number) {
    this.#file = file;
    this.#generation = generation;
  }

  async begin(): Promise<void> {
    const header = encodeHeader({ kind: 'snapshot', generation: this.#generation, previous: 0 });
    this.#used = header.copy(this.#buffer);
  }

  async text(body: string): Promise<void> {
    const length = Buffer.byteLength(body);
    await this.#reserve(RECORD_HEAD + length);
    this.#buffer.write(body, this.#used + RECORD_HEAD);
    this.#seal(length);
  }

  async bytes(body: Uint8Array): Promise<void> {
    await this.#reserve(RECORD_HEAD + body.length);
    this.#buffer.set(body, this.#used + RECORD_HEAD);
    this.#seal(body.length);
  }

  async finish(): Promise<void> {
    await this.#file.writeFile(this.#buffer.subarray(0, this.#used));
    this.#written += this.#used;
    this.#used = 0;
  }

  #seal(length: number): void {
    putRecordHead(this.#buffer, this.#used, length, seedOf(this.#generation, this.#written + this.#used));
    this.#used += RECORD_HEAD + length;
  }

  async #reserve(size: number): Promise<void> {
    if (this.#used + size <= this.#buffer.length) return;
    await this.finish();
    if (size > this.#buffer.length) this.#buffer = Buffer.allocUnsafe(size);
  }
}

/**
 * Tells the nodes and each subnet of the file. Pieces and live list are read while the listener walks over them, once:
 * a file is never in memory as a whole.
 * @throws LimpetError DAMAGED
 */
export function readSnapshot(reader: RecordReader, listener: Pick<StoreListener, 'introduced' | 'restore'>): void {
  const nodes = one(reader, readNodes, 'the list of nodes');
  for (const node of nodes) listener.introduced(node);
  for (let subnets = 0; ; subnets++) {
    const head = one(reader, readHead, 'a subnet, or the end,');
    const { offset } = reader;
    if ('subnets' in head) {
      if (head.subnets === subnets && reader.end === reader.size) return;
      throw damaged(reader.path, offset, `the end stands here, behind ${subnets} subnets, and says ${head.subnets}`);
    }
    const snapshot = readPieces(reader, head.snapshot);
    const live = readLive(reader, head.live);
    try {
      listener.restore({ spec: head.spec, users: head.users, snapshot, live });
    } catch (error) {
      if (!isRefusal(error)) throw error;
      throw damaged(reader.path, offset, `the core refuses the snapshot: ${error.message}`, { cause: error });
    }
    for (const _ of snapshot);
    for (const _ of live);
  }
}

function* readPieces(reader: RecordReader, size: number): Generator<Uint8Array> {
  for (let at = 0; at < size; ) {
    const piece = record(reader);
    if (piece.length === 0 || at + piece.length > size) {
      throw damaged(reader.path, reader.offset, `a piece of ${piece.length} bytes of a snapshot cannot stand here`);
    }
    yield piece;
    at += piece.length;
  }
}

function* readLive(reader: RecordReader, records: number): Generator<readonly [string, string]> {
  for (let i = 0; i < records; i++) {
    const list = one(reader, readLiveList, 'a list of live identities');
    for (let n = 1; n < list.length; n++) yield [list[n] as string, list[0]];
  }
}

/** @throws LimpetError DAMAGED: the next record should be `what` */
function one<T>(reader: RecordReader, read: (bytes: Buffer) => Read<T>, what: string): T {
  const found = read(record(reader));
  if ('value' in found) return found.value;
  throw damaged(reader.path, reader.offset, `${what} should stand here, but ${found.wrong}`);
}

function record(reader: RecordReader): Buffer {
  const body = reader.next();
  if (body === undefined) throw damaged(reader.path, reader.end, 'the snapshot ends too early');
  return body;
}
