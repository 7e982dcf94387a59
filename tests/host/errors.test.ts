// Errors for programs: codes and details, what has ended, and what becomes of an instance whose core trapped.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { inspect } from 'node:util';
import { corePath, Limpet, LimpetError, library } from '../limpet.js';
import { refused, unchanged } from '../outcome.js';
import { answering, patched, TRAP } from '../wasm-patch.js';

const limpet = await Limpet.load();
const moduleEntry = pathToFileURL(join(dirname(corePath), 'module.js')).href;
const ready = (await import(moduleEntry)) as typeof import('../../src/entries/module.js');
const core = readFileSync(corePath);
const compiled = (bytes: BufferSource) => new WebAssembly.Module(bytes);

describe('FULL', () => {
  const net = limpet.subnet('10.0.0.0/28', { gateway: '10.0.0.1', exclude: ['10.0.0.12/30'] });
  for (let i = 0; i < 9; i++) net.allocate(`web.${i}`);
  net.holdNext();
  for (let i = 0; i < 4; i++) net.release(`web.${i}`, i);
  const counts = { size: 16n, live: 5, reserved: 4, held: 2, excluded: 5n, reclaimable: 4 };

  test('tells size, live, reserved, held, excluded, and what can be reclaimed', () => {
    unchanged(limpet, [net], () => {
      const error = refused(
        'FULL',
        () => net.allocate('ten'),
        '10.0.0.0/28',
        '"ten"',
        '16',
        '5 are live',
        '4 reserved',
        '2 held',
      );
      assert.deepEqual(error.details, { subnet: '10.0.0.0/28', identity: 'ten', ...counts });
      assert.deepEqual(refused('FULL', () => net.holdNext()).details, { subnet: '10.0.0.0/28', ...counts });
      refused('FULL', () => net.allocate('ten', { preferred: '10.0.0.3' }), '"ten"');
      refused('FULL', () => net.allocateOrdinal('ten'), '"ten"');
    });
  });

  test('a mended bug: in a batch every answer stays its own', () => {
    unchanged(limpet, [net], () => {
      const answers = net.allocateMany(['a', 'web.5', 'b', 'c', 'web.6', 'd']);
      assert.deepEqual(
        answers.map((answer) => ('error' in answer ? [answer.error.code, answer.error.details.identity] : answer)),
        [
          ['FULL', 'a'],
          { address: '10.0.0.7', created: false },
          ['FULL', 'b'],
          ['FULL', 'c'],
          { address: '10.0.0.8', created: false },
          ['FULL', 'd'],
        ],
      );
    });
  });

  test('a mended bug: in a batch a malformed identity has an error, and the others are served', () => {
    const of = limpet.subnet('10.0.1.0/24');
    const malformed = ['', 'x'.repeat(256), 'ä'.repeat(128), 'half\ud800'];
    const answers = of.allocateMany(['a', ...malformed, 'ä'.repeat(127), ...malformed, 'a']);
    const errors = answers.map((answer) => ('error' in answer ? answer.error.details.identity : undefined));
    assert.deepEqual(errors, [undefined, ...malformed, undefined, ...malformed, undefined]);
    for (const answer of answers) if ('error' in answer) assert.equal(answer.error.code, 'BAD_INPUT');
    assert.deepEqual(answers.at(-1), { address: '10.0.1.1', created: false });
    assert.equal(of.stats.live, 2);
    assert.deepEqual(of.allocateMany(['']).length, 1);
  });

  test('in a batch of the wrong type nobody is served', () => {
    const of = limpet.subnet('10.0.1.0/24');
    assert.throws(() => of.allocateMany(['a', undefined as any]), { name: 'TypeError', message: /not undefined$/ });
    assert.equal(of.stats.live, 0);
  });

  test('what was said to be reclaimable is', () => {
    assert.equal(net.reclaimOldest(counts.reclaimable).length, counts.reclaimable);
    for (let i = 0; i < counts.reclaimable; i++) net.allocate(`more.${i}`);
    refused('FULL', () => net.allocate('ten'));
  });
});

test('details hold the values behind the message', () => {
  const net = limpet.subnet('10.0.0.0/24');
  net.allocate('a');
  net.allocate('b');
  net.release('b', 1);
  const subnet = net.cidr;
  const detailsOf = (code: string, action: () => unknown) => refused(code, action).details;
  assert.deepEqual(
    detailsOf('OCCUPIED', () => net.bind('c', '10.0.0.1')),
    {
      subnet,
      identity: 'c',
      address: '10.0.0.1',
      owner: 'a',
      state: 'live',
    },
  );
  assert.deepEqual(
    detailsOf('BOUND_ELSEWHERE', () => net.bind('b', '10.0.0.9')),
    {
      subnet,
      identity: 'b',
      address: '10.0.0.9',
      bound: '10.0.0.2',
    },
  );
  assert.deepEqual(
    detailsOf('LIVE', () => net.reclaim('a')),
    { subnet, identity: 'a', address: '10.0.0.1' },
  );
  assert.deepEqual(
    detailsOf('UNKNOWN', () => net.release('x')),
    { subnet, identity: 'x' },
  );
  assert.deepEqual(
    detailsOf('OUT_OF_RANGE', () => net.hold('10.0.1.0')),
    { subnet, address: '10.0.1.0' },
  );
  assert.deepEqual(
    detailsOf('EXCLUDED', () => net.hold('10.0.0.0')),
    { subnet, address: '10.0.0.0' },
  );
  assert.deepEqual(
    detailsOf('NOT_HELD', () => net.unhold('10.0.0.5')),
    { subnet, address: '10.0.0.5' },
  );
  assert.deepEqual(
    detailsOf('BAD_INPUT', () => net.hold('x')),
    { value: 'x' },
  );
  assert.equal(detailsOf('BAD_INPUT', () => net.rebuild('[x')).offset, 1);
  assert.deepEqual(
    detailsOf('BAD_SNAPSHOT', () => limpet.restore(new Uint8Array(99))),
    { bytes: 99 },
  );
  net.destroy();
});

test('stats can be written as JSON', () => {
  const json = (cidr: string) => JSON.parse(JSON.stringify({ stats: limpet.subnet(cidr).stats })).stats;
  assert.deepEqual(json('10.0.0.0/24'), {
    size: 256,
    live: 0,
    reserved: 0,
    held: 0,
    excluded: 2,
    free: 254,
    pinned: 0,
  });
  const { size, free } = json('fd00::/64');
  assert.deepEqual([size, free], ['18446744073709551616', '18446744073709551615']);
});

test('a LimpetError is an Error with a name, and says what it is', () => {
  const error = refused('BAD_INPUT', () => limpet.subnet('x'));
  assert.ok(error instanceof Error);
  assert.equal(error.name, 'LimpetError');
  assert.match(String(error), /^LimpetError: "x" is not a valid CIDR/);
  assert.ok(new library.LimpetError('FULL', 'm') instanceof LimpetError);
  assert.equal(LimpetError.name, 'LimpetError');
  assert.match(inspect(error), /^LimpetError: "x" is not a valid CIDR.*code: 'BAD_INPUT'/s);
});

test('a mended bug: the last moment there is can be reclaimed too', () => {
  const net = limpet.subnet('10.0.0.0/24');
  net.allocate('a');
  net.release('a', 2 ** 48 - 1);
  assert.deepEqual(net.reclaimReleasedBefore(2 ** 48 - 1), []);
  assert.deepEqual(net.reclaimOldest(), [
    { identity: 'a', address: '10.0.0.1', state: 'reserved', releasedAt: 2 ** 48 - 1 },
  ]);
  net.destroy();
});

describe('what has ended', () => {
  test('a destroyed subnet answers nothing, also when another has its number', () => {
    const net = limpet.subnet('10.7.0.0/24');
    net.allocate('a');
    const bindings = net.bindings();
    bindings.next();
    net.destroy();
    const next = limpet.subnet('10.8.0.0/24');
    next.allocate('other');
    const calls = [
      () => net.allocate('a'),
      () => net.allocate('a', { preferred: '10.7.0.1' }),
      () => net.allocateOrdinal('a'),
      () => net.allocateMany(['a']),
      () => net.bind('a', '10.7.0.1'),
      () => net.trade('a', '10.7.0.1'),
      () => net.release('a'),
      () => net.reclaim('a'),
      () => net.reclaimOldest(),
      () => net.reclaimReleasedBefore(1),
      () => net.holdNext(),
      () => net.hold('10.7.0.1'),
      () => net.rehold('10.7.0.1'),
      () => net.unhold('10.7.0.1'),
      () => net.lookup('a'),
      () => net.owner('10.7.0.1'),
      () => net.inspect('10.7.0.1'),
      () => [...net.bindings()],
      () => bindings.next(),
      () => [...net.held()],
      () => net.rebuild([]),
      () => net.rebuilder(),
      () => net.snapshot(),
      () => net.stats,
      () => net.destroy(),
    ];
    unchanged(limpet, [next], () => {
      for (const call of calls) refused('ENDED', call, '10.7.0.0/24', 'destroyed');
    });
    assert.deepEqual([net.cidr, net.size], ['10.7.0.0/24', 256n]);
    next.destroy();
  });
});

describe('a core that traps', () => {
  const INSTRUMENTED = [
    'allocate',
    'release',
    'subnet_stats',
    'rebuild_feed',
    'rebuild_scan_array',
    'snapshot_next',
    'next',
  ];
  const calls: Record<string, (net: any) => unknown> = {
    allocate: (net) => net.allocate('b'),
    release: (net) => net.release('a'),
    subnet_stats: (net) => net.stats,
    rebuild_feed: (net) => net.rebuild([{ identity: 'a', address: '10.0.0.1', state: 'live' }]),
    rebuild_scan_array: (net) => net.rebuild('[]'),
    snapshot_next: (net) => net.snapshot(),
    next: (net) => [...net.bindings()],
  };
  for (const name of INSTRUMENTED) {
    test(`in ${name} poisons its instance, and no other`, async () => {
      const broken = await ready.Limpet.load(compiled(patched(core, name, TRAP)));
      const net = broken.subnet('10.0.0.0/24');
      net.bind('a', '10.0.0.1');
      const error = brokenBy(() => calls[name]!(net));
      assert.match(error.message, new RegExp(`trapped in ${name}; this instance answers no more calls`));
      assert.equal(error.details.call, name);
      assert.ok(error.details.cause instanceof WebAssembly.RuntimeError);
      const others = [
        () => net.allocate('a'),
        () => net.lookup('a'),
        () => net.owner('10.0.0.1'),
        () => [...net.bindings()],
        () => net.stats,
        () => net.snapshot(),
        () => net.rebuild([]),
        () => net.destroy(),
        () => broken.memory,
        () => broken.subnet('10.0.0.0/24', { gateway: '10.0.0.1' }),
        () => broken.restore(new Uint8Array(100)),
      ];
      for (const call of others) assert.equal(brokenBy(call), error);
      assert.equal(limpet.subnet('10.0.0.0/24').allocate('a'), '10.0.0.1');
    });
  }

  function brokenBy(call: () => unknown): any {
    try {
      call();
    } catch (error) {
      assert.ok(error instanceof ready.LimpetError);
      assert.equal(error.code, 'BROKEN');
      return error;
    }
    assert.fail('nothing was thrown');
  }
});

describe('limpet/module', () => {
  test('takes a ready module, several times', async () => {
    const module = compiled(core);
    const [one, other] = [await ready.Limpet.load(module), await ready.Limpet.load(module, { maxMemory: 1 << 20 })];
    assert.equal(one.subnet('10.0.0.0/24').allocate('a'), '10.0.0.1');
    assert.equal(other.subnet('10.0.0.0/24').allocate('a'), '10.0.0.1');
    assert.deepEqual(one.subnet('fd00::/64').snapshot(), limpet.subnet('fd00::/64').snapshot());
  });

  test('what is no module is a TypeError', async () => {
    for (const value of [undefined, null, {}, core, 'core.wasm'])
      await assert.rejects(ready.Limpet.load(value as any), /^TypeError: a WebAssembly\.Module is needed, not /);
  });

  test('what is not the core is refused', async () => {
    const empty = Uint8Array.of(0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0);
    const importing = Uint8Array.from([...empty, 1, 4, 1, 0x60, 0, 0, 2, 7, 1, 1, 0x61, 1, 0x62, 0, 0]);
    const memory = Uint8Array.from([...empty, 5, 3, 1, 0, 1, 7, 10, 1, 6, ...new TextEncoder().encode('memory'), 2, 0]);
    for (const [bytes, message] of [
      [empty, /not a Limpet core: it exports no memory/],
      [importing, /not a Limpet core: /],
      [memory, /not a Limpet core: it exports no function abi_version/],
      [patched(core, 'abi_version', answering(63)), /not a Limpet core: its ABI has version/],
    ] as const) {
      await assert.rejects(ready.Limpet.load(compiled(bytes)), { name: 'LimpetError', code: 'BAD_INPUT', message });
    }
  });
});
