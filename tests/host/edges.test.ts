// The core at its edges: each test has the few calls by which a promise of docs/ABI.md was once broken.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Claim, IO, little, packed, RawCore } from '../core.js';
import { corePath, Limpet } from '../limpet.js';

const Status = {
  OK: 0,
  CHANGED: 1,
  HOST: 2,
  UNKNOWN: -5,
  BAD_INPUT: -6,
  NO_MEMORY: -7,
  BAD_STATE: -12,
  BAD_SNAPSHOT: -13,
};
const HELD = 3;
const FREE = 0;

const identities = (...names: string[]) =>
  Buffer.concat(names.map((name) => Buffer.concat([Buffer.from([name.length]), Buffer.from(name)])));

describe('a hold that ends between resolve and commit', () => {
  test('is not there after the commit', () => {
    const core = new RawCore(corePath);
    const id = core.subnet(4, 24);
    core.at('hold', id, 3);
    core.call('rebuild_begin', id);
    core.call('rebuild_resolve', id);
    assert.equal(core.at('unhold', id, 3), Status.CHANGED);
    assert.equal(core.call('rebuild_commit', id), Status.CHANGED);
    core.at('inspect', id, 3);
    assert.equal(core.state, FREE);
    core.call('subnet_stats', id);
    assert.equal(core.window[20], 0, 'none is counted as held');
  });

  test('comes back when it is held again, and one beside a binding ends too', () => {
    const core = new RawCore(corePath);
    const id = core.subnet(4, 24);
    core.ordinal = 5n;
    core.of('bind', id, 'a');
    core.at('rehold', id, 5);
    core.at('hold', id, 3);
    core.call('rebuild_begin', id);
    assert.equal(core.feed(id, [{ identity: 'a', ordinal: 5 }]), 0);
    core.call('rebuild_resolve', id);
    core.at('unhold', id, 3);
    core.at('hold', id, 3);
    core.at('unhold', id, 5);
    assert.equal(core.call('rebuild_commit', id), Status.CHANGED);
    core.at('inspect', id, 3);
    assert.equal(core.state, HELD);
    assert.equal(core.at('unhold', id, 5), -9);
  });
});

for (const prefix of [16, 64]) {
  const version = prefix === 64 ? 6 : 4;
  const ordinal = 60_000;

  describe(`a hold that a claim has lost to ends in a /${prefix}`, () => {
    function begin() {
      const core = new RawCore(corePath);
      const id = core.subnet(version, prefix);
      core.call('rebuild_begin', id);
      assert.equal(core.feed(id, [{ identity: 'web.1', ordinal }]), 0);
      core.at('hold', id, ordinal);
      core.call('rebuild_resolve', id);
      assert.equal(core.at('unhold', id, ordinal), Status.CHANGED);
      return { core, id };
    }

    test('the conflict names its ordinal, which is free by then', () => {
      const { core, id } = begin();
      assert.equal(core.call('rebuild_conflict', id), Status.OK);
      assert.equal(core.ordinal, BigInt(ordinal));
      assert.equal(core.state, FREE);
    });

    test('nothing of it is left after the commit', () => {
      const { core, id } = begin();
      assert.equal(core.call('rebuild_commit', id), Status.CHANGED);
      core.ordinal = 0n;
      assert.equal(core.call('next', id), Status.UNKNOWN);
      assert.equal(core.at('hold', id, ordinal), Status.CHANGED);
    });
  });
}

describe('allocate_many', () => {
  test('answers BAD_INPUT before it has allocated anything', () => {
    const core = new RawCore(corePath);
    const id = core.subnet(4, 24);
    const before = core.snapshot(id);
    core.window.set(identities('one', 'two'));
    core.window[4] = 200; // the second one runs into the results
    assert.equal(core.call('allocate_many', id, 2, 8), Status.BAD_INPUT);
    assert.equal(core.call('allocate_many', id, 3, 8), Status.BAD_INPUT);
    assert.ok(core.snapshot(id).equals(before));
  });

  test('tells an empty identity by its own status, and serves the others', () => {
    const core = new RawCore(corePath);
    const id = core.subnet(4, 24);
    core.window.set(identities('one', '', 'two'));
    assert.equal(core.call('allocate_many', id, 3, 16), Status.OK);
    const statuses = [0, 1, 2].map((n) =>
      new DataView(core.window.buffer, core.window.byteOffset).getInt32(32 + 24 * n, true),
    );
    assert.deepEqual(statuses, [Status.CHANGED, Status.BAD_INPUT, Status.CHANGED]);
  });
});

test('a scan leaves what stands behind its text', () => {
  const core = new RawCore(corePath);
  const id = core.subnet(4, 24);
  const lines = ['a', 'b'].map((name, n) => `{"identity":"${name}","address":"0.0.0.${n}","state":"live"}\n`);
  core.call('rebuild_begin', id);
  core.window.set(Buffer.from(lines.join('')));
  const [first, both] = [lines[0]!.length, lines.join('').length];
  assert.equal(core.call('rebuild_scan_lines', id, 0, first), Status.OK);
  assert.equal(Buffer.from(core.window.subarray(0, both)).toString(), lines.join(''));
  assert.equal(core.call('rebuild_scan_lines', id, first, both), Status.OK);
  assert.equal(core.io.getUint32(IO.length, true), 1);
  core.window.fill(0x20, 0, 65536);
  assert.equal(core.call('rebuild_scan_lines', id, 0, 65536), Status.OK, 'to the very end of the window');
});

test('at the limit of the memory, what is reclaimed makes room for as many again', () => {
  const core = new RawCore(corePath);
  const id = core.subnet(4, 8);
  core.call('set_memory_limit', core.pages);
  let count = 0;
  while (core.of('allocate', id, `task.${count}`) === Status.CHANGED) count++;
  assert.ok(count > 500);
  assert.equal(core.of('allocate', id, 'one more'), Status.NO_MEMORY);
  for (let n = 0; n < count; n++) {
    assert.equal(core.of('release', id, `task.${n}`), Status.CHANGED);
    assert.equal(core.of('reclaim', id, `task.${n}`), Status.CHANGED);
  }
  for (let n = 0; n < count; n++) {
    core.ordinal = BigInt(n);
    assert.equal(core.of('bind', id, `task.${n}`), Status.CHANGED, `${n} of ${count}`);
  }
});

describe('the hash key decides nothing', () => {
  const seeds = [0n, 1n, (1n << 127n) + 12345n, 0x0123456789abcdef_fedcba9876543210n];

  test('about memory: the same calls use as much and are refused at the same', () => {
    const told = seeds.map((seed) => {
      const core = new RawCore(corePath, seed);
      core.call('set_memory_limit', 14);
      const [narrow, wide] = [core.subnet(4, 8), core.subnet(6, 48)];
      const used: number[] = [];
      for (let n = 0; n < 12_000; n++) {
        const answer = n % 3 ? core.of('allocate', narrow, `task.${n}`) : core.at('hold', wide, BigInt(n) << 30n);
        if (n % 7 === 0) {
          core.of('release', narrow, `task.${n >> 1}`);
          core.of('reclaim', narrow, `task.${n >> 1}`);
        }
        used.push(answer, core.call('memory_used'));
      }
      assert.ok(used.includes(Status.NO_MEMORY));
      return used;
    });
    for (const used of told) assert.deepEqual(used, told[0]);
  });

  test('about words: what is taught last under one ID stands', () => {
    for (const seed of seeds) {
      const core = new RawCore(corePath, seed);
      const id = core.subnet(4, 24);
      core.call('rebuild_begin', id);
      const word = (kind: number, text: string, name: string) => {
        core.window.set(Buffer.from(text + name));
        assert.equal(core.call('rebuild_word', id, kind, text.length, name.length), Status.OK);
      };
      for (let n = 0; n < 50; n++) word(1, 'service1', `name${n}`);
      word(3, 'running', '');
      word(5, 'network1', '');
      // The same text may be a word of another kind.
      word(4, 'service1', '');
      const task = JSON.stringify([
        {
          ServiceID: 'service1',
          Slot: 2,
          Version: { Index: 1 },
          Status: { State: 'running' },
          DesiredState: 'running',
          NetworksAttachments: [{ Network: { ID: 'network1' }, Addresses: ['0.0.0.5/24'] }],
        },
      ]);
      core.window.set(Buffer.from(task));
      assert.equal(core.call('rebuild_scan_array', id, 0, task.length), Status.OK);
      core.call('rebuild_resolve', id);
      core.call('rebuild_commit', id);
      assert.equal(core.of('lookup', id, 'name49.2'), Status.OK);
    }
  });
});

describe('2^20 pages, which is as many as a wide subnet may have', () => {
  const PAGES = 1 << 20;
  const place = (n: number) => BigInt(n) << 50n;

  test('the ones that are there take more, a new one is refused, and the snapshot can be restored', () => {
    const core = new RawCore(corePath);
    const id = core.subnet(6, 32);
    for (let n = 0; n < PAGES; n++) assert.equal(core.at('hold', id, place(n)), Status.CHANGED);
    assert.equal(core.at('hold', id, place(PAGES)), Status.NO_MEMORY);
    assert.equal(core.at('hold', id, place(5) + 1n), Status.CHANGED);
    core.ordinal = place(6) + 1n;
    assert.equal(core.of('bind', id, 'a'), Status.CHANGED);
    const bytes = core.snapshot(id);
    core.call('subnet_destroy', id);
    const restored = core.restore(bytes);
    assert.ok(restored >= 0, `restoring answers ${restored}`);
    assert.equal(core.at('unhold', restored, place(7)), Status.CHANGED);
    assert.equal(core.at('hold', restored, place(PAGES)), Status.CHANGED, 'one for another');
  });

  test('a rebuild of so many is resolved and committed', () => {
    const core = new RawCore(corePath);
    const id = core.subnet(6, 32);
    core.call('rebuild_begin', id);
    for (let n = 0; n < PAGES; ) {
      const many = Array.from({ length: Math.min(1024, PAGES - n) }, () => ({ identity: `${n}`, ordinal: place(n++) }));
      assert.equal(core.feed(id, many), 0);
    }
    assert.equal(core.call('rebuild_resolve', id), Status.OK);
    assert.equal(core.call('rebuild_commit', id), Status.CHANGED);
    core.call('subnet_stats', id);
    assert.equal(new DataView(core.window.buffer, core.window.byteOffset).getUint32(12, true), PAGES);
  });
});

describe('no choice of ordinals is slow', () => {
  const COUNT = 30_000;
  let random = 1n;
  const anywhere = () => {
    random = BigInt.asUintN(128, random * 0x2360ed051fc65da44385df649fccf645n + 1n);
    return random >> 48n;
  };
  const choices: [string, (n: number) => bigint][] = [
    ['one in each /64', (n) => BigInt(n) << 64n],
    ['one in each page', (n) => BigInt(n) << 12n],
    ['one in each 128th page', (n) => BigInt(n) << 19n],
    ['both halves alike', (n) => (BigInt(n) << 64n) | (BigInt(n) << 40n)],
    ['descending', (n) => BigInt(COUNT - n) << 64n],
  ];

  /** Milliseconds to hold so many, and to list and let go of them. */
  function time(choose: (n: number) => bigint): number {
    const core = new RawCore(corePath, 77n);
    const id = core.subnet(6, 48);
    const chosen = Array.from({ length: COUNT }, (_, n) => choose(n));
    const started = performance.now();
    for (const ordinal of chosen) core.at('hold', id, ordinal);
    core.at('next', id, 0);
    for (const ordinal of chosen) core.at('unhold', id, ordinal);
    return performance.now() - started;
  }

  for (const [what, choose] of choices) {
    test(`${what}: at most twice as long as random ones`, () => {
      let best = Number.POSITIVE_INFINITY;
      for (let round = 0; round < 7 && best > 2; round++) {
        const base = time(anywhere);
        best = Math.min(best, time(choose) / base);
      }
      assert.ok(best <= 2, `${best.toFixed(2)} times as long`);
    });
  }

  test('the next used one is found at once, also after a page has been made', () => {
    const core = new RawCore(corePath);
    const id = core.subnet(6, 48);
    for (let n = 0; n < 100_000; n++) core.at('hold', id, anywhere());
    const started = performance.now();
    for (let n = 0; n < 1000; n++) {
      core.at('hold', id, anywhere());
      assert.equal(core.at('next', id, anywhere() >> 1n), Status.OK);
    }
    const spent = performance.now() - started;
    assert.ok(spent < 1000, `${(spent / 1000).toFixed(2)} ms for each pair; it was 84`);
  });
});

describe('a feed', () => {
  test('of which the last record is cut off claims nothing, and the rebuild goes on', () => {
    const core = new RawCore(corePath);
    const id = core.subnet(4, 24);
    core.call('rebuild_begin', id);
    const whole = packed({ identity: 'whole', ordinal: 1 });
    const bytes = Buffer.concat([whole, packed({ identity: 'cut', ordinal: 2 })]);
    core.window.set(bytes);
    for (const length of [bytes.length - 1, whole.length + 27, whole.length + 28, whole.length + 1, 65537]) {
      assert.equal(core.call('rebuild_feed', id, length), Status.BAD_INPUT, `${length} bytes`);
    }
    assert.deepEqual(Buffer.from(core.window.subarray(0, bytes.length)), bytes, 'no status was written');
    assert.equal(core.feed(id, [{ identity: 'other', ordinal: 3 }]), 0);
    core.call('rebuild_resolve', id);
    core.call('rebuild_commit', id);
    assert.equal(core.of('lookup', id, 'whole'), Status.UNKNOWN);
    assert.equal(core.of('lookup', id, 'other'), Status.OK);
  });

  test('refuses a record whose byte 26 is not 0', () => {
    const core = new RawCore(corePath);
    const id = core.subnet(4, 24);
    core.call('rebuild_begin', id);
    const record = packed({ identity: 'a', ordinal: 1 });
    record[26] = 1;
    core.window.set(record);
    assert.equal(core.call('rebuild_feed', id, record.length), 1);
    assert.equal(core.window[24], Status.BAD_INPUT & 255);
  });

  test('that runs out of memory leaves nothing but abort', () => {
    const core = new RawCore(corePath);
    const id = core.subnet(4, 8);
    core.call('rebuild_begin', id);
    core.call('set_memory_limit', 0);
    let answer = 0;
    for (let n = 0; answer === 0; n += 500) {
      answer = core.feed(
        id,
        Array.from({ length: 500 }, (_, i) => ({ identity: `task.${n + i}`, ordinal: n + i })),
      );
    }
    assert.equal(answer, Status.NO_MEMORY);
    assert.equal(core.feed(id, []), Status.BAD_STATE);
    assert.equal(core.call('rebuild_resolve', id), Status.BAD_STATE);
    assert.equal(core.call('rebuild_commit', id), Status.BAD_STATE);
    assert.equal(core.call('rebuild_abort', id), Status.OK);
  });
});

/** The conflicts of a rebuild from these records, in the order in which they are told. */
function conflictsOf(version: 4 | 6, records: readonly Claim[]): string[] {
  const core = new RawCore(corePath);
  const id = core.subnet(version, version === 4 ? 24 : 64);
  core.at('hold', id, 4);
  core.call('rebuild_begin', id);
  core.feed(id, records);
  core.at('hold', id, 5);
  core.call('rebuild_resolve', id);
  const lines: string[] = [];
  while (core.call('rebuild_conflict', id) === 0) lines.push(`${core.ordinal} ${core.identity} ${core.other}`);
  return lines;
}

test('conflicts are told by ordinal, then identity, whatever the order of the records', () => {
  const claims = Array.from({ length: 60 }, (_, n) => ({ identity: `task.${n}`, ordinal: (n * 7) % 13, rank: n % 5 }));
  const lists = [claims, [...claims].reverse(), [...claims].sort((a, b) => a.rank - b.rank)];
  for (const version of [4, 6] as const) {
    const told = lists.map((records) => conflictsOf(version, records));
    const [first] = told as [string[]];
    assert.ok(first.length > 40);
    for (const lines of told) assert.deepEqual(lines, first);
    const words = first.map((line) => line.split(' ') as [string, string]);
    words.sort(([a, b], [c, d]) => Number(a) - Number(c) || (b < d ? -1 : 1));
    assert.deepEqual(
      first.map((line) => line.split(' ')),
      words,
    );
  }
});

describe('a snapshot', () => {
  test('of the policy lowest has no cursor', () => {
    const core = new RawCore(corePath);
    const bytes = core.snapshot(core.subnet(4, 24));
    bytes[7] = 1;
    assert.equal(core.restore(bytes), Status.BAD_SNAPSHOT, 'the checksum');
    const serial = core.subnet(4, 24);
    core.call('hold_next', serial);
    const cursor = core.snapshot(serial);
    assert.equal(cursor[24], 1);
    cursor[7] = 1;
    core.call('restore_begin');
    core.window.set(cursor.subarray(0, 64));
    assert.equal(core.call('restore_feed', 64), Status.BAD_SNAPSHOT, 'the header alone');
  });

  test('with bytes behind the checksum is refused, also when they come later', async () => {
    const core = new RawCore(corePath);
    const bytes = core.snapshot(core.subnet(4, 24));
    assert.equal(core.restore(Buffer.concat([bytes, Buffer.alloc(1)])), Status.BAD_SNAPSHOT);
    assert.ok(core.restore(bytes) >= 0);
    assert.equal(core.call('restore_feed', 1), Status.BAD_STATE);
    const limpet = await Limpet.load();
    const restore = limpet.restorer().feed(bytes);
    assert.throws(() => restore.feed(new Uint8Array(1)), { code: 'BAD_SNAPSHOT' });
  });
});

test("an ordinal outside of the subnet is nobody else's, however large it is", () => {
  const core = new RawCore(corePath);
  for (const id of [core.subnet(4, 24), core.subnet(4, 0), core.subnet(6, 64)]) {
    assert.equal(core.at('hold', id, 5), Status.CHANGED);
    for (const bits of [8, 32, 44, 56, 64, 76, 88, 127].map(BigInt)) {
      const outside = (1n << bits) + 5n;
      const answers = ['hold', 'rehold', 'unhold', 'is_held', 'inspect'].map((name) => core.at(name, id, outside));
      if (answers[0] !== -3) continue; // it lies inside
      assert.deepEqual([...new Set(answers)], [-3], `2^${bits}`);
      assert.equal(core.at('next', id, outside), Status.UNKNOWN, `2^${bits}`);
      for (const name of ['bind', 'allocate_preferred', 'trade', 'allocate_in']) {
        core.ordinal = outside;
        core.last = outside;
        assert.equal(core.of(name, id, 'a'), -3, `${name} 2^${bits}`);
      }
    }
    assert.equal(core.at('next', id, 0), Status.OK);
    assert.equal(core.ordinal, 5n);
  }
});

test('all of ::/0 excluded is told as such', async () => {
  const core = new RawCore(corePath);
  const id = core.subnet(6, 0, 0, [[0n, (1n << 128n) - 1n]]);
  core.call('subnet_stats', id);
  assert.deepEqual(Buffer.from(core.window.subarray(28, 48)), little(1, 4 + 16));
  const half = core.subnet(6, 0, 0, [[0n, (1n << 127n) - 1n]]);
  core.call('subnet_stats', half);
  assert.deepEqual(Buffer.from(core.window.subarray(28, 48)), Buffer.concat([little(0, 4), little(1n << 127n, 16)]));
  const limpet = await Limpet.load();
  const net = limpet.subnet('::/0', { exclude: ['::/0'] });
  assert.deepEqual([net.stats.excluded, net.stats.free], [1n << 128n, 0n]);
});
