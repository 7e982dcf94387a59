// Everything, where everything is little: the smallest subnets to exhaustion and back, every prefix, and addresses and
// CIDRs as text against an oracle of Node's.

import assert from 'node:assert/strict';
import { isIP } from 'node:net';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { Limpet, type Policy } from '../limpet.js';
import { refused, unchanged, wholeState } from '../outcome.js';

const limpet = await Limpet.load();

const POLICIES: Policy[] = ['serial', 'lowest'];
const all = (prefix: string, first: number, last: number) =>
  Array.from(
    { length: last - first + 1 },
    (_, i) => `${prefix}${(first + i).toString(prefix.includes(':') ? 16 : 10)}`,
  );

/** CIDR and the addresses that can be given, written out. */
const SMALL: [string, string[]][] = [
  ['10.0.0.8/29', all('10.0.0.', 9, 14)],
  ['10.0.0.8/30', ['10.0.0.9', '10.0.0.10']],
  ['10.0.0.8/31', ['10.0.0.8', '10.0.0.9']],
  ['10.0.0.8/32', ['10.0.0.8']],
  ['255.255.255.248/29', all('255.255.255.', 249, 254)],
  ['255.255.255.254/31', ['255.255.255.254', '255.255.255.255']],
  ['0.0.0.0/31', ['0.0.0.0', '0.0.0.1']],
  ['0.0.0.0/32', ['0.0.0.0']],
  ['255.255.255.255/32', ['255.255.255.255']],
  ['fd00::8/125', all('fd00::', 9, 15)],
  ['fd00::8/126', all('fd00::', 9, 11)],
  ['fd00::8/127', ['fd00::8', 'fd00::9']],
  ['fd00::8/128', ['fd00::8']],
  ['::/127', ['::', '::1']],
  ['::/128', ['::']],
  ['ffff:ffff:ffff:ffff:ffff:ffff:ffff:fff8/125', all('ffff:ffff:ffff:ffff:ffff:ffff:ffff:', 0xfff9, 0xffff)],
  ['ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128', ['ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff']],
];

describe('the smallest subnets, to exhaustion and back', () => {
  for (const policy of POLICIES) {
    for (const [cidr, addresses] of SMALL) test(`${cidr} ${policy}`, () => exhaust(cidr, addresses, policy));
  }
});

test('ordinals and addresses translate both ways, to the edges and not over them', () => {
  const wide = limpet.subnet('fd00::/64');
  assert.equal(wide.addressOf(0), 'fd00::');
  assert.equal(wide.addressOf(2n ** 64n - 1n), 'fd00::ffff:ffff:ffff:ffff');
  assert.equal(wide.ordinalOf('fd00::ffff:ffff:ffff:ffff'), 2n ** 64n - 1n);
  assert.equal(wide.ordinalOf('fd00::1:0'), 65536);
  for (const [cidr] of SMALL) {
    const net = limpet.subnet(cidr);
    for (let at = 0n; at < net.size; at++) assert.equal(net.ordinalOf(net.addressOf(at)), Number(at), cidr);
    refused('OUT_OF_RANGE', () => net.addressOf(net.size), cidr);
    refused('OUT_OF_RANGE', () => net.addressOf(-1), cidr);
    for (const bad of [0.5, Number.NaN, 2 ** 53, '1', null])
      assert.throws(() => net.addressOf(bad as number), TypeError, String(bad));
    net.destroy();
  }
});

function exhaust(cidr: string, addresses: string[], policy: Policy): void {
  const net = limpet.subnet(cidr, { policy });
  assert.equal(net.stats.free, BigInt(addresses.length));
  const names = addresses.map((_, i) => `web.${i}`);
  for (const [i, name] of names.entries()) assert.equal(net.allocate(name), addresses[i]);
  for (const [i, name] of names.entries()) assert.equal(net.allocate(name), addresses[i], 'sticky');

  unchanged(limpet, [net], () => {
    const { details } = refused('FULL', () => net.allocate('one more'), cidr, '"one more"');
    assert.deepEqual([details.live, details.reserved, details.reclaimable], [names.length, 0, 0]);
    refused('FULL', () => net.holdNext(), cidr);
    refused('FULL', () => net.allocate('one more', { preferred: addresses[0]! }), cidr);
    refused('OCCUPIED', () => net.bind('one more', addresses[0]!), '"web.0"');
  });

  // Reserved addresses are nobody else's.
  for (const [i, name] of names.entries()) assert.equal(net.release(name, i), true);
  assert.deepEqual(net.stats.reserved, names.length);
  const { details } = refused('FULL', () => net.allocate('one more'));
  assert.equal(details.reclaimable, names.length);
  for (const [i, name] of names.entries()) assert.equal(net.allocate(name), addresses[i], 'home again');

  // One comes free at each place in turn; the next to ask gets it.
  for (const [i, name] of names.entries()) {
    net.release(name, 100);
    assert.equal(net.reclaim(name), addresses[i]);
    assert.equal(net.allocate('guest'), addresses[i]);
    net.release('guest', 100);
    assert.deepEqual(
      net.reclaimOldest().map((one) => one.identity),
      ['guest'],
    );
    assert.equal(net.bind(name, addresses[i]!), addresses[i]);
  }

  for (const name of names) net.release(name, 200);
  assert.equal(net.reclaimOldest(Number.POSITIVE_INFINITY).length, names.length);
  assert.deepEqual([...net.bindings()], []);
  for (const address of addresses) assert.equal(net.inspect(address).state, 'free');
  // Held to the last, and free again.
  for (const _ of addresses) net.holdNext();
  refused('FULL', () => net.allocate('a'));
  for (const address of addresses) net.unhold(address);
  assert.equal(net.stats.free, BigInt(addresses.length));
  net.destroy();
}

test('where the serial policy goes on after the last address given, the lowest takes the smallest', () => {
  const [serial, lowest] = POLICIES.map((policy) => limpet.subnet('10.0.0.0/29', { policy })) as [any, any];
  for (const net of [serial, lowest]) {
    assert.equal(net.allocate('a'), '10.0.0.1');
    net.release('a', 1);
    net.reclaim('a');
  }
  assert.equal(serial.allocate('b'), '10.0.0.2');
  assert.equal(lowest.allocate('b'), '10.0.0.1');
  assert.deepEqual(
    ['c', 'd', 'e', 'f', 'g'].map((name) => serial.allocate(name)),
    ['10.0.0.3', '10.0.0.4', '10.0.0.5', '10.0.0.6', '10.0.0.1'],
  );
  for (const net of [serial, lowest]) net.destroy();
});

describe('every prefix', () => {
  for (const version of [4, 6] as const) {
    test(`IPv${version}`, () => {
      const bits = version === 4 ? 32 : 128;
      // All bits of the network set, so that what lies above the prefix is wrong to touch.
      for (let prefix = 0; prefix <= bits; prefix++) everyPrefix(version, bits, prefix);
    });
  }
});

function everyPrefix(version: 4 | 6, bits: number, prefix: number): void {
  const size = 1n << BigInt(bits - prefix);
  const base = (1n << BigInt(bits)) - size;
  const last = base + size - 1n;
  const show = (number: bigint) => (version === 4 ? dotted(number) : canonical(groups(number)));
  const net = limpet.subnet(`${show(base)}/${prefix}`, { policy: 'lowest' });
  assert.deepEqual([net.cidr, net.prefix, net.version, net.size], [`${show(base)}/${prefix}`, prefix, version, size]);
  const edges = size <= 2n ? 0n : version === 4 ? 2n : 1n;
  assert.deepEqual(net.stats, { size, live: 0, reserved: 0, held: 0, excluded: edges, free: size - edges, pinned: 0 });
  assert.equal(net.inspect(show(base)).state, edges ? 'excluded' : 'free');
  assert.equal(net.inspect(show(last)).state, edges === 2n ? 'excluded' : 'free');
  assert.equal(net.allocate('first'), show(base + (edges ? 1n : 0n)));
  if (size > 4n) {
    const highest = show(edges === 2n ? last - 1n : last);
    assert.equal(net.bind('last', highest), highest);
    assert.equal(net.owner(highest), 'last');
    const middle = show(base + size / 2n);
    assert.equal(net.allocate('middle', { preferred: middle }), middle);
  }
  if (prefix > 0) refused('OUT_OF_RANGE', () => net.owner(show(base - 1n)), show(base - 1n), net.cidr);
  assert.deepEqual(wholeState(limpet.restore(net.snapshot())), wholeState(net));
  net.destroy();
}

test('serial wraps at the end of the widest subnets', () => {
  for (const [cidr, nearEnd, end, start] of [
    ['0.0.0.0/0', '255.255.255.253', '255.255.255.254', '0.0.0.1'],
    ['::/0', canonical(groups((1n << 128n) - 2n)), canonical(groups((1n << 128n) - 1n)), '::1'],
  ] as const) {
    const free = [nearEnd, end, start];
    // Everything else is excluded, so that the third allocation has to wrap.
    const net = limpet.subnet(cidr, { exclude: [`${cidr.includes(':') ? '::2' : '0.0.0.2'}-${before(nearEnd)}`] });
    net.hold(start);
    assert.deepEqual([net.allocate('a'), net.allocate('b')], [nearEnd, end]);
    net.unhold(start);
    assert.equal(net.allocate('c'), start);
    refused('FULL', () => net.allocate('d'));
    assert.deepEqual([...net.bindings()].map((one) => one.address).sort(), free.sort());
    net.destroy();
  }
});

const before = (address: string) => address.replace(/(253|e)$/, (end) => (end === 'e' ? 'd' : '252'));

// ---- addresses as text ----

const dotted = (number: bigint) => [24n, 16n, 8n, 0n].map((shift) => (number >> shift) & 255n).join('.');
const groups = (number: bigint) =>
  Array.from({ length: 8 }, (_, i) => ((number >> BigInt(112 - 16 * i)) & 0xffffn).toString(16)).join(':');

/** RFC 5952 by Node's URL parser; it does not know section 5's dotted decimal. */
function canonical(address: string): string {
  const text = new URL(`http://[${address}]/`).hostname.slice(1, -1);
  const mapped = /^::ffff:([0-9a-f]+):([0-9a-f]+)$/.exec(text);
  if (mapped === null) return text;
  return `::ffff:${dotted((BigInt(`0x${mapped[1]}`) << 16n) | BigInt(`0x${mapped[2]}`))}`;
}

const wide4 = limpet.subnet('0.0.0.0/0');
const wide6 = limpet.subnet('::/0');

describe('RFC 5952', () => {
  const table: [string, string][] = [
    ['2001:0db8:0000:0000:0000:0000:0000:0001', '2001:db8::1'],
    ['2001:DB8::1', '2001:db8::1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['2001:db8::1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
    ['1:0:0:2:0:0:0:0', '1:0:0:2::'],
    ['0:0:1:0:0:0:0:1', '0:0:1::1'],
    ['0:1:0:1:0:1:0:1', '0:1:0:1:0:1:0:1'],
    ['0:0:0:0:0:0:0:1', '::1'],
    ['1:2:3:4:5:6:0:0', '1:2:3:4:5:6::'],
    ['1:2:3:4:5:6:7::', '1:2:3:4:5:6:7:0'],
    ['::2:3:4:5:6:7:8', '0:2:3:4:5:6:7:8'],
    ['::ffff:192.0.2.1', '::ffff:192.0.2.1'],
    ['::FFFF:C000:201', '::ffff:192.0.2.1'],
    ['64:ff9b::192.0.2.33', '64:ff9b::c000:221'],
    ['1:2:3:4:5:6:1.2.3.4', '1:2:3:4:5:6:102:304'],
    ['::1.2.3.4', '::102:304'],
    ['aBcD:EF01::', 'abcd:ef01::'],
  ];
  for (const [given, written] of table) {
    test(given, () => {
      assert.equal(wide6.inspect(given).address, written);
      assert.equal(wide6.inspect(written).address, written);
    });
  }

  test('every pattern of zero groups', () => {
    for (let zeros = 0; zeros < 256; zeros++) {
      const text = Array.from({ length: 8 }, (_, i) => (zeros & (1 << i) ? '0' : 'f')).join(':');
      assert.equal(wide6.inspect(text).address, canonical(text));
    }
  });

  test('a mended bug: what bind, hold and inspect answer is canonical too', () => {
    const net = limpet.subnet('FD00:0::/64');
    assert.equal(net.cidr, 'fd00::/64');
    assert.equal(net.bind('a', 'FD00:0:0::5'), 'fd00::5');
    assert.equal(net.hold('fd00::0006'), 'fd00::6');
    assert.equal(net.rehold('fd00:0:0:0:0:0:0:7'), 'fd00::7');
    assert.deepEqual(net.inspect('fd00::0005'), { address: 'fd00::5', state: 'live', identity: 'a' });
    assert.equal(net.allocate('b', { preferred: 'fd00::00ff' }), 'fd00::ff');
    net.destroy();
  });
});

describe('addresses as text against Node', () => {
  const group = fc.oneof(
    fc.constant('0'),
    fc.nat({ max: 0xffff }).map((n) => n.toString(16)),
  );
  const runs = { numRuns: 2000 };

  test('IPv6, well formed', () => {
    const shape = fc.tuple(fc.array(group, { minLength: 8, maxLength: 8 }), fc.nat(8), fc.nat(8), fc.boolean());
    fc.assert(
      fc.property(shape, ([parts, from, length, dot]) => {
        const tail = parts.slice(from + length);
        const cut = length > 0 ? `${parts.slice(0, from).join(':')}::${tail.join(':')}` : parts.join(':');
        const text = dot && isIP(cut) === 6 && tail.length >= 2 ? cut.replace(/[^:]+:[^:]+$/, '192.0.2.200') : cut;
        fc.pre(isIP(text) === 6);
        assert.equal(wide6.inspect(text).address, canonical(text));
      }),
      runs,
    );
  });

  test('anything like an address', () => {
    const pieces = [
      '0',
      '1',
      '25',
      '255',
      '256',
      '01',
      '.',
      '.',
      ':',
      ':',
      '::',
      'f',
      'F',
      'g',
      'ffff',
      '00001',
      '%e',
      ' ',
      '-',
      '',
    ];
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...pieces), { maxLength: 16 }), (parts) => {
        const text = parts.join('');
        const version = text.includes('%') ? 0 : isIP(text);
        if (version === 4) assert.equal(wide4.inspect(text).address, text);
        else refused('BAD_INPUT', () => wide4.inspect(text), JSON.stringify(text));
        if (version === 6) assert.equal(wide6.inspect(text).address, canonical(text));
        else refused('BAD_INPUT', () => wide6.inspect(text), JSON.stringify(text));
      }),
      runs,
    );
  });

  test('IPv4, every octet at every place', () => {
    for (let octet = 0; octet < 256; octet++) {
      for (const text of [`${octet}.0.0.1`, `1.${octet}.2.3`, `1.2.${octet}.3`, `1.2.3.${octet}`]) {
        assert.equal(wide4.inspect(text).address, text);
      }
    }
  });
});

test('addresses that are none', () => {
  const bad4 = [
    '',
    '1',
    '1.2.3',
    '1.2.3.4.5',
    '1.2.3.256',
    '1.2.3.-1',
    '01.2.3.4',
    '1.2.3.04',
    '1..2.3',
    '.1.2.3',
    '1.2.3.',
  ];
  for (const text of [
    ...bad4,
    ' 1.2.3.4',
    '1.2.3.4 ',
    '1.2.3.4/24',
    '0x1.2.3.4',
    '1.2.3.٤',
    '::1',
    '1.2.3.4\n',
    '1e1.2.3.4',
  ])
    refused('BAD_INPUT', () => wide4.owner(text), JSON.stringify(text));
  const bad6 = [
    '',
    ':',
    ':::',
    '1',
    '1::2::3',
    '12345::',
    '::g',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    ':1:2:3:4:5:6:7:8',
  ];
  for (const text of [
    ...bad6,
    '1:2:3:4:5:6:7:8:',
    '1:2:3:4:5:6:7:8::',
    '::1%eth0',
    '[::1]',
    '::1/128',
    '::1.2.3',
    '::1.2.3.256',
  ])
    refused('BAD_INPUT', () => wide6.owner(text), JSON.stringify(text));
  for (const text of [
    '1.2.3.4',
    '1.2.3.4::',
    '::1.2.3.4:5',
    '1:2:3:4:5:6:7:1.2.3.4',
    '::01.2.3.4',
    ' ::1',
    '::1\n',
    '::+1',
  ])
    refused('BAD_INPUT', () => wide6.owner(text), JSON.stringify(text));
});

describe('CIDRs', () => {
  test('well formed', () => {
    for (const [given, written] of [
      ['10.0.0.0/8', '10.0.0.0/8'],
      ['0.0.0.0/0', '0.0.0.0/0'],
      ['FD00:0::/64', 'fd00::/64'],
      ['2001:db8:0:0:0:0:0:0/32', '2001:db8::/32'],
      ['1:2:3:4:5:6:7::/128', '1:2:3:4:5:6:7:0/128'],
      ['::ffff:0:0/96', '::ffff:0.0.0.0/96'],
    ] as const) {
      const net = limpet.subnet(given);
      assert.equal(net.cidr, written);
      net.destroy();
    }
  });

  test('a mended bug: a subnet of IPv4-mapped addresses can be made from its own CIDR', () => {
    for (const cidr of ['::ffff:10.0.0.0/104', '::ffff:1.2.3.4/128']) {
      const net = limpet.subnet(cidr, { exclude: [cidr] });
      assert.equal(net.cidr, cidr);
      net.destroy();
    }
  });

  test('malformed', () => {
    const bad = [
      '',
      '/',
      '/24',
      '10.0.0.0',
      '10.0.0.0/',
      '10.0.0/8',
      '10/8',
      '10.0.0.0/33',
      '10.0.0.0/-1',
      '10.0.0.0/+8',
    ];
    const more = [
      '10.0.0.0/08',
      '10.0.0.0/8/8',
      '10.0.0.0/8 ',
      ' 10.0.0.0/8',
      '10.0.0.0 /8',
      '010.0.0.0/8',
      '0xa.0.0.0/8',
    ];
    const six = [
      '::/129',
      '::/',
      '::',
      '::/064',
      'fd00:/64',
      '1::2::/64',
      'fe80::%eth0/64',
      ':::/64',
      '12345::/16',
      'g::/16',
    ];
    const odd = [
      '10.0.0.0/8\n',
      '10.0.0.0/1e1',
      '10.0.0.0/8.0',
      'localhost/8',
      '10.0.0.0\\8',
      '::/64::/64',
      '10.0.0.0/255.0.0.0',
    ];
    for (const text of [...bad, ...more, ...six, ...odd]) {
      refused('BAD_INPUT', () => limpet.subnet(text), JSON.stringify(text), 'is not a valid CIDR');
      refused('BAD_INPUT', () => limpet.subnet('10.0.0.0/8', { exclude: [`${text}/`] }), JSON.stringify(`${text}/`));
    }
  });

  test('a mended bug: a zone is no host bit', () => {
    refused('BAD_INPUT', () => limpet.subnet('fe80::1%eth0/128'), 'is not a valid CIDR');
  });

  test('host bits', () => {
    for (const [given, meant] of [
      ['10.0.0.1/8', '10.0.0.0/8'],
      ['10.0.0.1/31', '10.0.0.0/31'],
      ['255.255.255.255/0', '0.0.0.0/0'],
      ['fd00::1/64', 'fd00::/64'],
      ['::ffff:10.0.0.1/104', '::ffff:10.0.0.0/104'],
      ['8000::/0', '::/0'],
    ] as const) {
      const { details } = refused('BAD_INPUT', () => limpet.subnet(given), given, meant, 'host bits');
      assert.equal(details.meant, meant);
    }
  });
});

describe('exclusions', () => {
  test('are merged, whatever their form and order', () => {
    const excludes = [
      ['10.0.0.64/27', '10.0.0.5', '10.0.0.7-10.0.0.9', '10.0.0.6'],
      ['10.0.0.5-10.0.0.8', '10.0.0.9', '10.0.0.64-10.0.0.80', '10.0.0.70-10.0.0.95', '10.0.0.5'],
      ['10.0.0.9', '10.0.0.8', '10.0.0.7', '10.0.0.6', '10.0.0.5', '10.0.0.80/28', '10.0.0.64/28', '10.0.0.64/28'],
      ['10.0.0.64/28', '10.0.0.80 - 10.0.0.95', '10.0.0.5-10.0.0.9'],
    ];
    const [first, ...others] = excludes.map((exclude) => limpet.subnet('10.0.0.0/24', { exclude })) as [any, any];
    assert.equal(first.stats.excluded, 2n + 5n + 32n);
    for (const net of others) assert.deepEqual(wholeState(net), wholeState(first));
    for (let i = 0; i < 256; i++) {
      const out = i === 0 || i === 255 || (i >= 5 && i <= 9) || (i >= 64 && i <= 95);
      assert.equal(first.inspect(`10.0.0.${i}`).state, out ? 'excluded' : 'free');
    }
    for (const net of [first, ...others]) net.destroy();
  });

  test('all of it, and the edges once more', () => {
    for (const exclude of [['10.0.0.0/29'], ['10.0.0.0-10.0.0.7'], ['10.0.0.0/30', '10.0.0.4/30']]) {
      const net = limpet.subnet('10.0.0.0/29', { exclude });
      assert.deepEqual(net.stats.excluded, 8n);
      refused('FULL', () => net.allocate('a'), '8 excluded');
      net.destroy();
    }
  });

  test('of huge subnets cost little', () => {
    const before = limpet.memory.used;
    const net = limpet.subnet('::/0', { exclude: ['::/1', 'c000::/2'], policy: 'lowest' });
    assert.equal(net.stats.free, 1n << 126n);
    assert.equal(net.allocate('a'), '8000::');
    assert.ok(limpet.memory.used - before < 100_000);
    net.destroy();
  });

  test('any number of ranges up to 2048, of any size, against a list', () => {
    const range = fc.tuple(fc.nat(4095), fc.oneof(fc.constant(0), fc.nat(3), fc.nat(300)));
    fc.assert(
      fc.property(fc.array(range, { maxLength: 60 }), (ranges) => {
        const show = (n: number) => `10.0.${n >> 8}.${n & 255}`;
        const out = new Set([0, 4095]);
        const exclude = ranges.map(([first, length]) => {
          const last = Math.min(4095, first + length);
          for (let at = first; at <= last; at++) out.add(at);
          return `${show(first)}-${show(last)}`;
        });
        const net = limpet.subnet('10.0.0.0/20', { exclude });
        assert.equal(net.stats.excluded, BigInt(out.size));
        for (let at = 0; at < 4096; at += 7) assert.equal(net.inspect(show(at)).state === 'excluded', out.has(at));
        net.destroy();
      }),
      { numRuns: 60 },
    );
    const odd = (count: number) => Array.from({ length: count }, (_, i) => `10.1.${i >> 7}.${((i & 127) << 1) | 1}`);
    const net = limpet.subnet('10.0.0.0/8', { exclude: odd(2046) });
    assert.equal(net.stats.excluded, 2048n);
    net.destroy();
    refused('BAD_INPUT', () => limpet.subnet('10.0.0.0/8', { exclude: odd(2047) }), '2049', '2048');
  });
});

test('the gateway is held, wherever it may be', () => {
  for (let i = 1; i <= 6; i++) {
    const gateway = `10.0.0.${i}`;
    const net = limpet.subnet('10.0.0.0/29', { gateway });
    assert.deepEqual([...net.held()], [gateway]);
    const given = all('10.0.0.', 1, 6).filter((address) => address !== gateway);
    assert.deepEqual(
      given.map((_, n) => net.allocate(`web.${n}`)),
      given,
    );
    refused('OCCUPIED', () => net.bind('x', gateway), gateway, 'is held');
    net.destroy();
  }
  const pair = limpet.subnet('10.0.0.0/31', { gateway: '10.0.0.0' });
  assert.equal(pair.allocate('a'), '10.0.0.1');
  pair.destroy();
  const excluded = limpet.subnet('10.0.0.0/24', { gateway: '10.0.0.1', exclude: ['10.0.0.0/28'] });
  assert.deepEqual([excluded.inspect('10.0.0.1').state, excluded.stats.held], ['excluded', 0]);
  excluded.destroy();
});
