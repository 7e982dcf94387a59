// Ranges: where a free address is taken from when the caller names one, and what is said when the range is full.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Limpet } from '../limpet.js';
import { refused, unchanged } from '../outcome.js';

const limpet = await Limpet.load();

describe('allocate in a range', () => {
  for (const policy of ['serial', 'lowest'] as const) {
    test(`${policy}: to its end, and its end only`, () => {
      const net = limpet.subnet('10.0.0.0/24', { policy });
      for (let i = 128; i < 160; i++) assert.equal(net.allocate(`db.${i}`, { range: '10.0.0.128/27' }), `10.0.0.${i}`);
      const error = refused('FULL', () => net.allocate('one more', { range: '10.0.0.128/27' }), '10.0.0.128/27');
      assert.deepEqual(error.details, {
        subnet: '10.0.0.0/24',
        identity: 'one more',
        range: '10.0.0.128/27',
        size: 256n,
        live: 32,
        reserved: 0,
        held: 0,
        excluded: 2n,
        reclaimable: 0,
      });
      assert.equal(net.allocate('one more'), policy === 'serial' ? '10.0.0.160' : '10.0.0.1');
      net.destroy();
    });
  }

  test('an identity keeps what it has, wherever that is', () => {
    const net = limpet.subnet('10.0.0.0/24');
    const own = net.allocate('web.1');
    assert.equal(net.allocate('web.1', { range: '10.0.0.128-10.0.0.159' }), own);
  });

  test('of IPv6, wider than a number', () => {
    const net = limpet.subnet('fd00::/16');
    assert.equal(net.allocate('a', { range: 'fd00:1::/32' }), 'fd00:1::');
    assert.equal(net.allocate('b', { range: 'fd00:2::5-fd00:2:ffff:ffff:ffff::' }), 'fd00:2::5');
  });

  test('range after range, in two subnets', () => {
    const [one, other] = [limpet.subnet('10.0.0.0/24'), limpet.subnet('10.0.0.0/16')];
    for (let i = 0; i < 3; i++) {
      for (const range of ['10.0.0.32/28', '10.0.0.64/28'])
        assert.equal(one.allocate(`${range} ${i}`, { range }), other.allocate(`${range} ${i}`, { range }));
    }
  });
});

test('hold the next of a range', () => {
  const net = limpet.subnet('10.0.0.0/24', { exclude: ['10.0.0.9'] });
  const range = '10.0.0.8-10.0.0.11';
  assert.deepEqual(
    [1, 2, 3].map(() => net.holdNext({ range })),
    ['10.0.0.8', '10.0.0.10', '10.0.0.11'],
  );
  assert.equal(refused('FULL', () => net.holdNext({ range }), range).details.range, range);
  assert.equal(net.holdNext(), '10.0.0.12');
});

test('held alone or beside a binding', () => {
  const net = limpet.subnet('10.0.0.0/24');
  const ticket = net.holdNext();
  net.trade('web.1', ticket);
  assert.equal(net.inspect(ticket).state, 'live');
  assert.equal(net.isHeld(ticket), true);
  net.unhold(ticket);
  assert.equal(net.isHeld(ticket), false);
  refused('OUT_OF_RANGE', () => net.isHeld('10.0.1.0'), '10.0.1.0');
  refused('BAD_INPUT', () => net.isHeld('nowhere'), 'nowhere');
});

test('a range that is none, or not of this subnet, changes nothing', () => {
  const net = limpet.subnet('10.0.0.0/24');
  unchanged(limpet, [net], () => {
    for (const call of [(range: string) => net.allocate('a', { range }), (range: string) => net.holdNext({ range })]) {
      for (const range of ['', 'x', '10.0.0.9-10.0.0.8', '10.0.0.0-', 'fd00::/64', '10.0.0.1-10.0.0.2-10.0.0.3'])
        refused('BAD_INPUT', () => call(range), JSON.stringify(range));
      for (const range of ['10.0.0.0/23', '10.0.0.255-10.0.1.0', '9.255.255.255-10.0.0.1'])
        refused('OUT_OF_RANGE', () => call(range), range, '10.0.0.0/24');
      for (const range of [5, null, {}])
        assert.throws(() => call(range as any), /^TypeError: a range is a string, not /);
    }
    assert.throws(() => net.allocate('a', { preferred: '10.0.0.9', range: '10.0.0.0/25' }), TypeError);
  });
});
