// What `npm run lint` says of a lock file.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { faultsOf } from '../../scripts/lint/lock-files.js';

const integrity = `sha512-${'A'.repeat(86)}==`;
const lockFile = (entry: object) => JSON.stringify({ packages: { '': { name: 'x' }, 'node_modules/a': entry } });

test('a package with its hash and without a host is as it should be', () => {
  assert.deepEqual(faultsOf(lockFile({ version: '1.0.0', integrity })), []);
  assert.deepEqual(faultsOf(lockFile({ link: true })), []);
});

test('one without a hash, with a weaker one, or with a host is told', () => {
  assert.match(faultsOf(lockFile({ version: '1.0.0' })).join(), /node_modules\/a has no integrity/);
  assert.match(faultsOf(lockFile({ integrity: 'sha1-AAAAAAAAAAAAAAAAAAAAAAAAAAA=' })).join(), /no integrity/);
  const resolved = 'https://registry.invalid/a/-/a-1.0.0.tgz';
  assert.match(faultsOf(lockFile({ integrity, resolved })).join(), /names a host: https:\/\/registry\.invalid/);
});
