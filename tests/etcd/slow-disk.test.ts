// etcd on a disk that takes 200 ms for each flush, as a shared or a worn one does: everything waits, and nobody loses
// anything by that. The disk is made slow by strace, which holds the system call up.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { EtcdStore } from '../../src/entries/etcd-store.js';
import { AllocatorService, Deadline, type SubnetService, systemClock } from '../../src/service/index.js';
import { Etcd } from './etcd.js';
import { counted, eventually } from './harness.js';

const FSYNC = 200;
const CIDR = '10.0.0.0/20';
const SERVICES = 5;
const EACH = 100;
/** As long as Docker's caller waits. */
const WITHIN = 20_000;

describe(`a disk whose flushes take ${FSYNC} ms`, () => {
  let etcd: Etcd;
  let remove = () => {};
  const services: AllocatorService[] = [];
  const nets: SubnetService[] = [];
  const reports: string[] = [];

  before(async () => {
    ({ etcd, remove } = await Etcd.start({ fsync: FSYNC }));
    for (let n = 0; n < SERVICES; n++) {
      const store = new EtcdStore({ endpoints: [etcd.endpoint], node: `n${n}` });
      const service = await AllocatorService.open(store, { report: ({ message }) => reports.push(message) });
      services.push(service);
      nets.push(await service.subnet(CIDR, { reclaim: {} }));
    }
  });
  after(async () => {
    for (const service of services) await service.close();
    remove();
  });

  /** Each service starts the identities of the one that is so many after it. */
  async function storm(moved: number): Promise<string[]> {
    const calls = Array.from({ length: SERVICES * EACH }, (_, i) => {
      const n = (Math.floor(i / EACH) + moved) % SERVICES;
      const deadline = new Deadline(systemClock, WITHIN);
      return (nets[n] as SubnetService).allocate(`web.${i}`, { node: `n${n}`, deadline });
    });
    return Promise.all(calls);
  }

  function checkWell(): void {
    assert.deepEqual(
      reports.filter((message) => /is away|read again|lease had ended|reclaimed/.test(message)),
      [],
    );
  }

  test('the disk is slow', async () => {
    const began = performance.now();
    await (nets[0] as SubnetService).hold('10.0.15.1');
    assert.ok(performance.now() - began >= FSYNC, 'a commit waits for the disk');
  });

  test('a storm of new identities, and of the same on other nodes: all in time, nobody refused, no lease lost', {
    timeout: 90_000,
  }, async () => {
    const addresses = await storm(0);
    assert.equal(new Set(addresses).size, SERVICES * EACH);
    await eventually('all know', () => nets.every((net) => net.stats.live === SERVICES * EACH));
    let again: string[] = [];
    const calls = await counted(async () => {
      again = await storm(1);
    });
    assert.deepEqual(again, addresses);
    const transactions = calls.filter(({ method }) => method === 'txn').length;
    assert.ok(transactions < (SERVICES * EACH) / 5, `${transactions} transactions: who waits goes out together`);
    assert.equal(etcd.count('/limpet/v2/identity/'), SERVICES * EACH);
    checkWell();
  });

  test('slow is not away: health says nothing of it', async () => {
    for (const service of services) assert.equal(await service.whyAway(), undefined);
  });
});
