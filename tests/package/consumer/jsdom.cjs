// A consumer that requires every entry for browsers, as Jest does where its environment is jsdom.
const assert = require('node:assert/strict');
const vm = require('node:vm');

// jsdom has no coders, and its bytes are of another realm.
delete globalThis.TextEncoder;
delete globalThis.TextDecoder;
const { Identity, Limpet } = require('limpet');

async function main() {
  assert.match(require.resolve('limpet'), /browser.index\.cjs$/);
  for (const entry of ['module', 'service', 'swarm', 'simulator'])
    assert.match(
      require.resolve(`limpet/${entry}`),
      new RegExp(`browser.${entry}\\.cjs$`),
      Object.keys(require(`limpet/${entry}`)).join(),
    );
  assert.equal(require('limpet/module').LimpetError, require('limpet').LimpetError, 'both entries throw one class');
  const limpet = await Limpet.load();
  assert.equal(limpet.subnet('10.0.0.0/24', { gateway: '10.0.0.1' }).allocate('web.3'), '10.0.0.2');
  const net = limpet.subnet('10.0.0.0/24');
  assert.equal(net.allocate('é.1'), '10.0.0.1');
  assert.equal(net.allocate(new Identity('é.1')), '10.0.0.1');
  assert.equal(net.owner('10.0.0.1'), 'é.1');
  const bytes = vm.runInNewContext('Uint8Array.from(list)', { list: [...net.snapshot()] });
  assert.equal(limpet.restore(bytes).owner('10.0.0.1'), 'é.1');
  assert.equal(net.rebuild('[{"identity":"\\u0061.é","address":"10.0.0.9","state":"live"}]').scanned.host, 1);
  assert.equal(net.owner('10.0.0.9'), 'a.é');
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
