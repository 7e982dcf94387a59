// `limpet store copy`, by the built command line: from files into a swarm and back, and nothing is lost on the way.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { AllocatorService, systemClock } from '../../src/service/index.js';
import { openStore } from '../../src/stores/open-store.js';
import { cliPath } from '../limpet.js';
import { seen } from '../service/contract.js';
import { type Manager, Swarm } from './dockerd.js';

const CIDR = '10.77.0.0/24';

function limpet(args: readonly string[], environment: NodeJS.ProcessEnv): Promise<{ code: number; text: string }> {
  return new Promise((resolve) => {
    const env = { ...process.env, ...environment };
    execFile(process.execPath, [cliPath, ...args], { env }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), text: stdout + stderr });
    });
  });
}

test('files into a swarm and back: addresses, marks, times, tickets, users, settings and names', async (context) => {
  const swarm = await Swarm.start(1);
  const folder = mkdtempSync(join(tmpdir(), 'limpet-copy-'));
  context.after(async () => {
    await swarm.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  const environment = {
    LIMPET_STATE: join(folder, 'state/host.json'),
    LIMPET_DOCKER_SOCKET: (swarm.managers[0] as Manager).socket,
  };
  const [first, second] = ['first', 'second'].map((name) => `file://${folder}/${name}`) as [string, string];
  let now = 1_700_000_000_000;
  const clock = { ...systemClock, now: () => now };
  const service = await AllocatorService.open(await openStore(first, { node: 'n' }), { clock });
  const settings = { space: 'swarm', gateway: '10.77.0.1', exclude: ['10.77.0.9'], reclaim: { after: 1e12 } };
  const net = await service.subnet(CIDR, settings);
  for (let n = 0; n < 40; n++) await net.allocate(`web.${n}`, { node: `n${n % 3}` });
  await net.allocate('web.1', { node: 'n0' });
  for (const n of [30, 7, 12]) {
    now += 60_000;
    await net.release(`web.${n}`, `n${n % 3}`);
  }
  await net.pin('db', '10.77.0.200');
  await net.pin('web.2', '10.77.0.201'); // which runs at another address
  const pins = ['db', 'web.2'].map((identity) => net.pinOf(identity));
  const ticket = await net.holdNext();
  await net.allocate('late', { node: 'n1', ticket });
  await net.holdNext();
  await net.use('swarm');
  await service.introduce({ id: 'n1', name: 'one' });
  await service.subnet('10.5.0.0/24', { space: 'node:x' });
  const before = seen(net as never);
  const released = net.lookup('web.7')?.releasedAt;
  const spec = net.spec;
  await service.close();

  const dry = await limpet(['store', 'copy', first, 'swarm:', '--dry-run'], environment);
  assert.equal(dry.code, 0, dry.text);
  assert.match(dry.text, /would copy {2}10\.77\.0\.0\/24 in swarm: 43 bindings, 2 held/);
  assert.match(dry.text, /left out {4}10\.5\.0\.0\/24 in node:x/);
  assert.equal(swarm.find('limpet.swarm'), undefined);
  for (let n = 0; n < 2; n++) {
    const copied = await limpet(['store', 'copy', first, 'swarm:', '--yes'], environment);
    assert.equal(copied.code, 0, copied.text); // the second time there is nothing left to do
  }
  assert.match(swarm.find('limpet.swarm')?.Spec.Labels['10.77.0.2'] as string, /^live n0: web\.0$/);
  assert.match(swarm.find('limpet.swarm')?.Spec.Labels['10.77.0.200'] as string, /^pinned reserved \S+: db$/);
  const back = await limpet(['store', 'copy', 'swarm:', second, '--yes', '--json'], environment);
  assert.equal(back.code, 0, back.text);
  assert.equal(JSON.parse(back.text).steps[0].outcome, 'copied');
  const again = await AllocatorService.open(await openStore(second, { node: 'n' }), { clock });
  context.after(() => again.close());
  const there = again.find(CIDR, 'swarm');
  assert.deepEqual(seen(there as never), before);
  assert.deepEqual(
    ['db', 'web.2'].map((identity) => there?.pinOf(identity)),
    pins,
  );
  assert.deepEqual(there?.spec, spec);
  assert.equal(there?.lookup('web.7')?.releasedAt, released);
  assert.equal(again.nodeName('n1'), 'one');
  await there?.allocate('other', { node: 'n' });
  await again.close();
  const clash = await limpet(['store', 'copy', second, first, '--yes'], environment);
  assert.equal(clash.code, 0, clash.text);
  const same = await limpet(['store', 'copy', first, 'nowhere:', '--yes'], environment);
  assert.equal(same.code, 2, same.text);
});

test('what the other store says otherwise stays, and is told', async (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'limpet-copy-'));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  const environment = { LIMPET_STATE: join(folder, 'state/host.json') };
  const urls = ['first', 'second'].map((name) => `file://${folder}/${name}`) as [string, string];
  for (const [at, url] of urls.entries()) {
    const service = await AllocatorService.open(await openStore(url, { node: 'n' }));
    const net = await service.subnet(CIDR);
    for (const identity of at === 0 ? ['a', 'b', 'c'] : ['b', 'a']) await net.allocate(identity, { node: 'n' });
    await service.close();
  }
  const { code, text } = await limpet(['store', 'copy', ...urls, '--yes'], environment);
  assert.equal(code, 1, text);
  assert.match(text, /a has 10\.77\.0\.2 there, not 10\.77\.0\.1/);
  const service = await AllocatorService.open(await openStore(urls[1], { node: 'n' }));
  const net = service.find(CIDR);
  const addresses = ['a', 'b', 'c'].map((identity) => net?.lookup(identity)?.address);
  await service.close();
  assert.deepEqual(addresses, ['10.77.0.2', '10.77.0.1', '10.77.0.3']);
});
