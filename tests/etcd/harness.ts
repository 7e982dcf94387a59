// What the tests of the etcd store share: a listener that remembers, a wire that can be cut, and a counter of round
// trips.
import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { EtcdStore, type EtcdStoreOptions } from '../../src/entries/etcd-store.js';
import { LimpetError } from '../../src/entries/index.js';
import type { Change, NodeName, StoreEvent, StoreListener, SubnetKey, SubnetSpec } from '../../src/service/store.js';
import { upToDate } from '../fresh.js';

await upToDate('core');

export const NET: SubnetKey = { space: 'default', cidr: '10.0.0.0/18' };

export function specOf({ space, cidr }: SubnetKey): SubnetSpec {
  return { space, cidr, exclude: [], policy: 'serial', reclaim: {} };
}

/** Keeps what it is told in plain maps, and checks that it makes sense. */
export class Memory implements StoreListener {
  readonly bindings = new Map<string, string>();
  readonly pinned = new Set<string>();
  readonly live = new Map<string, Set<string>>();
  readonly held = new Set<string>();
  readonly subnets = new Set<string>();
  readonly users = new Set<string>();
  readonly names = new Map<string, string>();
  readonly settings = new Map<string, SubnetSpec>();
  readonly released = new Map<string, number>();
  readonly changes: Change[] = [];
  readonly #owners = new Map<string, string>();
  readonly events: StoreEvent[] = [];
  resets = 0;
  readies = 0;

  reset(): void {
    this.resets++;
    for (const each of [
      this.bindings,
      this.pinned,
      this.#owners,
      this.live,
      this.held,
      this.subnets,
      this.users,
      this.names,
      this.released,
    ])
      each.clear();
  }

  introduced({ id, name }: NodeName): void {
    this.names.set(id, name);
  }

  nodes(): NodeName[] {
    return [];
  }

  ready(): void {
    this.readies++;
  }

  restore(): void {
    assert.fail('etcd writes no dumps');
  }

  dump(): [] {
    return [];
  }

  report(event: StoreEvent): void {
    this.events.push(event);
  }

  apply(subnet: SubnetKey, change: Change): void {
    this.changes.push(change);
    if (change.op === 'create') this.subnets.add(`${subnet.space} ${subnet.cidr}`);
    else if (change.op === 'remove') this.subnets.delete(`${subnet.space} ${subnet.cidr}`);
    else if (change.op === 'settings') this.settings.set(`${subnet.space} ${subnet.cidr}`, change.spec);
    else if (change.op === 'hold') this.held.add(change.address);
    else if (change.op === 'unhold') this.held.delete(change.address);
    else if (change.op === 'use') this.users.add(change.user);
    else if (change.op === 'disuse') this.users.delete(change.user);
    else this.#applyBinding(change);
  }

  #applyBinding(change: Extract<Change, { identity: string }>): void {
    const { identity } = change;
    if (change.op === 'bind') {
      this.#bind(identity, change.address);
    } else if (change.op === 'reclaim') {
      assert.equal(this.live.get(identity)?.size ?? 0, 0, `${identity} is reclaimed while live`);
      this.bindings.delete(identity);
      this.pinned.delete(identity);
      this.#owners.delete(change.address);
    } else if (change.op === 'pin') {
      this.#bind(identity, change.address); // who is pinned is bound by it
      this.pinned.add(identity);
    } else if (change.op === 'unpin') {
      this.pinned.delete(identity);
    } else if (change.op === 'live') {
      this.live.set(identity, (this.live.get(identity) ?? new Set()).add(change.node));
    } else {
      this.live.get(identity)?.delete(change.node);
      this.released.set(identity, change.time);
    }
  }

  #bind(identity: string, address: string): void {
    const other = this.#owners.get(address) ?? identity;
    assert.equal(other, identity, `${address} told as ${other}'s and ${identity}'s`);
    this.bindings.set(identity, address);
    this.#owners.set(address, identity);
  }

  liveOn(identity: string): string[] {
    return [...(this.live.get(identity) ?? [])].sort();
  }
}

export type Setup = Partial<EtcdStoreOptions> & { readonly endpoints: readonly string[] };

export async function open(options: Setup): Promise<{ store: EtcdStore; memory: Memory }> {
  const store = new EtcdStore({ node: 'n1', ttl: 2, ...options });
  const memory = new Memory();
  try {
    memory.reset();
    await store.open(memory);
    const commit = store.commit.bind(store);
    store.commit = async (subnet, changes, deadline) => {
      const answer = await commit(subnet, changes, deadline);
      if (answer === 'done') for (const change of changes) memory.apply(subnet, change); // as the service does
      return answer === 'told' ? 'done' : answer; // which of the two it is, is a race
    };
  } catch (error) {
    await store.close();
    throw error;
  }
  return { store, memory };
}

export const bind = (identity: string, address: string): Change => ({ op: 'bind', identity, address });
export const live = (identity: string, node = 'n1'): Change => ({ op: 'live', identity, node });
export const gone = (identity: string, time: number, node = 'n1'): Change => ({ op: 'gone', identity, node, time });
export const reclaim = (identity: string, address: string): Change => ({ op: 'reclaim', identity, address });

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

export async function eventually(what: string, check: () => boolean, within = 10_000): Promise<void> {
  for (const end = Date.now() + within; Date.now() < end; await sleep(20)) if (check()) return;
  assert.fail(`not within ${within} ms: ${what}`);
}

/** Stops a process; when this answers, every thread of it stands still. */
export async function stop(child: ChildProcess): Promise<void> {
  child.kill('SIGSTOP');
  const tasks = `/proc/${child.pid}/task`;
  const isStill = (task: string) => /^State:\s+T/m.test(readFileSync(join(tasks, task, 'status'), 'utf8'));
  await eventually('it stands still', () => readdirSync(tasks).every(isStill));
}

export function refuses(code: string, outcome?: string, message = /./): (error: unknown) => true {
  return (error) => {
    assert.ok(error instanceof LimpetError, `a LimpetError, not ${error}`);
    assert.equal(error.code, code, error.message);
    assert.match(error.message, message);
    if (outcome !== undefined) assert.equal(error.details.outcome, outcome, error.message);
    return true;
  };
}

const { ConnectionPool } = createRequire(import.meta.url)('etcd3/lib/connection-pool.js');
const exec = ConnectionPool.prototype.exec;
const calls: { method: string; request: any }[] = [];
ConnectionPool.prototype.exec = function (service: string, method: string, request: unknown, options: unknown) {
  calls.push({ method, request });
  return exec.call(this, service, method, request, options);
};

/** The unary calls that the client has sent to etcd meanwhile, in this process. */
export async function counted(action: () => Promise<unknown>): Promise<{ method: string; request: any }[]> {
  const from = calls.length;
  await action();
  return calls.slice(from);
}

/** A TCP relay in front of etcd: it can be cut, held (bytes wait), or made deaf (answers are dropped). */
export class Wire {
  readonly endpoint: string;
  readonly #server: Server;
  readonly #pairs = new Set<[client: Socket, server: Socket]>();

  private constructor(server: Server) {
    this.#server = server;
    this.endpoint = `127.0.0.1:${(server.address() as { port: number }).port}`;
  }

  static async to(endpoint: string): Promise<Wire> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const wire = new Wire(server);
    const [host, port] = endpoint.split(':') as [string, string];
    server.on('connection', (client) => wire.#join(client, connect(Number(port), host)));
    return wire;
  }

  /** Ends every connection and takes no new one. Nothing passes any more; the client has noticed when this answers. */
  async cut(): Promise<void> {
    const ended = [...this.#pairs].map(async ([client, server]) => {
      for (const socket of [client, server]) socket.removeAllListeners('data').resume();
      server.destroy();
      if (client.closed) return;
      // The client's own end brings it about, or its death, which is no error here.
      const closed = new Promise((resolve) => client.once('close', resolve));
      client.end();
      await closed;
    });
    await Promise.all([...ended, new Promise((resolve) => this.#server.close(resolve))]);
    await new Promise((resolve) => setImmediate(resolve));
  }

  async mend(): Promise<void> {
    this.#server.listen(Number(this.endpoint.split(':')[1]), '127.0.0.1');
    await once(this.#server, 'listening');
  }

  /** From now on nothing that etcd says on today's connections arrives. */
  deafen(): void {
    for (const [client, server] of this.#pairs) {
      server.removeAllListeners('data');
      server.on('data', () => {});
      client.on('error', () => {});
    }
  }

  /**
   * What is sent on today's connections waits until `letGo`, and then arrives late. What comes after `enough` is lost:
   * the end of a call that nobody waits for any more would make etcd forget it.
   */
  hold(): { waiting: () => number; enough: () => void; letGo: () => void } {
    const held: [Socket, Buffer][] = [];
    let isEnough = false;
    for (const [client, server] of this.#pairs) {
      client.removeAllListeners('data');
      client.removeAllListeners('close');
      client.on('data', (bytes) => {
        if (!isEnough) held.push([server, bytes]);
      });
    }
    return {
      waiting: () => held.length,
      enough: () => {
        isEnough = true;
      },
      letGo: () => {
        for (const [server, bytes] of held) server.write(bytes);
      },
    };
  }

  /** What etcd says on today's connections waits until `letGo`; what is sent to it passes. */
  holdAnswers(): { waiting: () => number; letGo: () => void } {
    const held: [Socket, Buffer][] = [];
    for (const [client, server] of this.#pairs) {
      server.removeAllListeners('data');
      server.on('data', (bytes) => held.push([client, bytes]));
    }
    return {
      waiting: () => held.length,
      letGo: () => {
        for (const [client, bytes] of held.splice(0)) client.write(bytes);
      },
    };
  }

  #join(client: Socket, server: Socket): void {
    const pair: [Socket, Socket] = [client, server];
    this.#pairs.add(pair);
    client.on('data', (bytes) => server.write(bytes));
    server.on('data', (bytes) => client.write(bytes));
    client.on('close', () => server.destroy());
    server.on('close', () => {
      client.end();
      this.#pairs.delete(pair);
    });
    for (const socket of pair) socket.on('error', () => {});
  }
}
