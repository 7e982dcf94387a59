// `limpet install` that fails takes back what it has made itself, and nothing else.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { Host } from './host.js';

const ALREADY = 'limpet: docker plugin create: plugin limpet:latest already exists\n';
const ENABLED = 'limpet: docker plugin enable: plugin limpet:latest is already enabled\n';

let host: Host;
beforeEach(() => {
  host = new Host();
});
afterEach(() => host.end());

for (const step of ['plugin set', 'plugin enable']) {
  test(`${step} fails: the plugin is taken back`, async () => {
    host.refuse(step);
    const failed = await host.install('LIMPET_LOG_LEVEL=debug');
    assert.equal(failed.code, 1, failed.out);
    assert.match(
      failed.err,
      /^Nothing is installed\. To go on: limpet install .*LIMPET_LOG_LEVEL=debug\nlimpet: docker /,
    );
    assert.deepEqual([host.plugin(), host.kept(), host.leftOvers()], [undefined, [], []]);
  });
}

test('of two at once the one that comes late leaves the plugin of the other alone', async () => {
  host.hold('plugin create');
  const late = host.startInstall('LIMPET_LOG_LEVEL=trace');
  await host.isHeld();
  assert.equal((await host.install('LIMPET_LOG_LEVEL=debug')).code, 0);
  const plugin = host.plugin();
  host.goOn();
  const said = await late.ended;
  assert.deepEqual([said.code, said.err], [1, ALREADY]);
  assert.deepEqual([host.plugin(), host.kept(), host.leftOvers()], [plugin, [], []]);
});

test('one that was put in the place of its own is left alone, too', async () => {
  host.hold('plugin enable');
  const late = host.startInstall('LIMPET_LOG_LEVEL=trace');
  await host.isHeld();
  assert.equal((await host.limpet('upgrade', 'LIMPET_LOG_LEVEL=debug')).code, 0);
  const plugin = host.plugin();
  host.goOn();
  const said = await late.ended;
  assert.deepEqual([said.code, said.err], [1, ENABLED]);
  assert.deepEqual([host.plugin(), host.kept(), host.leftOvers()], [plugin, [], []]);
});
