// The etcd store when something fails: the lease, the history, the connection, an answer, etcd itself.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { after, afterEach, before, describe, test } from 'node:test';
import type { EtcdStore } from '../../src/entries/etcd-store.js';
import { systemClock } from '../../src/service/clock.js';
import { Deadline } from '../../src/service/deadline.js';
import type { Change } from '../../src/service/store.js';
import { Keys } from '../../src/stores/etcd/keys.js';
import { Etcd } from './etcd.js';
import {
  bind,
  eventually,
  gone,
  live,
  NET,
  open,
  reclaim,
  refuses,
  type Setup,
  sleep,
  specOf,
  Wire,
} from './harness.js';

const create: Change = { op: 'create', spec: specOf(NET) };

describe('the etcd store in failure', () => {
  let etcd: Etcd;
  let remove = () => {};
  const opened: EtcdStore[] = [];
  const wires: Wire[] = [];
  let prefixes = 0;
  let prefix = '';
  let keys: Keys;

  before(async () => {
    ({ etcd, remove } = await Etcd.start());
  });
  after(() => remove());
  afterEach(async () => {
    for (const store of opened.splice(0)) await store.close();
    for (const wire of wires.splice(0)) await wire.cut().catch(() => {});
  });

  async function begin(options: Partial<Setup> = {}) {
    const made = await open({ endpoints: [etcd.endpoint], prefix, ...options });
    opened.push(made.store);
    return made;
  }

  /** One process behind a wire, one with its own connection, on keys of their own. */
  async function apart(options: Partial<Setup> = {}) {
    prefix = `/failure${++prefixes}/`;
    keys = new Keys(prefix);
    const wire = await Wire.to(etcd.endpoint);
    wires.push(wire);
    const a = await begin({ endpoints: [wire.endpoint], deadline: 1000, ...options });
    await a.store.commit(NET, [create]);
    const b = await begin({ node: 'n2' });
    return { wire, a: a.store, atA: a.memory, b: b.store, atB: b.memory };
  }

  /** The lease that a node's process hangs its marks on, for etcdctl. */
  function leaseOf(node: string): string {
    for (const [key, { value }] of etcd.keys(`${prefix}process/`)) {
      if (value === JSON.stringify({ node })) return BigInt(key.slice(`${prefix}process/`.length)).toString(16);
    }
    return assert.fail(`no process of ${node}`);
  }

  test('a lease that is lost: new lease, marks put again; others see them go and come', async () => {
    const { a, b, atA, atB } = await apart({ ttl: 3 });
    for (let i = 0; i < 100; i++) await a.commit(NET, [bind(`web.${i}`, `10.0.0.${i + 1}`), live(`web.${i}`)]);
    await a.commit(NET, [gone('web.99', 5)]);
    await eventually('b knows', () => atB.released.get('web.99') === 5);
    const lost = leaseOf('n1');
    etcd.ctl('lease', 'revoke', lost);
    await eventually('all marks are back', () => {
      const marks = etcd.keys(`${prefix}live/`);
      return marks.size === 99 && [...marks.values()].every(({ leased }) => leased);
    });
    assert.notEqual(leaseOf('n1'), lost);
    await eventually('b knows again', () => [...atB.live.values()].filter((nodes) => nodes.has('n1')).length === 99);
    assert.equal(atB.liveOn('web.99').length, 0);
    assert.ok(atA.changes.every(({ op }) => op !== 'gone' || atA.released.get('web.99') === 5));
    assert.equal(atA.readies, 0, 'nothing was read again');
    assert.ok(atA.events.some(({ message }) => message.includes('lease had ended')));
    assert.equal(await b.commit(NET, [reclaim('web.1', '10.0.0.1')]), 'conflict');
    assert.equal(await a.commit(NET, [bind('late', '10.0.1.1'), live('late')]), 'done');
  });

  test('a lease lost while the binding is reclaimed: the mark is not put again, its owner is told', async () => {
    const { a, atA, b } = await apart();
    await a.commit(NET, [bind('web.1', '10.0.0.1'), live('web.1')]);
    await a.commit(NET, [bind('web.2', '10.0.0.2'), live('web.2')]);
    // What the lease's end and somebody's reclaim do, at one moment.
    const dead = [keys.live(NET, 'web.1', 'n1'), keys.identity(NET, 'web.1'), keys.address(NET, '10.0.0.1')];
    const txn = spawn('etcdctl', [...etcd.ctlFlags, 'txn'], {
      env: { PATH: process.env.PATH, ETCDCTL_API: '3' },
      stdio: ['pipe', 'ignore', 'inherit'],
    });
    txn.stdin.end(`\n${dead.map((key) => `del ${key}`).join('\n')}\n\n\n`);
    await once(txn, 'exit');
    await eventually('a is told', () => !atA.bindings.has('web.1'));
    assert.deepEqual(
      atA.changes.slice(-2).map(({ op }) => op),
      ['gone', 'reclaim'],
    );
    assert.ok(atA.events.some(({ level, message }) => level === 'error' && message.includes('web.1 was live on n1')));
    assert.equal(await b.commit(NET, [bind('other', '10.0.0.1')]), 'done');
    await sleep(300);
    assert.deepEqual([...etcd.keys(`${prefix}live/`).keys()], [keys.live(NET, 'web.2', 'n1')]);
    assert.deepEqual(atA.liveOn('web.2'), ['n1']);
    // The whole state is read again: the same holds for what was reclaimed meanwhile.
    assert.equal(await a.commit(NET, [live('web.1')]), 'conflict');
  });

  test('a process that dies: its marks end, others are told when, and one writes the time down', async () => {
    prefix = `/failure${++prefixes}/`;
    keys = new Keys(prefix);
    const { memory } = await begin({ node: 'n2', ttl: 2 });
    const holder = spawn(
      process.execPath,
      ['--import', 'tsx', join(import.meta.dirname, 'holder.ts'), etcd.endpoint, prefix],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    await once(holder.stdout, 'data');
    await eventually('it is live', () => memory.liveOn('web.1').join() === 'dead');
    holder.kill('SIGKILL');
    const killed = Date.now();
    await eventually('it is gone', () => memory.liveOn('web.1').length === 0);
    const seen = memory.released.get('web.1') ?? 0;
    assert.ok(seen >= killed && seen <= Date.now(), 'the time of seeing');
    assert.equal(memory.bindings.get('web.1'), '10.0.0.1');
    const released = () => JSON.parse(etcd.keys(prefix).get(keys.identity(NET, 'web.1'))?.value ?? '').released;
    await eventually('it is written down', () => released() !== undefined);
    assert.ok(Math.abs(released() - seen) < 100);
    const later = await begin({ node: 'n3' });
    assert.equal(later.memory.released.get('web.1'), released());
  });

  test('a mark of the process before is taken over by the next one', async () => {
    const { a, b, atB } = await apart();
    await a.commit(NET, [bind('web.1', '10.0.0.1'), live('web.1')]);
    await a.close();
    const next = await begin({ node: 'n1', ttl: 2 });
    assert.deepEqual(next.memory.liveOn('web.1'), ['n1']);
    assert.equal(await next.store.commit(NET, [live('web.1')]), 'done');
    await sleep(4000);
    assert.deepEqual([...etcd.keys(`${prefix}live/`).keys()], [keys.live(NET, 'web.1', 'n1')]);
    assert.deepEqual(atB.liveOn('web.1'), ['n1']);
    assert.equal(await b.commit(NET, [reclaim('web.1', '10.0.0.1')]), 'conflict');
  });

  test('a store that is closed lets its process end at once', async () => {
    const opener = join(import.meta.dirname, 'opener.ts');
    const child = spawn(process.execPath, ['--import', 'tsx', opener, etcd.endpoint], { stdio: ['ignore', 'pipe', 2] });
    await once(child.stdout!, 'data');
    const closed = Date.now();
    await once(child, 'exit');
    assert.ok(Date.now() - closed < 10_000, `${Date.now() - closed} ms; a third of the lease is 20 s`);
  });

  test('cut off: refused within the deadline, known stays known, then followed from where it stopped', async () => {
    const { wire, a, b, atA } = await apart();
    await a.commit(NET, [bind('web.1', '10.0.0.1'), live('web.1')]);
    await wire.cut();
    await b.commit(NET, [bind('web.2', '10.0.0.2')]);
    const began = Date.now();
    await assert.rejects(a.commit(NET, [bind('web.3', '10.0.0.3')]), refuses('UNAVAILABLE', 'none'));
    assert.ok(Date.now() - began < 1500, `${Date.now() - began} ms`);
    const again = Date.now();
    const shorter = new Deadline(systemClock, 200);
    await assert.rejects(a.commit(NET, [bind('web.3', '10.0.0.3')], shorter), refuses('UNAVAILABLE', 'none'));
    assert.ok(Date.now() - again < 700, `the caller's deadline is the shorter: ${Date.now() - again} ms`);
    assert.equal(atA.bindings.get('web.1'), '10.0.0.1');
    await wire.mend();
    await eventually('what b did is told', () => atA.bindings.has('web.2'));
    assert.equal(atA.readies, 0, 'from where it stopped');
    assert.equal(await a.commit(NET, [bind('web.3', '10.0.0.3')]), 'done');
    assert.ok(atA.events.some(({ message }) => message.includes('etcd is back')));
  });

  test('cut off within a request: it is written once that can be, and all that is known stays', async () => {
    const { wire, a, atA } = await apart();
    await a.commit(NET, [bind('web.1', '10.0.0.1'), live('web.1')]);
    const held = wire.hold();
    const waits = new Deadline(systemClock, 30_000);
    const cut = a.commit(NET, [bind('web.2', '10.0.0.2')], waits);
    await eventually('the request is on its way', () => held.waiting() > 0);
    await wire.cut();
    await assert.rejects(
      a.commit(NET, [bind('web.4', '10.0.0.4')], new Deadline(systemClock, 200)),
      refuses('UNAVAILABLE', 'none', /read again/),
    );
    await wire.mend();
    assert.equal(await cut, 'done');
    assert.equal(atA.readies, 0, 'not everything was read again');
    assert.deepEqual([...atA.bindings].sort(), [
      ['web.1', '10.0.0.1'],
      ['web.2', '10.0.0.2'],
    ]);
    assert.deepEqual(atA.liveOn('web.1'), ['n1']);
    assert.equal(await a.commit(NET, [bind('web.3', '10.0.0.2')]), 'conflict');
  });

  test('a hit on a live binding is answered without etcd only while the lease is certain', async () => {
    const { wire, a } = await apart({ ttl: 2 });
    await a.commit(NET, [bind('web.1', '10.0.0.1'), live('web.1')]);
    await wire.cut();
    assert.equal(await a.commit(NET, [live('web.1')]), 'done');
    await sleep(2200);
    await assert.rejects(a.commit(NET, [live('web.1')]), refuses('UNAVAILABLE', 'none'));
    await wire.mend();
    await eventually('the lease is renewed or a new one there', () => etcd.keys(`${prefix}live/`).size === 1);
    assert.equal(await a.commit(NET, [live('web.1')]), 'done');
  });

  test('compaction while cut off: everything is read again', async () => {
    const { wire, a, b, atA } = await apart({ ttl: 10 });
    await a.commit(NET, [bind('web.1', '10.0.0.1'), live('web.1')]);
    await b.commit(NET, [bind('web.2', '10.0.0.2')]);
    await eventually('a knows', () => atA.bindings.has('web.2'));
    await wire.cut();
    await b.commit(NET, [reclaim('web.2', '10.0.0.2')]);
    await b.commit(NET, [bind('web.3', '10.0.0.2')]);
    etcd.ctl('compact', String(etcd.revision()));
    await wire.mend();
    await eventually('a has read again', () => atA.readies === 1);
    assert.equal(atA.readies, 1);
    assert.deepEqual([...atA.bindings].sort(), [
      ['web.1', '10.0.0.1'],
      ['web.3', '10.0.0.2'],
    ]);
    assert.deepEqual(atA.liveOn('web.1'), ['n1']);
    assert.equal(await a.commit(NET, [bind('web.4', '10.0.0.4')]), 'done');
    await b.commit(NET, [bind('web.5', '10.0.0.5')]);
    await eventually('the watch goes on', () => atA.bindings.has('web.5'));
  });

  test('compaction in the middle of a paged read begins it anew', async () => {
    const { a, b } = await apart();
    for (let i = 0; i < 60; i++) await a.commit(NET, [bind(`web.${i}`, `10.0.0.${i + 1}`)]);
    let n = 0;
    const busy = (async () => {
      for (; n < 40; n++) {
        await b.commit(NET, [live(`web.${n}`, 'n2')]);
        if (n % 8 === 0) etcd.ctl('compact', String(etcd.revision()));
      }
    })();
    for (let i = 0; i < 5; i++) assert.equal((await begin({ page: 7 })).memory.bindings.size, 60);
    await busy;
  });

  test('an answer that is lost: a look at the same keys tells what became of it', async () => {
    const { wire, a, atA, b, atB } = await apart({ ttl: 30 });
    await a.commit(NET, [bind('web.1', '10.0.0.1')]);
    wire.deafen();
    assert.equal(await a.commit(NET, [bind('web.2', '10.0.0.2'), live('web.2')]), 'done');
    assert.equal(atA.readies, 0, 'not everything was read again');
    assert.equal(atA.bindings.get('web.2'), '10.0.0.2');
    assert.deepEqual(atA.liveOn('web.2'), ['n1']);
    assert.equal(await b.commit(NET, [bind('web.3', '10.0.0.2')]), 'conflict');
    assert.equal(atB.bindings.get('web.2'), '10.0.0.2');
    assert.equal(await a.commit(NET, [live('web.2')]), 'done');
  });

  test('a transaction that arrives after its outcome was read is not applied any more', async () => {
    const { wire, a } = await apart({ ttl: 30 });
    await a.commit(NET, [bind('web.1', '10.0.0.1')]);
    const held = wire.hold();
    const late = assert.rejects(a.commit(NET, [bind('late', '10.0.0.9')]), refuses('UNAVAILABLE', 'none'));
    await eventually('the request is on its way', () => held.waiting() > 0);
    await sleep(500);
    held.enough();
    await late; // nobody waits for it any more when it is known: it is not sent again
    held.letGo();
    await sleep(500);
    assert.equal(
      [...etcd.keys(prefix).keys()].some((key) => key.includes('late')),
      false,
    );
    assert.equal(await a.commit(NET, [bind('other', '10.0.0.9')]), 'done');
  });

  test('etcd stands still: refused in time; etcd is killed and comes back: so does the store', async () => {
    prefix = `/failure${++prefixes}/`;
    const { store, memory } = await begin({ deadline: 1000 });
    await store.commit(NET, [create]);
    await store.commit(NET, [bind('web.1', '10.0.0.1'), live('web.1')]);
    await etcd.stop();
    const sent = store.commit(NET, [bind('web.2', '10.0.0.2')], new Deadline(systemClock, 60_000));
    await eventually('its answer is missed', () => memory.events.some(({ message }) => message.includes('not answer')));
    const began = Date.now();
    await assert.rejects(store.commit(NET, [bind('web.3', '10.0.0.3')]), refuses('UNAVAILABLE', 'none'));
    assert.ok(Date.now() - began < 1500);
    await assert.rejects(begin({ deadline: 500 }), refuses('UNAVAILABLE'));
    etcd.signal('SIGCONT');
    assert.equal(await sent, 'done');
    assert.equal(memory.readies, 0, 'not everything was read again');
    assert.equal(memory.bindings.get('web.1'), '10.0.0.1');
    const known = memory.events.length;
    await etcd.kill();
    // Until the end of the connection is noticed, a request can go out on it, and its outcome is unknown.
    await eventually('noticed', () => memory.events.slice(known).some(({ message }) => message.includes('is away')));
    await assert.rejects(store.commit(NET, [bind('web.4', '10.0.0.4')]), refuses('UNAVAILABLE', 'none'));
    await assert.rejects(begin({ deadline: 500 }), refuses('UNAVAILABLE', 'none'));
    etcd.spawn();
    await etcd.healthy();
    const since = () => memory.events.slice(known);
    await eventually('it is back', () => since().some(({ message }) => message.includes('is back')), 20_000);
    const bound = () => store.commit(NET, [bind('web.4', '10.0.0.4')]);
    // A reading that comes between makes what was proposed before it void: the service proposes anew, and so does this.
    if ((await bound()) === 'conflict') assert.equal(await bound(), 'done');
    assert.equal(await store.commit(NET, [live('web.1')]), 'done');
  });
});
