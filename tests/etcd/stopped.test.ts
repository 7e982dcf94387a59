// A process that stands still for longer than its lease, while others go on: what it had, what it asks, what was on its
// way to it.
import assert from 'node:assert/strict';
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, afterEach, before, describe, test } from 'node:test';
import { EtcdStore } from '../../src/entries/etcd-store.js';
import { AllocatorService, type SubnetService } from '../../src/service/index.js';
import { Etcd } from './etcd.js';
import { eventually, stop, Wire } from './harness.js';
import type { Said } from './service-child.js';

/** A child whose answers are kept. */
class Child {
  readonly said: Said[] = [];
  readonly #process: ChildProcessWithoutNullStreams;

  constructor(...args: string[]) {
    this.#process = spawn(process.execPath, [
      '--import',
      'tsx',
      join(import.meta.dirname, 'service-child.ts'),
      ...args,
    ]);
    this.#process.stderr.pipe(process.stderr);
    createInterface({ input: this.#process.stdout }).on('line', (line) => this.said.push(JSON.parse(line)));
  }

  ask(identity: string): void {
    this.#process.stdin.write(`${identity}\n`);
  }

  async answer(identity: string): Promise<Said> {
    const from = this.said.length;
    this.ask(identity);
    return this.next(identity, from);
  }

  async next(identity: string, from: number): Promise<Said> {
    const found = () => this.said.slice(from).find((each) => each.identity === identity);
    await eventually(`an answer for ${identity}`, () => found() !== undefined, 20_000);
    return found() as Said;
  }

  /** Stands still when this answers. */
  stop(): Promise<void> {
    return stop(this.#process);
  }

  signal(signal: 'SIGCONT' | 'SIGKILL'): void {
    this.#process.kill(signal);
  }
}

describe('a process that stands still for longer than its lease', () => {
  let etcd: Etcd;
  let remove = () => {};
  const ends: (() => unknown)[] = [];

  before(async () => {
    ({ etcd, remove } = await Etcd.start());
  });
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
  });
  after(() => remove());

  /** A child behind a wire, and another process, here, with its own connection. */
  async function begin(prefix: string): Promise<{ child: Child; wire: Wire; net: SubnetService }> {
    const wire = await Wire.to(etcd.endpoint);
    ends.push(() => wire.cut());
    const child = new Child(wire.endpoint, prefix, 'stopped');
    ends.push(() => child.signal('SIGKILL'));
    const service = await AllocatorService.open(
      new EtcdStore({ endpoints: [etcd.endpoint], prefix, node: 'other', ttl: 2 }),
    );
    ends.push(() => service.close());
    const net = await service.subnet('10.0.0.0/24', { policy: 'lowest' });
    return { child, wire, net };
  }

  /** Once nobody is live on the binding, somebody else gets its address. */
  async function takeAway(net: SubnetService, identity: string, heir: string): Promise<string> {
    await eventually('its lease has ended', () => net.lookup(identity)?.nodes.length === 0);
    const address = await net.reclaim(identity);
    assert.equal(await net.allocate(heir, { node: 'other' }), address, 'the lowest that is free');
    return address;
  }

  test('what it had is put again when nobody else has it', async () => {
    const { child, net } = await begin('/stopped/1/');
    const { address } = await child.answer('web.1');
    await child.stop();
    await eventually('its lease has ended', () => net.lookup('web.1')?.nodes.length === 0);
    assert.equal(net.lookup('web.1')?.address, address, 'reserved');
    child.signal('SIGCONT');
    await eventually('its mark is there again', () => net.lookup('web.1')?.nodes.join() === 'stopped');
    assert.equal((await child.answer('web.1')).address, address);
  });

  test('what others have got meanwhile it no longer answers, also when it is asked at once', async () => {
    const { child, net } = await begin('/stopped/2/');
    for (const identity of ['web.1', 'web.2']) await child.answer(identity);
    const kept = net.lookup('web.2')?.address;
    await child.stop();
    const address = await takeAway(net, 'web.1', 'heir');
    const from = child.said.length;
    for (let n = 0; n < 20; n++) child.ask('web.1'); // waiting for it when it wakes
    child.signal('SIGCONT');
    assert.notEqual((await child.next('web.1', from)).address, address);
    await eventually('it is told', () =>
      child.said.some(({ report }) => report?.includes(`web.1 was live on stopped with ${address}`)),
    );
    await eventually('all are answered', () => child.said.slice(from).filter(({ report }) => !report).length === 20);
    for (const said of child.said.slice(from)) assert.notEqual(said.address, address, JSON.stringify(said));
    const moved = (await child.answer('web.1')).address;
    assert.ok(moved !== undefined && moved !== address && moved !== kept);
    await eventually('the other mark is there again', () => net.lookup('web.2')?.nodes.join() === 'stopped');
    assert.equal(net.lookup('heir')?.address, address);
  });

  test('an answer that was on its way when it stopped is not believed', async () => {
    const { child, wire, net } = await begin('/stopped/3/');
    await child.answer('web.1');
    const answers = wire.holdAnswers();
    const from = child.said.length;
    child.ask('late');
    await eventually('etcd has done it', () => net.lookup('late') !== undefined);
    await child.stop();
    await eventually('its answer waits', () => answers.waiting() > 0);
    answers.letGo(); // into the socket of a process that stands still
    const address = await takeAway(net, 'late', 'heir');
    child.signal('SIGCONT');
    const said = await child.next('late', from);
    assert.notEqual(said.address, address, JSON.stringify(said));
    assert.equal(net.lookup('heir')?.address, address);
    const { length } = child.said;
    child.ask('late');
    const { address: moved } = await child.next('late', length).then(
      async (again) => (again.code === 'UNAVAILABLE' ? child.answer('late') : again), // read again first
    );
    assert.notEqual(moved, address);
  });
});
