// `limpet upgrade` that is cut off between the old plugin and the new one: by a signal, a pipe that closes, Docker or a
// kill. The settings are never lost, and what goes on from there has them.
import assert from 'node:assert/strict';
import { chmodSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { Host } from './host.js';

let host: Host;
beforeEach(() => {
  host = new Host();
});
afterEach(() => host.end());

const FILE = 'upgrade-limpet-ABCD-EFGH.json';

async function installed(...settings: string[]): Promise<void> {
  const { code, err } = await host.install('LIMPET_LOG_LEVEL=debug', 'LIMPET_NODE=it’s me', ...settings);
  assert.equal(code, 0, err);
  assert.deepEqual(host.kept(), []);
}

function assertServes(): void {
  assert.equal(host.plugin()?.Enabled, true);
  assert.equal(host.setting('LIMPET_LOG_LEVEL'), 'debug');
  assert.equal(host.setting('LIMPET_NODE'), 'it’s me');
  assert.deepEqual(host.kept(), []);
  assert.deepEqual(host.leftOvers(), []);
}

for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM'] as const) {
  test(`${signal} between rm and set: the steps go on to their end, and the signal ends the process`, async () => {
    await installed();
    host.hold('plugin create');
    const { child, ended } = host.start('upgrade');
    await host.isHeld();
    process.kill(-(child.pid as number), signal); // as a terminal does: all of its job
    await new Promise((resolve) => setTimeout(resolve, 200));
    host.goOn();
    const said = await ended;
    assert.equal(said.signal, signal, said.err);
    assert.match(said.err, new RegExp(`^limpet: ${signal}: first the steps go on to their end\n$`));
    assert.match(said.out, /with the settings it had\.\n$/);
    assertServes();
  });
}

test('a closed standard output does not end it between the steps', async () => {
  await installed();
  host.hold('plugin rm');
  const { child, ended } = host.start('upgrade');
  await host.isHeld();
  child.stdout?.destroy(); // `| head -1`
  host.goOn();
  const said = await ended;
  assert.deepEqual([said.code, said.err], [0, '']);
  assertServes();
});

test('a failure is told when standard output is closed and a signal came, too', async () => {
  await installed();
  host.hold('plugin rm');
  host.refuse('plugin set');
  const { child, ended } = host.start('upgrade');
  await host.isHeld();
  child.stdout?.destroy();
  child.kill('SIGTERM');
  host.goOn();
  const { err } = await ended;
  assert.match(err, /To go on: limpet upgrade .*LIMPET_LOG_LEVEL=debug/);
  assert.match(err, /limpet: docker plugin set: plugin set is refused/);
  assert.deepEqual(host.leftOvers(), []);
});

for (const step of ['plugin set', 'plugin enable']) {
  test(`${step} fails: the settings are in a file, and the next upgrade has them`, async () => {
    await installed();
    host.refuse(step);
    const failed = await host.limpet('upgrade', 'LIMPET_HOME_WAIT=4s');
    assert.equal(failed.code, 1, failed.out);
    assert.match(failed.err, /^The new one is not enabled\. To go on: limpet upgrade /);
    assert.match(failed.err, / LIMPET_LOG_LEVEL=debug /);
    assert.match(failed.err, / 'LIMPET_NODE=it’s me' /);
    assert.match(failed.err, / LIMPET_HOME_WAIT=4s\nlimpet: docker plugin /);
    assert.deepEqual([host.kept(), host.leftOvers()], [[FILE], []]);
    assert.equal(statSync(join(host.state, FILE)).mode & 0o777, 0o600);
    host.refuse();
    const again = await host.limpet('upgrade');
    assert.equal(again.code, 0, again.err);
    assert.match(again.out, /^An install or upgrade of limpet was cut off\. Its settings are taken from .*\.json\n/);
    assert.match(again.out, /with the settings that were kept for it\.\n$/);
    assert.equal(host.setting('LIMPET_HOME_WAIT'), '4s');
    assertServes();
  });
}

test('plugin create fails: the old one is gone, and install or upgrade has its settings', async () => {
  for (const command of ['install', 'upgrade']) {
    host.end();
    host = new Host();
    await installed();
    host.refuse('plugin create');
    const failed = await host.limpet('upgrade');
    assert.match(failed.err, /^The old one is gone\. To go on: limpet install .*LIMPET_LOG_LEVEL=debug/);
    assert.equal(host.plugin(), undefined);
    host.refuse();
    const again = await host.limpet(command);
    assert.equal(again.code, 0, again.err);
    assertServes();
  }
});

test('plugin rm fails: the old one has its settings, and no file stays', async () => {
  await installed();
  host.refuse('plugin rm');
  const failed = await host.limpet('upgrade');
  assert.match(failed.err, /^The old one is still there, disabled\. To go on: limpet upgrade .*LIMPET_LOG_LEVEL=debug/);
  assert.deepEqual([host.kept(), host.leftOvers()], [[], []]);
  host.refuse();
  assert.equal((await host.limpet('upgrade')).code, 0);
  assertServes();
});

test('a kill between rm and set: the file has the settings; what is given again counts more', async () => {
  await installed();
  host.hold('plugin set');
  const { child, ended } = host.start('upgrade', 'LIMPET_HOME_WAIT=4s');
  await host.isHeld();
  child.kill('SIGKILL');
  assert.deepEqual(host.kept(), [FILE]);
  await ended;
  const again = await host.limpet('upgrade', 'LIMPET_HOME_WAIT=7s');
  assert.equal(again.code, 0, again.err);
  assert.equal(host.setting('LIMPET_LOG_LEVEL'), 'debug');
  assert.equal(host.setting('LIMPET_HOME_WAIT'), '7s');
  assert.deepEqual(host.kept(), []);
});

test('the command that goes on names the plugin', async () => {
  assert.equal((await host.install('--name', 'other', 'LIMPET_LOG_LEVEL=debug')).code, 0);
  host.refuse('plugin create');
  const { err } = await host.limpet('upgrade', '--name', 'other', 'LIMPET_HOME_WAIT=4s');
  assert.match(err, /To go on: limpet install --name other .*LIMPET_LOG_LEVEL=debug .*LIMPET_HOME_WAIT=4s\n/);
});

test('where the settings cannot be kept, nothing is removed', async () => {
  await installed();
  const before = host.plugin();
  chmodSync(host.state, 0o777);
  const failed = await host.limpet('upgrade');
  assert.equal(failed.code, 2, failed.out);
  assert.match(failed.err, /may be written by others, who could choose the settings/);
  assert.deepEqual(host.plugin(), before);
  chmodSync(host.state, 0o700);
  writeFileSync(join(host.state, FILE), '{"version":2}');
  assert.match((await host.limpet('upgrade')).err, /upgrade-limpet-ABCD-EFGH\.json has no settings that this release/);
  assert.deepEqual([host.plugin(), host.leftOvers()], [before, []]);
});

test('a dry run keeps nothing, and uninstall ends what was kept', async () => {
  await installed();
  const dry = await host.limpet('upgrade', '--dry-run');
  assert.match(dry.out, /# keep the settings in .*\ndocker plugin disable/);
  assert.deepEqual([host.kept(), host.leftOvers()], [[], []]);
  host.refuse('plugin set');
  await host.limpet('upgrade');
  assert.deepEqual(host.kept(), [FILE]);
  assert.equal((await host.limpet('uninstall')).code, 0);
  assert.deepEqual([host.plugin(), host.kept()], [undefined, []]);
});
