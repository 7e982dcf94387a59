// What the simulation has found in the etcd store, each by itself: the real store and service on the simulated etcd, in
// virtual time.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { AllocatorService, type ReclaimPolicy, type SubnetService } from '../../src/service/index.js';
import { Process } from '../../src/simulator/swarm/process.js';
import { EtcdStore } from '../../src/stores/etcd/etcd-store.js';
import { DEFAULT_PREFIX, Keys } from '../../src/stores/etcd/keys.js';
import { upToDate } from '../fresh.js';
import { draw } from './draw.js';
import { Client } from './etcd/client.js';
import type { Etcd } from './etcd/etcd.js';
import { prepared } from './prepare.js';
import { Stage } from './stage.js';

await upToDate('core');
await prepared;

const CIDR = '10.0.0.0/24';

/** Processes of a service, each on a machine of its own. */
class Rig extends Stage {
  constructor() {
    super({ ...draw(1, 'etcd'), etcd: 1, acts: [] });
  }

  get etcd(): Etcd {
    return this.shared as Etcd;
  }

  async service(machine: string): Promise<AllocatorService> {
    const process = new Process(this.timeline, { ahead: 0 }, this.timeline.chanceOf(machine));
    const { etcd, network, timeline, load } = this;
    const around = { etcd, network, timeline, process, machine, load, happened: () => {}, granted: () => {} };
    const store = new EtcdStore({
      ...{ endpoints: etcd.members, node: machine, ttl: 10, clock: process.clock },
      connect: (member) => new Client(member, around),
    });
    return this.until(AllocatorService.open(store, { clock: process.clock }));
  }

  /** Lets time pass. */
  pass(ms: number): Promise<void> {
    return this.timeline.run(ms);
  }

  /** The keys below a kind, as etcd has them. */
  keys(kind: string): string[] {
    return this.etcd.history.under(`/limpet/v2/${kind}/`).map(({ key }) => key.split('/').slice(6).join(' '));
  }

  /** The machine's lease ends while it is cut off. */
  async loseLease(machine: string): Promise<void> {
    const ends = [this.network.cut(machine, '*'), this.network.cut('*', machine)];
    await this.pass(20_000);
    for (const end of ends) end();
  }
}

async function made(rig: Rig, service: AllocatorService): Promise<SubnetService> {
  return rig.until(service.subnet(CIDR));
}

/** Milliseconds after which a home can be given to others. */
const AGE = 30_000;

/** Two processes, and a home that its owner has just left on the first one's node. */
async function left(cidr: string, reclaim: ReclaimPolicy) {
  const rig = new Rig();
  const [one, two] = [await rig.service('a'), await rig.service('b')];
  const net = await rig.until(one.subnet(cidr, { reclaim }));
  await rig.until(net.claim('web.1', { node: 'a' }));
  await rig.until(net.release('web.1', 'a'));
  return { rig, net, two };
}

/** As Docker's release is made good: tried until it is done. */
async function releaseInTheEnd(rig: Rig, net: SubnetService): Promise<void> {
  const release = async (): Promise<unknown> => {
    try {
      return await net.release('web.1', 'a');
    } catch {
      await rig.timeline.sleep(250);
      return release();
    }
  };
  await rig.until(release());
  await rig.pass(20_000);
}

describe('the etcd store', () => {
  test('where there is much it is told page by page: each subnet before its bindings, each of those before its marks', {
    timeout: 120_000,
  }, async () => {
    const COUNT = 21_000;
    const rig = new Rig();
    const first = await rig.service('a');
    const { spec } = await rig.until(first.subnet('10.1.0.0/16', { reclaim: {} }));
    await rig.until(first.close());
    const keys = new Keys(DEFAULT_PREFIX);
    const put = (key: string, value: string) => rig.etcd.apply((history) => history.put(key, Buffer.from(value)));
    const addressOf = (n: number) => `10.1.${n >> 8}.${n & 255}`;
    for (let n = 1; n <= COUNT; n++) {
      const identity = `web.${n}`;
      put(keys.identity(spec, identity), JSON.stringify({ address: addressOf(n) }));
      put(keys.address(spec, addressOf(n)), identity);
      if (n > 1) put(keys.live(spec, identity, 'b'), '');
    }
    put(keys.identity(spec, 'aaa.1'), JSON.stringify({ address: addressOf(7) })); // it is another one's
    put('/limpet/v2/aside', '');
    put('/limpet/v2/zebra', '');
    const service = await rig.service('c');
    const net = service.find('10.1.0.0/16') as SubnetService;
    assert.deepEqual([net.stats.live, net.stats.reserved], [COUNT - 1, 1]);
    for (let n = 2; n <= COUNT; n++) {
      const binding = net.lookup(`web.${n}`);
      assert.ok(binding?.address === addressOf(n) && binding.nodes.join() === 'b', `web.${n}`);
    }
    assert.equal(net.lookup('web.1')?.state, 'reserved');
    assert.equal(net.lookup('aaa.1'), undefined);
    await assert.rejects(rig.until(net.allocate('aaa.1', { node: 'c' })), { code: 'DAMAGED' });
    assert.equal(await rig.until(net.allocate('web.1', { node: 'c' })), addressOf(1));
  });

  test('a mark that its lease took, and that was released before it was put again, is not there after', async () => {
    const rig = new Rig();
    const net = await made(rig, await rig.service('a'));
    await rig.until(net.allocate('web.1', { node: 'a' }));
    await rig.loseLease('a');
    assert.deepEqual(rig.keys('live'), []);
    for (let n = 0; n < 400 && rig.keys('live').length === 0; n++) await rig.pass(1);
    await rig.until(net.release('web.1', 'a'));
    await rig.pass(30_000);
    assert.deepEqual(rig.keys('live'), []);
    assert.equal(net.lookup('web.1')?.state, 'reserved');
  });

  test('a release at any moment after the lease was lost ends its mark', async () => {
    for (let delay = 0; delay < 2400; delay += 60) {
      const rig = new Rig();
      const net = await made(rig, await rig.service('a'));
      await rig.until(net.allocate('web.1', { node: 'a' }));
      await rig.loseLease('a');
      await rig.pass(delay);
      await releaseInTheEnd(rig, net);
      assert.deepEqual(rig.keys('live'), [], `released ${delay} ms after the machine was back`);
      assert.deepEqual(net.lookup('web.1')?.nodes, []);
    }
  });

  test('a release at any moment while everything is read again ends its mark', async () => {
    for (let delay = 0; delay < 60; delay++) {
      const rig = new Rig();
      const [one, two] = [await rig.service('a'), await rig.service('b')];
      const net = await made(rig, one);
      await rig.until(net.allocate('web.1', { node: 'a' }));
      await rig.pass(100);
      rig.etcd.endWatches();
      for (const address of ['10.0.0.8', '10.0.0.9']) await rig.until(two.find(CIDR)!.hold(address));
      rig.etcd.compact(); // the watch has a gap
      await rig.pass(60 + delay * 2);
      await releaseInTheEnd(rig, net);
      assert.deepEqual(rig.keys('live'), [], `released ${60 + delay * 2} ms after the watch had ended`);
    }
  });

  test('a binding whose lost mark was released can be reclaimed', async () => {
    const rig = new Rig();
    const net = await made(rig, await rig.service('a'));
    await rig.until(net.allocate('web.1', { node: 'a' }));
    await rig.loseLease('a');
    await rig.until(net.release('web.1', 'a').catch(() => rig.pass(5000).then(() => net.release('web.1', 'a'))));
    assert.equal(await rig.until(net.reclaim('web.1')), '10.0.0.1');
  });

  test('a refresh learns who uses a subnet, however late the watch is', async () => {
    const rig = new Rig();
    const [one, two] = [await rig.service('a'), await rig.service('b')];
    const net = await made(rig, one);
    await rig.pass(1000);
    rig.network.slowest = 50;
    for (let n = 0; n < 40; n++) {
      await rig.until(n % 2 === 0 ? net.use('swarm') : net.disuse('swarm'));
      await rig.until(two.refresh());
      assert.deepEqual(two.find(CIDR)?.users, n % 2 === 0 ? ['swarm'] : []);
    }
  });

  test('what somebody holds right after it was let go is held for whoever has let it go, too', async () => {
    for (let n = 0; n < 20; n++) {
      const rig = new Rig();
      const [one, two] = [await rig.service(`a${n}`), await rig.service('b')];
      const net = await made(rig, one);
      await rig.until(net.hold('10.0.0.9'));
      await rig.pass(100);
      const other = two.find(CIDR)!;
      rig.network.slowest = 300;
      const letGo = other.unhold('10.0.0.9');
      while (rig.keys('held').length > 0) await rig.pass(0.1);
      rig.network.slowest = 1; // the answer is on its way, slowly, and so is the news
      while (net.isHeld('10.0.0.9')) await rig.pass(0.1);
      await rig.until(Promise.all([letGo, net.hold('10.0.0.9')]));
      await rig.pass(1000);
      assert.deepEqual([net.isHeld('10.0.0.9'), other.isHeld('10.0.0.9')], [true, true]);
    }
  });

  test('a home that is old enough stays for whoever has just come to run at the other one, unheard', async () => {
    let unheard = 0;
    for (let early = 0; early < 40; early += 2) {
      const { rig, two } = await left(CIDR, { after: AGE });
      await rig.pass(AGE - 150 - early);
      rig.network.slowest = 300;
      const second = two.find(CIDR)!.claim('@second/web.1', { node: 'b' });
      const identities = () => rig.keys('identity');
      while (identities().length === 1 && identities()[0] === 'web.1') await rig.pass(1);
      if (!identities().includes('web.1')) continue; // it was reclaimed first
      unheard++;
      await rig.pass(1000);
      await rig.until(second);
      assert.ok(identities().includes('web.1'), `${early}`);
    }
    assert.ok(unheard > 0);
  });

  test('whoever was live and left again without being heard of is not as old as before', async () => {
    const { rig, net, two } = await left('10.0.0.0/30', { whenFull: { holdDown: AGE } });
    while (net.stats.free > 0n) await rig.until(net.claim(`other.${net.stats.live}`, { node: 'a' }));
    await rig.pass(AGE + 1000);
    rig.etcd.endWatches(); // they are begun again in a tenth of a second
    await rig.until(two.find(net.cidr)!.claim('web.1', { node: 'b' }));
    await rig.until(two.close());
    // Its mark ends as with its lease: nobody writes a time of release.
    rig.etcd.apply((history) => history.delete([new Keys(DEFAULT_PREFIX).live(net.spec, 'web.1', 'b')]));
    await assert.rejects(rig.until(net.claim('web.2', { node: 'a' })), { code: 'FULL' });
    assert.ok(rig.keys('identity').includes('web.1'));
  });

  test('a home that is old enough stays for whoever has come and left again while its end had to wait', async () => {
    for (let wait = 100; wait < 2500; wait += 200) {
      const { rig, two } = await left(CIDR, { after: AGE });
      await rig.pass(AGE - 15_000);
      const ends = [rig.network.cut('a', '*'), rig.network.cut('*', 'a')]; // its lease ends
      await rig.pass(14_000);
      const other = two.find(CIDR)!;
      await rig.until(other.claim('web.1', { node: 'b' }));
      await rig.until(other.release('web.1', 'b'));
      await rig.pass(1000 + wait);
      for (const end of ends) end();
      await rig.pass(15_000);
      assert.deepEqual(rig.keys('identity'), ['web.1'], `${wait}`);
    }
  });

  test('of two hosts that make a gateway at the same moment none loses it', async () => {
    const rig = new Rig();
    const [one, two] = [await rig.service('a'), await rig.service('b')];
    const net = await made(rig, one);
    await rig.pass(1000);
    const { space, exclude, policy, reclaim } = net.spec;
    const change = (service: AllocatorService, gateway: string) =>
      service.change(CIDR, { space, exclude, policy, reclaim, gateway }, { from: net.spec });
    const both = Promise.allSettled([change(one, '10.0.0.1'), change(two, '10.0.0.2')]);
    const [first, second] = await rig.until(both);
    assert.deepEqual([first.status, second.status].sort(), ['fulfilled', 'rejected']);
  });

  test('what was sent before everything was read again is not done after it', async () => {
    const rig = new Rig();
    const net = await made(rig, await rig.service('a'));
    await rig.pass(1000);
    const message = holdBack(rig, 'a');
    await assert.rejects(rig.until(net.hold('10.0.0.9')), { code: 'UNAVAILABLE' });
    await rig.pass(20_000);
    message.deliver();
    await rig.pass(20_000);
    assert.ok(message.wasHeld);
    assert.deepEqual(rig.keys('held'), []);
  });

  test('an answer that comes after everything was read again tells nothing', async () => {
    const rig = new Rig();
    const [one, two] = [await rig.service('a'), await rig.service('b')];
    const net = await made(rig, one);
    await rig.pass(1000);
    const other = two.find(CIDR)!;
    const answer = holdBackAnswer(rig, 'a');
    const held = net.hold('10.0.0.9');
    while (rig.keys('held').length === 0) await rig.pass(1);
    while (!other.isHeld('10.0.0.9')) await rig.pass(1);
    rig.etcd.endWatches();
    await rig.until(other.unhold('10.0.0.9'));
    await rig.until(other.hold('10.0.0.8'));
    rig.etcd.compact(); // the watch has a gap
    await rig.pass(1500);
    answer.deliver();
    await rig.until(held.catch(() => {}));
    await rig.pass(1000);
    assert.equal(net.isHeld('10.0.0.9'), rig.keys('held').includes('10.0.0.9'), 'what it knows is so');
  });
});

interface HeldBack {
  readonly wasHeld: boolean;
  readonly deliver: () => void;
}

/** The machine's next message comes when it is told to. */
function holdBack({ network }: Rig, machine: string): HeldBack {
  const send = network.send.bind(network);
  let message: (() => void) | undefined;
  network.send = (from, to, deliver) => {
    if (from !== machine || message !== undefined) send(from, to, deliver);
    else message = deliver;
  };
  return {
    get wasHeld() {
      return message !== undefined;
    },
    deliver: () => message?.(),
  };
}

/** The next answer to the machine does. */
function holdBackAnswer({ network }: Rig, machine: string): HeldBack {
  const answer = network.answer.bind(network);
  let message: (() => void) | undefined;
  network.answer = (from, to, deliver) => {
    if (to !== machine || message !== undefined) return answer(from, to, deliver);
    message = deliver;
    return true;
  };
  return {
    get wasHeld() {
      return message !== undefined;
    },
    deliver: () => message?.(),
  };
}
