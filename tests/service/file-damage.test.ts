// A journal cut at every byte of its last records is recovered, and says so; a bit flipped anywhere is refused, by file
// and offset, and nothing is changed. Both in journals and in snapshots.

import assert from 'node:assert/strict';
import { basename } from 'node:path';
import { before, describe, test } from 'node:test';
import type { Change, Store, SubnetKey } from '../../src/service/store.js';
import { tableCrc32 } from '../../src/stores/file/crc32.js';
import { filesOf, freshFolder, putFiles, recordsOf } from './file-folders.js';
import { FileStore, type LimpetError } from './library.js';
import { commitTo, PlainState, readBack, specOf } from './plain-state.js';

const KEY: SubnetKey = { space: 'default', cidr: '10.0.0.0/24' };
const RECORDS = 24;

type Files = Record<string, Buffer>;

/** Some commits, and the state after each of them. */
async function fill(store: Store, state: PlainState, from: number, count: number): Promise<PlainState['subnets'][]> {
  const states = [structuredClone(state.subnets)];
  for (let i = from; i < from + count; i++) {
    const identity = `web.${i % 9}`;
    const changes: Change[][] = [
      [
        { op: 'bind', identity, address: `10.0.0.${(i % 9) + 1}` },
        { op: 'live', identity, node: 'n1' },
      ],
      [{ op: 'gone', identity, node: 'n1', time: 1_700_000_000_000 + i }],
      [{ op: 'hold', address: `10.0.0.${100 + i}` }],
    ];
    await commitTo(store, state, KEY, i === 0 ? [{ op: 'create', spec: specOf(KEY.cidr) }] : changes[i % 3]!);
    states.push(structuredClone(state.subnets));
  }
  return states;
}

async function refuses(folder: string, files: Files, file: string, from: number, to: number): Promise<void> {
  putFiles(folder, files);
  const state = new PlainState();
  let refused: { code?: string; message: string; details: { file: string; offset: number } } | undefined;
  const store = new FileStore(folder);
  await store.open(state).catch((error) => {
    refused = error;
  });
  if (refused === undefined) await store.close();
  assert.equal(refused?.code, 'DAMAGED', `opened, or failed otherwise: ${refused}`);
  const { offset } = refused.details;
  assert.equal(basename(refused.details.file), file, refused.message);
  assert.ok(offset >= from && offset <= to, `${refused.message}: not within ${from} to ${to}`);
  assert.ok(refused.message.includes(`${file} is damaged at offset ${offset}`), refused.message);
  assert.deepEqual(filesOf(folder), files, 'nothing was changed');
  assert.deepEqual(state.events, []);
}

describe('a journal', () => {
  const folder = freshFolder();
  const name = '00000001.journal';
  let files: Files;
  let journal: Buffer;
  let offsets: number[];
  let states: PlainState['subnets'][];

  before(async () => {
    const [store, state] = [new FileStore(folder), new PlainState()];
    await store.open(state);
    states = await fill(store, state, 0, RECORDS);
    await store.close();
    files = filesOf(folder);
    journal = files[name]!;
    offsets = recordsOf(journal);
    assert.equal(offsets.length, RECORDS + 1);
  });

  async function recovers(bytes: Buffer, records: number): Promise<void> {
    putFiles(folder, { ...files, [name]: bytes });
    const end = offsets[records]!;
    const state = await readBack(new FileStore(folder));
    assert.deepEqual(state.subnets, states[records]);
    if (bytes.length === end) {
      assert.deepEqual(state.alarms, []);
    } else {
      assert.equal(state.alarms.length, 1);
      const [{ level, details, message }] = state.alarms as [PlainState['alarms'][0]];
      assert.equal(level, 'warn');
      assert.deepEqual(
        { ...details, file: basename(details?.file as string) },
        {
          file: name,
          offset: end,
          bytes: bytes.length - end,
        },
      );
      assert.match(message, /torn/);
    }
    assert.deepEqual(filesOf(folder)[name], journal.subarray(0, end), 'the torn tail is cut off');
    const [store, again] = [new FileStore(folder), new PlainState()];
    await store.open(again);
    assert.deepEqual(again.alarms, [], 'and reported once');
    await commitTo(store, again, KEY, records === 0 ? [{ op: 'create', spec: specOf(KEY.cidr) }] : []);
    await store.close();
    assert.deepEqual((await readBack(new FileStore(folder))).subnets, again.subnets, 'what is written then comes back');
  }

  /** How many records are whole in so many bytes. */
  const whole = (length: number) => offsets.filter((offset) => offset <= length).length - 1;

  test('cut at every byte of its last three records keeps all before', async () => {
    for (let length = offsets[RECORDS - 3]!; length <= journal.length; length++) {
      await recovers(journal.subarray(0, length), whole(length));
    }
  });

  test('cut at every byte of its first record is empty again', async () => {
    for (let length = offsets[0]!; length < offsets[1]!; length++) await recovers(journal.subarray(0, length), 0);
  });

  test('cut in its header is refused: it was whole when it got its name', async () => {
    for (let length = 0; length < offsets[0]!; length++) {
      await refuses(folder, { ...files, [name]: journal.subarray(0, length) }, name, length, length);
    }
  });

  test('cut, and its tail zeros, is torn', async () => {
    const last = offsets[RECORDS - 1]!;
    for (let length = last; length <= journal.length; length += 3) {
      for (const zeros of [1, 12, 5000]) {
        await recovers(Buffer.concat([journal.subarray(0, length), Buffer.alloc(zeros)]), whole(length));
      }
    }
    // More than is read at once.
    const many = Buffer.alloc((1 << 20) + 17);
    for (const length of [last, last + 5, last + 40, journal.length])
      await recovers(Buffer.concat([journal.subarray(0, length), many]), whole(length));
  });

  test('with one bit flipped, any bit, is refused', async () => {
    let records = 0;
    for (let at = 0; at < journal.length; at++) {
      const record = Math.max(whole(at), 0);
      const [from, to] = at < offsets[0]! ? [0, offsets[0]!] : [offsets[record]!, offsets[record]!];
      if (at === from) records++;
      // Every bit of the header, of each head and of the last record; else one of each byte.
      const every = at < offsets[0]! || at - from < 12 || record === RECORDS - 1;
      for (let bit = every ? 0 : at & 7; bit <= (every ? 7 : at & 7); bit++) {
        const flipped = Buffer.from(journal);
        flipped[at]! ^= 1 << bit;
        await refuses(folder, { ...files, [name]: flipped }, name, from, to);
      }
    }
    assert.equal(records, RECORDS + 1);
  });

  test('with a bit flipped before a torn tail or before zeros is refused', async () => {
    const flipped = Buffer.from(journal);
    flipped[offsets[RECORDS - 1]! + 20]! ^= 4;
    const at = offsets[RECORDS - 1]!;
    await refuses(folder, { ...files, [name]: Buffer.concat([flipped, Buffer.alloc(5000)]) }, name, at, at);
    await refuses(folder, { ...files, [name]: Buffer.concat([flipped, journal.subarray(at, at + 20)]) }, name, at, at);
  });

  test('with zeros or garbage, or a record missing or twice, is refused', async () => {
    const middle = offsets[10]!;
    const holed = Buffer.from(journal);
    holed.fill(0, middle, middle + 40);
    await refuses(folder, { ...files, [name]: holed }, name, middle, middle);
    const garbage = Buffer.concat([journal, Buffer.from('garbage that is longer than a head')]);
    await refuses(folder, { ...files, [name]: garbage }, name, journal.length, journal.length);
    const [from, to] = [offsets[10]!, offsets[11]!];
    const missing = Buffer.concat([journal.subarray(0, from), journal.subarray(to)]);
    await refuses(folder, { ...files, [name]: missing }, name, from, from);
    const twice = Buffer.concat([journal.subarray(0, to), journal.subarray(from)]);
    await refuses(folder, { ...files, [name]: twice }, name, to, to);
  });

  test('of another generation, kind or version is refused', async () => {
    await refuses(folder, { lock: Buffer.alloc(0), '00000002.journal': journal }, '00000001.journal', 0, 0);
    const renamed = { '00000002.journal': journal, ...files };
    await refuses(folder, renamed, '00000002.journal', 12, 12);
    await refuses(folder, { ...files, '00000001.snapshot': journal }, '00000001.snapshot', 0, 0);
    const future = Buffer.from(journal);
    future[8] = 3;
    await refuses(folder, { ...files, [name]: future }, name, 8, 8);
    await assert.rejects(
      new FileStore(folder).open(new PlainState()),
      /its format version is 3, and this release reads 2, if that number can be trusted/,
    );
  });

  test('of the version before is refused, with what was found and what to do', async () => {
    const old = Buffer.from(journal);
    old[8] = 1;
    old.writeUInt32LE(tableCrc32(old.subarray(0, 24), 0), 24);
    putFiles(folder, { ...files, [name]: old });
    await assert.rejects(new FileStore(folder).open(new PlainState()), (error: LimpetError) => {
      assert.deepEqual([error.code, error.details.version], ['DAMAGED', 1]);
      assert.match(
        error.message,
        /00000001\.journal is of format version 1, and this release reads and writes 2 alone/,
      );
      assert.match(error.message, /Go on with the release that wrote it, or give this one an empty folder/);
      return true;
    });
    assert.ok(filesOf(folder)[name]!.equals(old), 'nothing was changed');
  });
});

describe('a folder of several files', () => {
  const folder = freshFolder();
  let files: Files;
  let subnets: PlainState['subnets'];

  /** Generation 2 with its snapshot, and journals 2 and 3: the snapshot of generation 3 could not be written. */
  before(async () => {
    const [store, state] = [new FileStore(folder, { compactAfter: 1500 }), new PlainState()];
    await store.open(state);
    await fill(store, state, 0, RECORDS);
    await store.close();
    assert.deepEqual(Object.keys(filesOf(folder)), ['00000002.journal', '00000002.snapshot', 'lock']);
    await store.open(state);
    state.dump = function* () {
      const full = () => {
        throw new Error('no room for a snapshot');
      };
      yield { spec: specOf(KEY.cidr), users: [], snapshot: { length: 1, subarray: full } as never, live: [] };
    };
    subnets = (await fill(store, state, RECORDS, 30)).at(-1)!;
    await store.close();
    assert.deepEqual(
      state.alarms.map(({ level, message }) => [level, /no snapshot was written.*no room/.test(message)]),
      [['warn', true]],
    );
    assert.deepEqual(Object.keys(filesOf(folder)), [
      '00000002.journal',
      '00000002.snapshot',
      '00000003.journal',
      'lock',
    ]);
    files = filesOf(folder);
  });

  test('is whole', async () => {
    putFiles(folder, files);
    const state = await readBack(new FileStore(folder));
    assert.deepEqual(state.subnets, subnets);
  });

  test('with the older journal cut, torn or missing is refused', async () => {
    const [old, young] = ['00000002.journal', '00000003.journal'];
    const journal = files[old]!;
    for (let length = 28; length < journal.length; length++) {
      await refuses(folder, { ...files, [old]: journal.subarray(0, length) }, old, 28, length);
    }
    for (const missing of [old, young]) {
      const { [missing]: _, ...rest } = files;
      // The youngest one leaves no trace, unless a snapshot says that it should be there.
      if (missing === young) rest['00000003.snapshot'] = Buffer.alloc(0);
      await refuses(folder, rest, missing === young ? '00000003.snapshot' : missing, 0, 0);
    }
    const { '00000002.snapshot': _, ...rest } = files;
    await refuses(folder, rest, '00000001.journal', 0, 0);
  });

  test('with one bit of the snapshot flipped is refused', async () => {
    const name = '00000002.snapshot';
    const snapshot = files[name]!;
    const offsets = recordsOf(snapshot);
    for (let at = 0; at < snapshot.length; at++) {
      const flipped = Buffer.from(snapshot);
      flipped[at]! ^= 1 << (at & 7);
      const from = offsets.filter((offset) => offset <= at).at(-1) ?? 0;
      await refuses(folder, { ...files, [name]: flipped }, name, from, from === 0 ? 28 : from);
    }
  });

  test('with the snapshot cut anywhere, or longer, is refused', async () => {
    const name = '00000002.snapshot';
    const snapshot = files[name]!;
    for (let length = 0; length < snapshot.length; length++) {
      await refuses(folder, { ...files, [name]: snapshot.subarray(0, length) }, name, 0, length);
    }
    const longer = Buffer.concat([snapshot, Buffer.alloc(1)]);
    await refuses(folder, { ...files, [name]: longer }, name, recordsOf(snapshot).at(-2)!, snapshot.length);
  });
});
