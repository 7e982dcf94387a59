// The one boundary to the core: only src/host/boundary knows the memory and the calls, and swapped arguments do not
// compile.

import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Calls, IdentityLength, SubnetId, WindowLength, WindowOffset } from '../../src/host/boundary/calls.js';
import type { CoreSubnet } from '../../src/host/boundary/subnet.js';

const HOST = new URL('../../src/host/', import.meta.url).pathname;
const BOUNDARY = /\b(DataView|Uint32Array|getBigUint64|setUint32|WebAssembly\.Memory|_[a-z]+\()/;

test('no other file of src/host reads or writes numbers in memory, or calls an export', async () => {
  for (const name of await readdir(HOST, { recursive: true })) {
    if (!name.endsWith('.ts') || name.startsWith('boundary/') || name.startsWith('generated/')) continue;
    const found = BOUNDARY.exec(await readFile(join(HOST, name), 'utf8'));
    assert.equal(found, null, `${name} has ${found?.[0]}`);
  }
});

test('swapped arguments do not compile', () => {
  // Never called: the compiler is what is tested.
  const never = (calls: Calls, subnet: CoreSubnet, id: SubnetId, identity: IdentityLength) => {
    calls.allocate(id, identity);
    // @ts-expect-error the subnet's number comes first
    calls.allocate(identity, id);
    // @ts-expect-error a number is no subnet
    calls.hold(0);
    // @ts-expect-error the offset comes first
    calls.rebuild_scan_array(id, 5 as WindowLength, 0 as WindowOffset);
    // @ts-expect-error an identity is no ordinal
    subnet.bind(7, 'web.1');
    // @ts-expect-error a time is named
    subnet.reclaimOldest(7);
  };
  assert.equal(typeof never, 'function');
});
