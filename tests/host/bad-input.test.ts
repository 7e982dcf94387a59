// Bad input, all of it: a clear error with a stable code that names the value, and the whole state as it was before.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Limpet, library, type RebuildInput, type RebuildOptions, type Subnet } from '../limpet.js';
import { refused, unchanged, wholeState } from '../outcome.js';

const { Identity } = library;
const limpet = await Limpet.load();

/** A subnet with one of everything. */
function sample(of: Limpet = limpet, cidr = '10.0.0.0/28'): Subnet {
  const net = of.subnet(cidr, { gateway: cidr.includes(':') ? 'fd00::1' : '10.0.0.1' });
  for (const name of ['web.1', 'web.2', 'é', '🐚']) net.allocate(name);
  net.release('web.2', 7);
  net.release('é', 8);
  net.holdNext();
  net.trade('guest', [...net.held()].at(-1)!);
  return net;
}

const four = sample();
const six = sample(limpet, 'fd00::/124');

/** That a call is refused, and changes nothing. */
function bad(code: string, action: () => unknown, ...named: (string | RegExp)[]): void {
  unchanged(limpet, [four, six], () => refused(code, action, ...named));
}

function wrongType(action: () => unknown, named: RegExp): void {
  unchanged(limpet, [four, six], () => {
    assert.throws(action, (error: Error) => {
      assert(error instanceof TypeError, String(error));
      assert.match(error.message, named);
      return true;
    });
  });
}

describe('identities', () => {
  const identityCalls: [string, (identity: any) => unknown][] = [
    ['allocate', (identity) => four.allocate(identity)],
    ['allocate preferred', (identity) => four.allocate(identity, { preferred: '10.0.0.9' })],
    ['allocateOrdinal', (identity) => four.allocateOrdinal(identity)],
    ['bind', (identity) => four.bind(identity, '10.0.0.9')],
    ['trade', (identity) => four.trade(identity, '10.0.0.1')],
    ['release', (identity) => four.release(identity)],
    ['reclaim', (identity) => four.reclaim(identity)],
    ['lookup', (identity) => four.lookup(identity)],
    ['Identity', (identity) => new Identity(identity)],
  ];
  for (const [name, call] of identityCalls) {
    test(name, () => {
      bad('BAD_INPUT', () => call(''), 'is empty');
      bad('BAD_INPUT', () => call('x'.repeat(256)), 'has 256 bytes', 'xxxx');
      bad('BAD_INPUT', () => call('é'.repeat(128)), 'has 256 bytes', 'éééé');
      bad('BAD_INPUT', () => call('🐚'.repeat(64)), 'has 256 bytes');
      // 255 characters and 256 bytes: the first 255 bytes are as many as there are characters.
      for (let at = 0; at < 255; at++) {
        const long = `${'a'.repeat(at)}é${'a'.repeat(254 - at)}`;
        bad('BAD_INPUT', () => call(long), 'has 256 bytes');
      }
      bad('BAD_INPUT', () => call('x'.repeat(10_000_000)), 'has 10000000 bytes');
      bad('BAD_INPUT', () => call('a\ud800'), 'surrogate', 'a\\\\ud800'.replace('\\\\', '\\'));
      bad('BAD_INPUT', () => call('\udc1a\ud83d'), 'surrogate');
      bad('BAD_INPUT', () => call(`${'x'.repeat(253)}\ud800`), /surrogate|bytes/);
      for (const value of [undefined, null, 5, {}, ['a'], true, 7n, Symbol('s'), () => 'a']) {
        wrongType(() => call(value), /^an identity is a string/);
      }
    });
  }

  test('the longest are taken', () => {
    const net = limpet.subnet('10.1.0.0/24');
    for (const identity of ['x'.repeat(255), 'é'.repeat(127), `${'é'.repeat(127)}x`, '🐚'.repeat(63), '€'.repeat(85)]) {
      const address = net.allocate(identity);
      assert.equal(net.owner(address), identity);
      assert.equal(net.isOwned(address), true);
      assert.equal(net.allocate(new Identity(identity)), address);
    }
    assert.equal(net.isOwned(net.hold('10.1.0.200')), false);
    net.destroy();
  });
});

describe('addresses', () => {
  const addressCalls: [string, (address: any) => unknown][] = [
    ['preferred', (address) => four.allocate('new', { preferred: address })],
    ['preferred, of a bound one', (address) => four.allocate('web.2', { preferred: address })],
    ['bind', (address) => four.bind('new', address)],
    ['trade', (address) => four.trade('new', address)],
    ['hold', (address) => four.hold(address)],
    ['rehold', (address) => four.rehold(address)],
    ['unhold', (address) => four.unhold(address)],
    ['owner', (address) => four.owner(address)],
    ['isOwned', (address) => four.isOwned(address)],
    ['inspect', (address) => four.inspect(address)],
  ];
  for (const [name, call] of addressCalls) {
    test(name, () => {
      for (const text of ['', 'x', '10.0.0', '10.0.0.256', '10.0.0.2/28', 'fd00::2', '10.0.0.02', ' 10.0.0.2'])
        bad('BAD_INPUT', () => call(text), JSON.stringify(text), 'IPv4');
      for (const text of ['10.0.0.16', '9.255.255.255', '0.0.0.0', '255.255.255.255'])
        bad('OUT_OF_RANGE', () => call(text), text, '10.0.0.0/28');
      for (const value of [null, 5, {}, ['10.0.0.2'], 0x0a000002n])
        wrongType(() => call(value), /^an address is a string/);
    });
  }

  test('IPv6', () => {
    for (const text of ['10.0.0.2', 'fd00::2%1', 'fd00::g'])
      bad('BAD_INPUT', () => six.owner(text), JSON.stringify(text));
    for (const text of ['fd00::10', 'fcff:ffff::', '::', '::2', 'fe00::2', 'ffff::'])
      bad('OUT_OF_RANGE', () => six.bind('new', text), text, 'fd00::/124');
  });

  test('excluded, occupied, bound elsewhere, live, unknown, not held', () => {
    bad('EXCLUDED', () => four.bind('new', '10.0.0.0'), '10.0.0.0', 'excluded');
    bad('EXCLUDED', () => four.hold('10.0.0.15'), '10.0.0.15');
    bad('EXCLUDED', () => four.rehold('10.0.0.15'), '10.0.0.15');
    bad('EXCLUDED', () => four.trade('new', '10.0.0.15'), '10.0.0.15');
    bad('NOT_HELD', () => four.unhold('10.0.0.15'), '10.0.0.15');
    bad('OCCUPIED', () => four.bind('new', '10.0.0.2'), '10.0.0.2', '"web.1"', 'live', '"new"');
    bad('OCCUPIED', () => four.hold('10.0.0.3'), '10.0.0.3', '"web.2"', 'reserved');
    bad('OCCUPIED', () => four.bind('new', '10.0.0.1'), '10.0.0.1', 'is held', '"new"');
    bad('OCCUPIED', () => four.trade('new', '10.0.0.2'), '10.0.0.2', '"web.1"');
    bad('BOUND_ELSEWHERE', () => four.bind('web.1', '10.0.0.9'), '"web.1"', '10.0.0.2', '10.0.0.9');
    bad('LIVE', () => four.reclaim('web.1'), '"web.1"', '10.0.0.2');
    bad('UNKNOWN', () => four.reclaim('nobody'), '"nobody"');
    bad('UNKNOWN', () => four.release('nobody'), '"nobody"');
    bad('NOT_HELD', () => four.unhold('10.0.0.9'), '10.0.0.9');
    bad('NOT_HELD', () => four.unhold('10.0.0.2'), '10.0.0.2');
    bad('NOT_HELD', () => four.trade('new', '10.0.0.9'), '10.0.0.9');
  });
});

describe('options, times and counts', () => {
  test('of a subnet', () => {
    bad('BAD_INPUT', () => limpet.subnet('10.0.0.0/24', { policy: 'random' as any }), '"random"', 'serial and lowest');
    for (const gateway of ['', '10.0.0', 'fd00::1', '10.0.0.1/24'])
      bad('BAD_INPUT', () => limpet.subnet('10.0.0.0/24', { gateway }), JSON.stringify(gateway));
    bad('OUT_OF_RANGE', () => limpet.subnet('10.0.0.0/24', { gateway: '10.0.1.1' }), '10.0.1.1', '10.0.0.0/24');
    for (const gateway of ['10.0.0.0', '10.0.0.255'])
      bad('EXCLUDED', () => limpet.subnet('10.0.0.0/24', { gateway }), gateway, '10.0.0.0/24');
    bad('EXCLUDED', () => limpet.subnet('fd00::/64', { gateway: 'fd00::' }), 'fd00::');
    for (const text of [
      '',
      '-',
      '10.0.0.9-10.0.0.5',
      '10.0.0.1-',
      '10.0.0.1-10.0.0.2-10.0.0.3',
      '10.0.0.1/24',
      'fd00::/64',
    ])
      bad('BAD_INPUT', () => limpet.subnet('10.0.0.0/24', { exclude: ['10.0.0.5', text] }), JSON.stringify(text));
    for (const text of ['10.0.1.0', '9.0.0.0-10.0.0.5', '10.0.0.5-10.0.1.0', '10.0.0.0/23', '0.0.0.0/0'])
      bad('OUT_OF_RANGE', () => limpet.subnet('10.0.0.0/24', { exclude: [text] }), text, '10.0.0.0/24');
  });

  test('of the wrong type', () => {
    for (const value of [undefined, null, 5, {}, []]) {
      wrongType(() => limpet.subnet(value as any), /^a CIDR is a string/);
      wrongType(() => limpet.restore(value as any), /^a snapshot is a Uint8Array/);
    }
    wrongType(() => limpet.restore('LMPT' as any), /^a snapshot is a Uint8Array, not string "LMPT"/);
    for (const value of [null, 5, 'serial'])
      wrongType(() => limpet.subnet('10.0.0.0/24', value as any), /^options are/);
    for (const value of [null, 5, []])
      wrongType(() => limpet.subnet('10.0.0.0/24', { gateway: value as any }), /^a gateway is a string/);
    for (const value of [5, null, {}]) {
      wrongType(() => limpet.subnet('10.0.0.0/24', { exclude: [value as any] }), /^an exclusion is a string/);
      wrongType(() => four.allocate('new', { preferred: value as any }), /^an address is a string/);
    }
    for (const value of ['1', null, {}, 5n]) {
      wrongType(() => four.release('web.1', value as any), /^a time is a number/);
      wrongType(() => four.reclaimReleasedBefore(value as any), /^a time is a number/);
      wrongType(() => four.reclaimOldest(value as any), /^a count is a number/);
    }
  });

  test('a misspelt option is not passed over', async () => {
    const strange = (action: () => unknown, name: string) =>
      wrongType(action, new RegExp(`has no option "${name}"; it can have `));
    strange(() => limpet.subnet('10.0.0.0/24', { gatway: '10.0.0.1' } as any), 'gatway');
    strange(() => limpet.subnet('10.0.0.0/24', { policy: 'lowest', Exclude: [] } as any), 'Exclude');
    strange(() => four.allocate('new', { prefered: '10.0.0.9' } as any), 'prefered');
    strange(() => four.holdNext({ ranges: '10.0.0.0/24' } as any), 'ranges');
    strange(() => four.rebuild([], { netwrok: 'web' } as any), 'netwrok');
    strange(() => four.rebuilder({ service: [] } as any), 'service');
    wrongType(() => four.allocate('new', '10.0.0.9' as any), /^options are an object, not string "10.0.0.9"$/);
    wrongType(() => four.holdNext('10.0.0.0/24' as any), /^options are an object/);
    wrongType(() => four.rebuild([], 'web' as any), /^options are an object/);
    wrongType(() => four.rebuilder([] as any), /^options are an object, not an array$/);
    await assert.rejects(Limpet.load({ maxmemory: 5 } as any), /^TypeError: loading has no option "maxmemory"/);
    await assert.rejects(Limpet.load(5 as any), /^TypeError: options are an object/);
  });

  test('a mended bug: a list of the wrong type is not read as an empty one', () => {
    for (const value of ['10.0.0.5', {}, 5, null]) {
      if (value !== null)
        wrongType(() => limpet.subnet('10.0.0.0/24', { exclude: value as any }), /^exclude is a list/);
      wrongType(() => four.allocateMany(value as any), /^identities are a list/);
    }
    for (const value of [5, {}])
      wrongType(() => limpet.subnet('10.0.0.0/24', { policy: value as any }), /^a policy is/);
  });

  test('times', () => {
    for (const time of [-1, 2 ** 48, Number.NaN, Number.POSITIVE_INFINITY]) {
      bad('BAD_INPUT', () => four.release('web.1', time), String(time));
      bad('BAD_INPUT', () => four.reclaimReleasedBefore(time), String(time));
      bad('BAD_INPUT', () => four.rebuild([], { time }), String(time));
    }
  });

  test('a mended bug: a count that is none is not rounded', () => {
    for (const count of [-1, 0.5, Number.NaN, Number.NEGATIVE_INFINITY])
      bad('BAD_INPUT', () => four.reclaimOldest(count), String(count));
    unchanged(limpet, [four], () => assert.deepEqual(four.reclaimOldest(0), []));
  });

  test('of an instance', async () => {
    for (const seed of [5, 'x'.repeat(16), new Uint16Array(16), [1]])
      await assert.rejects(Limpet.load({ seed: seed as any }), TypeError);
    for (const maxMemory of ['1', null, {}])
      await assert.rejects(Limpet.load({ maxMemory: maxMemory as any }), TypeError);
    await assert.rejects(Limpet.load({ seed: new Uint8Array(15) }), { code: 'BAD_INPUT', message: /15/ });
    for (const maxMemory of [0, -1, Number.NaN])
      await assert.rejects(Limpet.load({ maxMemory }), { code: 'BAD_INPUT', message: new RegExp(`${maxMemory}$`) });
  });
});

describe('rebuilds', () => {
  const record = { identity: 'web.1', address: '10.0.0.5', state: 'live' };
  const badRebuild = (code: string, input: RebuildInput, options: RebuildOptions, ...named: (string | RegExp)[]) =>
    bad(code, () => four.rebuild(input, options), ...named);

  test('of the wrong type', () => {
    for (const input of [undefined, null, 5, {}, new ArrayBuffer(2)])
      wrongType(() => four.rebuild(input as any), /^a rebuild takes/);
    wrongType(() => four.rebuild([], { network: 5 as any }), /^a network is a string/);
    const rebuild = four.rebuilder();
    assert.throws(() => rebuild.feed('[]' as any), /^TypeError: a chunk is a Uint8Array, not string "\[\]"/);
    rebuild.abort();
  });

  test('services that are none', () => {
    for (const services of [null, 5, {}, { message: 'not a manager' }, [5], [{ ID: 'a' }]])
      badRebuild('BAD_INPUT', [], { services }, 'services');
  });

  test('an array cut at every byte', () => {
    const text = JSON.stringify([record, { identity: '🐚', address: '10.0.0.6', state: 'reserved' }], null, 1);
    const bytes = new TextEncoder().encode(`  ${text}\n`);
    const end = bytes.lastIndexOf(0x5d);
    for (let cut = 3; cut <= end; cut++) {
      bad('BAD_INPUT', () => four.rebuild(bytes.subarray(0, cut)), /cut off: it ends after \d+ bytes/, String(cut));
    }
    const net = limpet.subnet('10.0.0.0/28');
    for (const whole of [end + 1, bytes.length]) assert.equal(net.rebuild(bytes.subarray(0, whole)).live, 1);
    net.destroy();
  });

  test('malformed arrays', () => {
    const one = JSON.stringify(record);
    const texts: [string, RegExp][] = [
      [`[${one} ${one}]`, /^byte \d+: unexpected ".*" between records/],
      [`[${one},,${one}]`, /^byte \d+: malformed JSON/],
      [`[${one},]`, /malformed JSON/],
      [`[,${one}]`, /malformed JSON/],
      [`[${one}] x`, /^byte \d+: unexpected "x" between records/],
      [`[${one}][${one}]`, /unexpected/],
      [`[${one}]]`, /unexpected "]"/],
      ['[}', /^byte 1: malformed JSON .*"}"/],
      ['[nonsense]', /^byte 1: malformed JSON.*nonsense/],
      ['[{"identity": "a\nb"}]', /malformed JSON/],
      ['[{"identity": tru}]', /malformed JSON/],
      ['[{"identity"}]', /malformed JSON/],
      [`[{"identity":"a","address":"10.0.0.5","state":"live",}]`, /malformed JSON/],
      ["[{'identity': 'a'}]", /malformed JSON/],
      ['[01]', /malformed JSON/],
      ['{"identity"', /./],
      ['x', /^byte 0: the text begins with "x"/],
      ['"text"', /^byte 0: the text begins with/],
      ['  17', /^byte 2: the text begins with "17?"/],
      ['<html>', /begins with "<(html>)?"/],
      ['null', /begins with "n(ull)?"/],
      ['\ufeff\ufeff[]', /^byte 3: the text begins with/],
    ];
    for (const [text, message] of texts) {
      if (text.startsWith('{')) continue;
      badRebuild('BAD_INPUT', text, {}, message);
      bad('BAD_INPUT', () => fedByByte(four, text), message);
    }
    for (const bytes of [[0xef], [0xef, 0xbb], [0xff, 0xfe, 0x5b, 0]])
      badRebuild('BAD_INPUT', Uint8Array.from(bytes), {}, /^byte 0: the text begins with/);
    const notUtf8 = new TextEncoder().encode(`[${JSON.stringify({ ...record, identity: 'a?' })}]`);
    notUtf8[notUtf8.indexOf(0x3f)] = 0xff;
    badRebuild('BAD_INPUT', notUtf8, {}, /^byte 1: the record that begins with .* is not UTF-8/);
  });

  test('a mended bug: text with half a surrogate pair makes no other identity', () => {
    const text = JSON.stringify([{ ...record, identity: 'a?' }]).replace('?', '\ud800');
    badRebuild('BAD_INPUT', text, {}, /half a surrogate pair at index \d+/, 'a\\ud800');
  });

  test('a bad line is one record lost, and named', () => {
    const good = JSON.stringify(record);
    const bytes = Buffer.from(`\n\n${good}\n{"identity"\n[]\n5\r\n\n"x"\n{}\n?\nnull\n${good.slice(0, 20)}`);
    bytes[bytes.indexOf('?')] = 0xff;
    for (const feed of [(net: Subnet) => net.rebuild(bytes), (net: Subnet) => fedByByte(net, bytes)]) {
      const net = limpet.subnet('10.0.0.0/28');
      const report = feed(net);
      assert.deepEqual([report.live, report.scanned], [1, { core: 1, host: 8 }]);
      assert.ok(report.skipped.every(({ reason }) => reason === 'bad-record'));
      assert.deepEqual(
        report.skipped.map((one) => one.record),
        ['#1', '#2', '#3', '#4', '#5', '#6', '#7', '#8'],
      );
      assert.match(report.skipped[0]!.detail, /^line 4 is not JSON/);
      assert.match(report.skipped[5]!.detail, /^line 10 is not UTF-8/);
      assert.match(report.skipped[7]!.detail, /^line 12 is not JSON/);
      net.destroy();
    }
  });

  test('an empty text is an empty list', () => {
    for (const text of ['', ' \n\r\n\t', '[]', ' [ ] ', '\ufeff', '\ufeff[]']) {
      const net = sample();
      assert.deepEqual({ ...net.rebuild(text), live: 0 }, net.rebuild([]));
      net.destroy();
    }
  });

  for (const [form, start, message] of [
    ['line', '{"identity":"web.1","address":"10.0.0.5","state":"live"}\n{"x":"', /^line 2, byte 57: .*16777216/],
    ['record of an array', '[{"identity":"web.1","address":"10.0.0.5","state":"live"},{"x":"', /^byte 58: .*16777216/],
    [
      'line that is nothing',
      '{"identity":"web.1","address":"10.0.0.5","state":"live"}\n',
      /^line 2, byte 57: .*16777216/,
    ],
    ['array of an array', '[[', /^byte 1: .*16777216/],
  ] as const) {
    test(`a 200 MB ${form} is refused long before it has been held`, () => {
      const chunk = new Uint8Array(1 << 20).fill(form === 'array of an array' ? 0x5b : 0x78);
      let fed = 0;
      const feed = () => {
        const rebuild = four.rebuilder();
        rebuild.feed(new TextEncoder().encode(start));
        for (; fed < 200 << 20; fed += chunk.length) rebuild.feed(chunk);
        rebuild.commit();
      };
      bad('BAD_INPUT', feed, message, 'begins with');
      assert.ok(fed < 18 << 20, `${fed} bytes were taken`);
    });
  }

  test('a record just under the limit is read', () => {
    const net = limpet.subnet('10.0.0.0/28');
    const long = JSON.stringify({ ...record, pad: 'x'.repeat(16 * 1024 * 1024 - 80) });
    for (const text of [`[${long}]`, `${long}\n`]) {
      const rebuild = net.rebuilder();
      const bytes = Buffer.from(text);
      for (let at = 0; at < bytes.length; at += 300_000) rebuild.feed(bytes.subarray(at, at + 300_000));
      assert.equal(rebuild.commit().live, 1);
    }
    net.destroy();
  });

  test('records of the wrong shape are skipped, each with its reason, in every form', () => {
    const wrong: [unknown, string][] = [
      [null, 'bad-record'],
      [17, 'bad-record'],
      ['text', 'bad-record'],
      [[], 'bad-record'],
      [[record], 'bad-record'],
      [{}, 'bad-record'],
      [{ message: 'This node is not a swarm manager.' }, 'bad-record'],
      [{ ...record, identity: 5 }, 'bad-record'],
      [{ ...record, identity: '' }, 'bad-identity'],
      [{ ...record, identity: 'x'.repeat(256) }, 'bad-identity'],
      [{ ...record, identity: 'é'.repeat(128) }, 'bad-identity'],
      [{ ...record, identity: 'a\ud800' }, 'bad-identity'],
      [{ ...record, address: 5 }, 'bad-record'],
      [{ ...record, address: '10.0.0.999' }, 'bad-address'],
      [{ ...record, address: '' }, 'bad-address'],
      [{ ...record, address: '10.0.0.16' }, 'outside-subnet'],
      [{ ...record, address: 'fd00::5' }, 'outside-subnet'],
      [{ ...record, address: '10.0.0.0' }, 'excluded'],
      [{ ...record, address: '10.0.0.1' }, 'held'],
      [{ ...record, state: 'gone' }, 'unknown-state'],
      [{ ...record, state: undefined }, 'bad-record'],
      [{ identity: 'only' }, 'bad-record'],
      [{ ID: 'task', NetworksAttachments: [5] }, 'bad-record'],
    ];
    const records = wrong.map(([one]) => one);
    for (const input of [records, JSON.stringify(records), records.map((one) => JSON.stringify(one)).join('\n')]) {
      // A line cannot begin a text when it is no object.
      const first = typeof input === 'string' && !input.startsWith('[') ? `${JSON.stringify(record)}\n` : undefined;
      const net = limpet.subnet('10.0.0.0/28', { gateway: '10.0.0.1' });
      const report = net.rebuild(first === undefined ? input : first + input);
      assert.deepEqual(
        report.skipped.map(({ reason }) => reason),
        wrong.map(([, reason]) => reason),
      );
      for (const { detail } of report.skipped) assert.ok(detail.length > 10 && detail.length < 300, detail);
      assert.deepEqual([report.live, report.reserved], [first === undefined ? 0 : 1, 0]);
      net.destroy();
    }
  });

  test('a network that no task has', () => {
    const task = {
      ID: 't',
      Slot: 1,
      ServiceID: 's',
      Status: { State: 'running' },
      NetworksAttachments: [{ Network: { ID: 'n'.repeat(25) }, Addresses: ['10.0.0.5/28'] }],
    };
    const net = limpet.subnet('10.0.0.0/28');
    for (const network of ['nowhere', '0'.repeat(25)]) {
      const { live, elsewhere, skipped } = net.rebuild([task, task], { network });
      assert.deepEqual([live, elsewhere, skipped], [0, 2, []]);
    }
    net.destroy();
  });

  test('a name that several networks have', () => {
    const task = (slot: number, id: string) => ({
      ID: `t${slot}`,
      Slot: slot,
      ServiceID: 's',
      Status: { State: 'running' },
      NetworksAttachments: [{ Network: { ID: id, Spec: { Name: 'front' } }, Addresses: [`10.0.0.${slot}/28`] }],
    });
    badRebuild('BAD_INPUT', [task(5, 'net1'), task(6, 'net2')], { network: 'front' }, '"front"', 'net1', 'net2');
  });

  test('an iterable that throws', () => {
    function* failing() {
      yield record;
      throw new RangeError('from the caller');
    }
    unchanged(limpet, [four], () => assert.throws(() => four.rebuild(failing()), /^RangeError: from the caller/));
    // The rebuild has been given up: the next one may begin.
    unchanged(limpet, [four], () => four.rebuilder().abort());
  });
});

function fedByByte(net: Subnet, text: string | Uint8Array) {
  const rebuild = net.rebuilder();
  const bytes = typeof text === 'string' ? new TextEncoder().encode(text) : text;
  for (const byte of bytes) rebuild.feed(Uint8Array.of(byte));
  return rebuild.commit();
}

describe('snapshots', () => {
  const snapshots = [four.snapshot(), six.snapshot()];

  test('one bit flipped, at every bit', () => {
    for (const snapshot of snapshots) {
      for (let bit = 0; bit < snapshot.length * 8; bit++) {
        const damaged = snapshot.slice();
        damaged[bit >> 3]! ^= 1 << (bit & 7);
        const { used } = limpet.memory;
        refused('BAD_SNAPSHOT', () => limpet.restore(damaged), String(snapshot.length), 'nothing was restored');
        assert.equal(limpet.memory.used, used);
      }
    }
  });

  test('cut at every length, and with something behind', () => {
    for (const snapshot of snapshots) {
      const { used } = limpet.memory;
      for (let length = 0; length < snapshot.length; length++) {
        refused('BAD_SNAPSHOT', () => limpet.restore(snapshot.subarray(0, length)), `${length} bytes`);
        assert.equal(limpet.memory.used, used);
      }
      for (const more of [1, 8, 64, 70_000])
        bad('BAD_SNAPSHOT', () => limpet.restore(Buffer.concat([snapshot, new Uint8Array(more)])));
      bad('BAD_SNAPSHOT', () => limpet.restore(Buffer.concat([snapshot, snapshot])));
    }
  });

  test('a mended bug: a whole snapshot that ends with the window, and something behind, leaves nothing', () => {
    const net = limpet.subnet('10.2.0.0/16');
    // Header, one excluded range an edge, checksum: 136 bytes; 24 bytes and the name for each binding.
    let left = 65536 - 136;
    for (let i = 0; left > 0; i++) {
      const length = left > 2 * 279 ? 255 : left > 279 ? Math.floor(left / 2) - 24 : left - 24;
      net.allocate(`${i}.`.padEnd(length, 'x'));
      left -= 24 + length;
    }
    const snapshot = net.snapshot();
    assert.equal(snapshot.length, 65536);
    bad('BAD_SNAPSHOT', () => limpet.restore(Buffer.concat([snapshot, Uint8Array.of(0)])), '65537');
    const restored = limpet.restore(snapshot);
    assert.deepEqual(wholeState(restored), wholeState(net));
    restored.destroy();
    net.destroy();
  });

  test('of another format version', () => {
    const later = snapshots[0]!.slice();
    later[4] = 3;
    bad('BAD_SNAPSHOT', () => limpet.restore(later), 'format version 3');
  });

  test('nothing like one', () => {
    for (const bytes of [new Uint8Array(), new Uint8Array(64), new Uint8Array(100_000), Buffer.from('LMPT')])
      bad('BAD_SNAPSHOT', () => limpet.restore(bytes), String(bytes.length));
  });

  test('a good one still loads after all that', () => {
    const restored = limpet.restore(snapshots[0]!);
    assert.deepEqual(wholeState(restored), wholeState(four));
    restored.destroy();
  });
});

describe('memory that may not grow', () => {
  /** An instance without room for anything, but for what `spare` small subnets had, which are destroyed again. */
  async function cramped(fill: (of: Limpet) => Subnet[], spare: number): Promise<{ of: Limpet; nets: Subnet[] }> {
    const of = await Limpet.load({ maxMemory: 32 * 65536 });
    const nets = fill(of);
    const filler = of.subnet('10.0.0.0/8');
    const ballast = Array.from({ length: MOST_SPARE }, () => of.subnet('10.255.0.0/32'));
    const fillUp = () => {
      for (let i = 0; ; i++) filler.allocate(`${i}.`.padEnd(255, 'x'));
    };
    refused('NO_MEMORY', fillUp, '10.0.0.0/8');
    for (const net of ballast.slice(0, spare)) net.destroy();
    return { of, nets };
  }

  const MOST_SPARE = 120;

  /** With ever more memory left the action is refused and changes nothing, until at last it succeeds. */
  async function untilItFits(
    fill: (of: Limpet) => Subnet[],
    action: (of: Limpet, nets: Subnet[]) => unknown,
  ): Promise<void> {
    for (let spare = 0; spare <= MOST_SPARE; spare++) {
      const { of, nets } = await cramped(fill, spare);
      const before = nets.map(wholeState);
      const { used, total } = of.memory;
      try {
        action(of, nets);
        assert.ok(spare > 0, 'it was refused at least once');
        return;
      } catch (error) {
        const again = () => {
          throw error;
        };
        if (error instanceof assert.AssertionError) throw error;
        refused('NO_MEMORY', again, 'no more memory', String(total));
      }
      assert.deepEqual(nets.map(wholeState), before, `${spare} spare`);
      assert.deepEqual(of.memory, { used, total });
    }
    assert.fail('it never fitted');
  }

  /** What needs little goes on until nothing is left; then it is refused, again and again, and changes nothing. */
  async function untilRefused(action: (net: Subnet, n: number) => unknown): Promise<void> {
    const { of, nets } = await cramped((of) => [of.subnet('10.0.0.0/8')], 0);
    const [net] = nets as [Subnet];
    let n = 0;
    try {
      while (n < 100_000) action(net, n++);
      assert.fail('it is never refused');
    } catch (error) {
      if (error instanceof assert.AssertionError) throw error;
    }
    const before = wholeState(net);
    const { used, total } = of.memory;
    refused('NO_MEMORY', () => action(net, n), 'no more memory', String(total));
    assert.deepEqual(wholeState(net), before);
    assert.deepEqual(of.memory, { used, total });
  }

  const filled = (count: number) => (of: Limpet) => {
    const net = of.subnet('10.0.0.0/16', { gateway: '10.0.0.1' });
    for (let i = 0; i < count; i++) net.allocate(`web.${i}`);
    net.release('web.0', 1);
    return [net];
  };
  const records = Array.from({ length: 4000 }, (_, i) => ({
    identity: `task.${i}`,
    address: `10.0.${(i & 15) + 1}.${i >> 4}`,
    state: i % 3 ? 'live' : 'reserved',
  }));

  test('subnet', () => untilItFits(filled(10), (of) => of.subnet('10.0.0.0/16')));
  test('subnet whose gateway needs pages of its own', () =>
    untilItFits(filled(10), (of) => of.subnet('fd00::/8', { gateway: 'fdff::ffff' })));
  test('subnet with many exclusions', () =>
    untilItFits(filled(10), (of) =>
      of.subnet('10.0.0.0/8', { exclude: Array.from({ length: 300 }, (_, i) => `10.${i & 255}.${i >> 8}.7`) }),
    ));
  /** Addresses that lie in different pages. */
  const apart = (n: number) => `10.${(n % 255) + 1}.${n >> 8}.7`;
  test('allocate', () => untilRefused((net, n) => net.allocate(`more.${n}`)));
  test('allocate preferred', () => untilRefused((net, n) => net.allocate(`more.${n}`, { preferred: apart(n) })));
  test('bind', () => untilRefused((net, n) => net.bind(`more.${n}`, apart(n))));
  test('hold', () => untilRefused((net, n) => net.hold(apart(n))));
  test('hold any', () => untilRefused((net) => net.holdNext()));
  test('allocateMany, each for itself', () =>
    untilRefused((net, n) => {
      const [first] = net.allocateMany([`more.${n}`]);
      if ('error' in first!) throw first.error;
    }));
  for (const [form, input] of [
    ['objects', records],
    ['an array', JSON.stringify(records)],
    ['lines', records.map((record) => JSON.stringify(record)).join('\n')],
  ] as const) {
    test(`rebuild from ${form}`, () => untilItFits(filled(100), (_, [net]) => net!.rebuild(input, { time: 5 })));
  }
  test('rebuild with many services', () => {
    const services = Array.from({ length: 300 }, (_, i) => ({
      ID: `id${i}`,
      Spec: { Name: `${'x'.repeat(100)}${i}` },
    }));
    return untilItFits(filled(10), (_, [net]) => net!.rebuild([], { services }));
  });
  test('rebuild that keeps many holds', () => {
    const fill = (of: Limpet) => {
      const net = of.subnet('10.0.0.0/16');
      for (let i = 0; i < 15; i++) net.hold(`10.0.${i * 16}.9`);
      return [net];
    };
    return untilItFits(fill, (_, [net]) => net!.rebuild([]));
  });
  test('restore', async () => {
    const snapshot = filled(600)(limpet)[0]!.snapshot();
    await untilItFits(filled(10), (of) => of.restore(snapshot));
  });
  test('restore with many exclusions', async () => {
    const exclude = Array.from({ length: 300 }, (_, i) => `10.${i & 255}.${i >> 8}.7`);
    const snapshot = limpet.subnet('10.0.0.0/8', { exclude }).snapshot();
    await untilItFits(filled(10), (of) => of.restore(snapshot));
  });

  test('what needs no memory still works', async () => {
    const { of, nets } = await cramped(filled(3000), 0);
    const net = nets[0]!;
    refused('NO_MEMORY', () => of.subnet('10.0.0.0/24'), '10.0.0.0/24', String(of.memory.total));
    refused('NO_MEMORY', () => net.allocate('one more'), '10.0.0.0/16');
    assert.equal(net.allocate('web.7'), '10.0.0.9');
    assert.equal(net.release('web.7', 3), true);
    assert.equal([...net.bindings()].length, 3000);
    assert.equal(net.reclaimOldest(2).length, 2);
    assert.equal(net.snapshot().length > 100, true);
    net.unhold('10.0.0.1');
    assert.equal(of.memory.total, 32 * 65536);
    net.destroy();
    assert.equal(of.subnet('10.0.0.0/24').allocate('a'), '10.0.0.1');
  });
});
