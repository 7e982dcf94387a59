// What a host answers from a handle, without asking the core, is what the core would answer: whatever has been
// released, reclaimed, rebuilt, destroyed or grown meanwhile.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { IO, RawCore } from '../core.js';
import { corePath, type Identity, Limpet, library, type Subnet } from '../limpet.js';

const OK = 0;
const CHANGED = 1;

/** A linear congruential generator; its high bits. */
let chaos = BigInt(process.env.LIMPET_SEED ?? 1);
function below(limit: number): number {
  chaos = BigInt.asUintN(64, chaos * 6364136223846793005n + 1442695040888963407n);
  return Number((chaos >> 33n) % BigInt(limit));
}

interface Net {
  subnet: Subnet;
  /** As it must be: the address of each identity, and whether it is live. */
  readonly known: Map<string, { address: string; live: boolean }>;
}

test('20 000 random calls: an address that is answered is live for whoever got it, and is the one it had', async () => {
  const limpet = await Limpet.load();
  const names = Array.from({ length: 60 }, (_, n) => `web.${n}`);
  const handles = new Map(names.map((name) => [name, new library.Identity(name)]));
  const nets: Net[] = ['10.0.0.0/24', 'fd00::/64'].map((cidr) => ({ subnet: limpet.subnet(cidr), known: new Map() }));
  for (let n = 0; n < 20_000; n++) {
    const net = nets[below(nets.length)] as Net;
    step(limpet, net, names[below(names.length)] as string, handles);
  }
});

function step(limpet: Limpet, net: Net, name: string, handles: ReadonlyMap<string, Identity>): void {
  const { known } = net;
  const who = below(2) === 0 ? name : (handles.get(name) as Identity);
  const chance = below(100);
  if (chance < 60) allocate(net, name, who);
  else if (chance < 78) {
    if (known.has(name)) net.subnet.release(who, 1000);
    const had = known.get(name);
    if (had !== undefined) had.live = false;
  } else if (chance < 92) {
    if (known.get(name)?.live === false) {
      net.subnet.reclaim(who);
      known.delete(name);
    }
  } else if (chance < 96) {
    for (const { identity } of net.subnet.reclaimOldest(3)) known.delete(identity);
  } else if (chance < 98) rebuild(net);
  else if (chance < 99) restore(limpet, net);
  else {
    net.subnet.destroy();
    assert.throws(() => net.subnet.allocate(who), { code: 'ENDED' });
    net.subnet = limpet.subnet(net.subnet.cidr);
    known.clear();
  }
}

function allocate({ subnet, known }: Net, name: string, who: string | Identity): void {
  const address = subnet.allocate(who);
  const had = known.get(name);
  if (had !== undefined) assert.equal(address, had.address, name);
  assert.deepEqual(subnet.inspect(address), { address, state: 'live', identity: name });
  assert.equal(subnet.addressOf(subnet.allocateOrdinal(who)), address);
  known.set(name, { address, live: true });
}

/** Everybody moves on by one, and those that ran do no more. */
function rebuild({ subnet, known }: Net): void {
  const all = [...known];
  if (all.length < 2) return;
  const addresses = all.map(([, { address }]) => address);
  const moved = all.map(([identity, { live }], n) => ({
    identity,
    address: addresses[(n + 1) % addresses.length] as string,
    state: live ? 'reserved' : 'live',
  }));
  subnet.rebuild(moved);
  known.clear();
  for (const { identity, address, state } of moved) known.set(identity, { address, live: state === 'live' });
}

function restore(limpet: Limpet, net: Net): void {
  const bytes = net.subnet.snapshot();
  net.subnet.destroy();
  net.subnet = limpet.restore(bytes);
}

test('the memory grows between two hits, and the second is right', async () => {
  const limpet = await Limpet.load();
  const net = limpet.subnet('10.0.0.0/8');
  net.allocate('web.1');
  const address = net.allocate('web.1');
  const before = limpet.memory.total;
  for (let n = 0; limpet.memory.total === before; n++) net.allocate(`filler.${n}`);
  assert.equal(net.allocate('web.1'), address);
  assert.equal(net.allocate('web.1'), address);
});

test('more strings than are kept, asked for in turn: each gets its own address', async () => {
  const net = (await Limpet.load()).subnet('10.0.0.0/8');
  const names = Array.from({ length: 50_000 }, (_, n) => `web.${n}`);
  const first = names.map((name) => net.allocate(name));
  for (let round = 0; round < 6; round++)
    assert.deepEqual(
      names.map((name) => net.allocate(name)),
      first,
    );
});

test('the eight bytes at a handle change with a release, and are never those of an earlier binding again', async () => {
  const raw = new RawCore(corePath, 1n);
  const id = raw.subnet(4, 24);
  const seen = new Set<string>();
  for (let n = 0; n < 1000; n++) {
    assert.equal(raw.of('allocate', id, 'web.1'), n === 0 ? CHANGED : OK);
    assert.equal(raw.of('allocate', id, 'web.1'), OK);
    const handle = raw.io.getUint32(IO.handle, true);
    const bytes = () => raw.at64(handle).toString(16);
    const live = bytes();
    assert.equal(raw.of('allocate', id, 'web.1'), OK);
    assert.equal(bytes(), live, 'asked again');
    assert.ok(!seen.has(live), `${live} again`);
    seen.add(live);
    if (n % 5 === 4) {
      raw.call('rebuild_begin', id);
      raw.feed(id, [{ identity: 'web.1', ordinal: 9, rank: n }]);
      raw.call('rebuild_resolve', id);
      assert.equal(raw.call('rebuild_commit', id), CHANGED);
      continue;
    }
    release(raw, id, 'web.1', n);
    assert.notEqual(bytes(), live, 'released');
    if (n % 3 === 0) {
      raw.of('reclaim', id, 'web.1');
      assert.notEqual(bytes(), live, 'reclaimed');
      raw.of('allocate', id, 'web.2'); // in the same piece of memory
      assert.notEqual(bytes(), live, 'of another');
      release(raw, id, 'web.2', n);
      raw.of('reclaim', id, 'web.2');
      raw.of('allocate', id, 'web.1');
    }
  }
});

function release(raw: RawCore, id: number, identity: string, time: number): void {
  raw.time = time;
  raw.of('release', id, identity);
}
