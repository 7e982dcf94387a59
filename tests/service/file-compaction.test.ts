// Snapshots: nothing is lost while one is written, at whatever step the process or the disk gives up.

import assert from 'node:assert/strict';
import fsPromises from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { basename } from 'node:path';
import { describe, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import type { Change, SubnetKey } from '../../src/service/store.js';
import { filesOf, freshFolder, putFiles } from './file-folders.js';
import { FileStore } from './library.js';
import { commitTo, PlainState, readBack, specOf } from './plain-state.js';

const KEY: SubnetKey = { space: 'default', cidr: '10.0.0.0/16' };

/** Changes that follow from a number. */
function changes(i: number): Change[] {
  const identity = `web.${i % 50}`;
  const node = `n${i % 3}`;
  if (i === 0) return [{ op: 'create', spec: specOf(KEY.cidr) }];
  if (i % 5 === 4) return [{ op: 'gone', identity, node, time: 1_700_000_000_000 + i }];
  if (i % 7 === 6) return [{ op: 'hold', address: `10.0.1.${i & 255}` }];
  return [
    { op: 'bind', identity, address: `10.0.0.${i % 50}` },
    { op: 'live', identity, node },
  ];
}

const STEPS = ['open', 'rename', 'rm', 'mkdir'] as const;

/** Calls `before` ahead of every call that changes the folder; what it throws, the call throws. */
async function intercepted(before: (step: string, path: string) => void, action: () => Promise<void>): Promise<void> {
  const original = { ...fsPromises };
  const calls = fsPromises as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>;
  for (const step of STEPS) {
    const call = calls[step]!;
    calls[step] = async (...args) => {
      before(step, String(args[0]));
      const result = await call(...args);
      if (step === 'open') interceptFile(result as Record<string, unknown>, String(args[0]), before);
      return result;
    };
  }
  syncBuiltinESMExports();
  try {
    await action();
  } finally {
    Object.assign(fsPromises, original);
    syncBuiltinESMExports();
  }
}

function interceptFile(file: Record<string, unknown>, path: string, before: (step: string, path: string) => void) {
  for (const step of ['writeFile', 'sync'] as const) {
    const call = file[step] as (...args: unknown[]) => Promise<unknown>;
    file[step] = async (...args: unknown[]) => {
      before(step, path);
      return call.apply(file, args);
    };
  }
}

describe('snapshots', () => {
  test('take the place of the journal, again and again, under load', async () => {
    const folder = freshFolder();
    const [store, state] = [new FileStore(folder, { compactAfter: 2000 }), new PlainState()];
    await store.open(state);
    await commitTo(store, state, KEY, changes(0));
    await Promise.all(
      Array.from({ length: 8 }, async (_, caller) => {
        for (let i = 0; i < 150; i++) {
          const identity = `${caller}.${i}`;
          await commitTo(store, state, KEY, [
            { op: 'bind', identity, address: `10.0.${caller}.${i}` },
            { op: 'live', identity, node: 'n' },
          ]);
        }
      }),
    );
    await store.close();
    const names = Object.keys(filesOf(folder));
    assert.equal(names.length, 3, `${names}: one journal, its snapshot and the lock`);
    assert.ok(Number.parseInt(names[0]!, 10) > 5, `${names}`);
    assert.deepEqual(state.alarms, []);
    assert.deepEqual((await readBack(new FileStore(folder))).subnets, state.subnets);
  });

  test('hold every subnet, and live lists of any length', async () => {
    const folder = freshFolder();
    const [store, state] = [new FileStore(folder, { compactAfter: 6_000_000 }), new PlainState()];
    await store.open(state);
    const empty: SubnetKey = { space: 'other', cidr: 'fd00::/64' };
    await commitTo(store, state, empty, [{ op: 'create', spec: specOf(empty.cidr, empty.space) }]);
    await commitTo(store, state, KEY, changes(0));
    const many = Array.from({ length: 50_000 }, (_, i): Change[] => {
      const identity = `a-rather-long-name-of-a-service-ü.${i}`;
      return [
        { op: 'bind', identity, address: `10.0.${i >> 8}.${i & 255}` },
        { op: 'live', identity, node: `node-${i % 3}` },
      ];
    }).flat();
    await commitTo(store, state, KEY, many);
    await commitTo(store, state, KEY, [{ op: 'live', identity: 'a-rather-long-name-of-a-service-ü.7', node: 'x' }]);
    await store.close();
    assert.deepEqual(Object.keys(filesOf(folder)), ['00000002.journal', '00000002.snapshot', 'lock']);
    assert.deepEqual((await readBack(new FileStore(folder))).subnets, state.subnets);
  });

  test('are taken after a start that read a long journal', async () => {
    const folder = freshFolder();
    let [store, state] = [new FileStore(folder), new PlainState()];
    await store.open(state);
    for (let i = 0; i < 50; i++) await commitTo(store, state, KEY, changes(i));
    await store.close();
    [store, state] = [new FileStore(folder, { compactAfter: 1000 }), new PlainState()];
    await store.open(state);
    assert.equal('00000001.journal' in filesOf(folder), true);
    await commitTo(store, state, KEY, changes(50));
    await store.close();
    assert.deepEqual(Object.keys(filesOf(folder)), ['00000002.journal', '00000002.snapshot', 'lock']);
    assert.deepEqual((await readBack(new FileStore(folder))).subnets, state.subnets);
  });
});

describe('a crash', () => {
  test('at any step of a snapshot leaves all that was answered', async () => {
    const [folder, copy] = [freshFolder(), freshFolder()];
    const [store, state] = [new FileStore(folder, { compactAfter: 1500 }), new PlainState()];
    const crashes: { step: string; files: Record<string, Buffer>; answered: number }[] = [];
    const states = [structuredClone(state.subnets)];
    await store.open(state);
    const crash = (step: string, path: string) =>
      crashes.push({ step: `${step} ${basename(path)}`, files: filesOf(folder), answered: states.length - 1 });
    await intercepted(crash, async () => {
      for (let i = 0; i < 90; i++) {
        await commitTo(store, state, KEY, changes(i));
        states.push(structuredClone(state.subnets));
      }
      await store.close();
    });
    const seen = new Set(crashes.map(({ step }) => step));
    for (const step of [
      'writeFile 00000002.journal.tmp',
      'sync 00000002.journal.tmp',
      'rename 00000002.journal.tmp',
      'open 00000002.snapshot.tmp',
      'writeFile 00000002.snapshot.tmp',
      'sync 00000002.snapshot.tmp',
      'rename 00000002.snapshot.tmp',
      'rm 00000001.journal',
      'rm 00000002.snapshot',
    ]) {
      assert.ok(seen.has(step), `${step} is among ${[...seen].join(', ')}`);
    }
    for (const { step, files, answered } of crashes) {
      // What was being written under a temporary name may be there in part.
      const [temporary] = Object.keys(files).filter((name) => name.endsWith('.tmp'));
      const cuts = temporary === undefined ? [0] : [0, 1, 40, files[temporary]!.length];
      for (const cut of cuts) {
        putFiles(copy, temporary === undefined ? files : { ...files, [temporary]: files[temporary]!.subarray(0, cut) });
        const back = await readBack(new FileStore(copy));
        // The commit that is being written may be there already.
        const next = states[answered + 1];
        const ahead = next !== undefined && isDeepStrictEqual(back.subnets, next);
        assert.deepEqual(back.subnets, ahead ? next : states[answered], step);
        assert.deepEqual(back.alarms, []);
        assert.ok(!Object.keys(filesOf(copy)).some((name) => name.endsWith('.tmp')), 'what is of no use is removed');
      }
    }
  });
});

describe('a disk that refuses a step of a snapshot', () => {
  // 1 to the number of calls; each call refused in turn.
  test('leaves the store as it was, and it goes on', async () => {
    let refusals = 0;
    for (let refused = 1; ; refused++) {
      const folder = freshFolder();
      const [store, state] = [new FileStore(folder, { compactAfter: 1500 }), new PlainState()];
      await store.open(state);
      let calls = 0;
      let which = '';
      const refuse = (step: string, path: string) => {
        if (++calls !== refused) return;
        which = `${step} ${basename(path)}`;
        throw Object.assign(new Error(`ENOSPC: no space left on device, ${step}`), { code: 'ENOSPC', syscall: step });
      };
      await intercepted(refuse, async () => {
        for (let i = 0; i < 90; i++) await commitTo(store, state, KEY, changes(i));
        await store.close();
      });
      assert.deepEqual((await readBack(new FileStore(folder))).subnets, state.subnets, which);
      if (which === '') break;
      refusals++;
      if (state.alarms.length === 0) continue;
      assert.equal(state.alarms.length, 1, which);
      assert.match(state.alarms[0]!.message, /no snapshot was written/);
      // The next one succeeds, whatever this one left behind.
      const again = new PlainState();
      const next = new FileStore(folder, { compactAfter: 100 });
      await next.open(again);
      await commitTo(next, again, KEY, changes(91));
      await next.close();
      assert.deepEqual(again.alarms, [], which);
      assert.equal(Object.keys(filesOf(folder)).length, 3, `${which}: ${Object.keys(filesOf(folder))}`);
      assert.deepEqual((await readBack(new FileStore(folder))).subnets, again.subnets, which);
    }
    assert.ok(refusals > 15, `${refusals} steps`);
  });
});
