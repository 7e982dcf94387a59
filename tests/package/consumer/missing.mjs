// A consumer that has none of the packages that single stores need: each entry can be loaded, and opening its store
// says what to install. By import and by require.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { AllocatorService } from 'limpet/service';

const require = createRequire(import.meta.url);
const stores = {
  'limpet/etcd-store': [({ EtcdStore }) => new EtcdStore({ endpoints: ['http://127.0.0.1:1'], node: 'n' }), 'etcd3'],
  'limpet/file-store': [({ FileStore }) => new FileStore('state'), 'fs-native-extensions'],
};
for (const [entry, [make, name]] of Object.entries(stores)) {
  for (const loaded of [await import(entry), require(entry)]) {
    await assert.rejects(AllocatorService.open(make(loaded)), ({ code, message }) => {
      assert.equal(code, 'UNAVAILABLE');
      assert.ok(message.endsWith(`the package ${name}, which is not installed: npm install ${name}`), message);
      return true;
    });
  }
}
