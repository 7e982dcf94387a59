// Rebuilds against the naive twin: the recordings, and lists that nobody has seen. In every form that a list can have
// (objects, array, lines, pieces of any size), in any order, by the core's scanner and by the host's reader, the same
// must come out.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { Limpet, type RebuildOptions, type RebuildReport, type Subnet } from '../limpet.js';
import { refused, wholeState } from '../outcome.js';
import { rebuildTwin, type TwinResult } from '../rebuild-twin.js';
import { containersOn, fixture, NETWORKS, STEPS } from './recordings.js';

const limpet = await Limpet.load();
const encoder = new TextEncoder();

type Feed = (net: Subnet, records: any[], options: RebuildOptions) => RebuildReport;

const inPieces =
  (text: (records: any[]) => string, size: () => number): Feed =>
  (net, records, options) => {
    const bytes = encoder.encode(text(records));
    const rebuild = net.rebuilder(options);
    // One buffer for all pieces: what is fed is the caller's, who may use its memory again.
    const buffer = new Uint8Array(100_000);
    for (let at = 0; at < bytes.length; ) {
      const piece = bytes.subarray(at, at + Math.max(1, Math.min(size(), buffer.length)));
      buffer.set(piece);
      rebuild.feed(buffer.subarray(0, piece.length));
      buffer.fill(0x7a);
      at += piece.length;
    }
    return rebuild.commit();
  };

const asArray = (records: any[]) => JSON.stringify(records);
const asPretty = (records: any[]) => JSON.stringify(records, null, 3).replaceAll('\n', '\r\n');
const asLines = (records: any[]) => records.map((record) => `${JSON.stringify(record)}\n`).join('');
const asLooseLines = (records: any[]) => records.map((record) => `\r\n  ${JSON.stringify(record)} \r`).join('\n');

const forms: Record<string, Feed> = {
  objects: (net, records, options) => net.rebuild(records, options),
  'a generator of objects': (net, records, options) => net.rebuild(new Set(records), options),
  array: (net, records, options) => net.rebuild(asArray(records), options),
  'array with BOM': (net, records, options) => net.rebuild(encoder.encode(`\ufeff${asArray(records)}`), options),
  'pretty array': (net, records, options) => net.rebuild(asPretty(records), options),
  lines: (net, records, options) => net.rebuild(asLines(records), options),
  'loose lines': (net, records, options) => net.rebuild(asLooseLines(records), options),
};

/** What a report and its subnet say, comparable with the twin. */
function found(net: Subnet, report: RebuildReport): Omit<TwinResult, 'reclaimOrder'> {
  return {
    bindings: [...net.bindings()].map(({ identity, address, state }) => ({ identity, address, state })),
    conflicts: report.conflicts as TwinResult['conflicts'],
    superseded: report.superseded,
    elsewhere: report.elsewhere,
    skipped: report.skipped.map(({ reason, record }) => ({ reason, record })),
  };
}

/** A rebuild in this form gives what the twin says; its subnet is left as it began. */
function agrees(plan: Plan, form: Feed, records: any[], twin = twinOf(plan, records)): RebuildReport {
  const net = begin(plan);
  const report = form(net, records, { time: 1000, ...plan.options });
  const { reclaimOrder, ...expected } = twin;
  assert.deepEqual(found(net, report), expected);
  const { live, reserved } = net.stats;
  assert.deepEqual({ live, reserved }, { live: report.live, reserved: report.reserved });
  assert.equal(report.scanned.core + report.scanned.host, records.length);
  assert.deepEqual([...net.held()], heldBy(plan));
  assert.deepEqual(
    net.reclaimOldest(Number.POSITIVE_INFINITY).map((one) => [one.identity, one.releasedAt]),
    reclaimOrder.map((identity) => [identity, 1000]),
  );
  net.destroy();
  return report;
}

interface Plan {
  cidr: string;
  exclude?: string[];
  held?: string[];
  options: RebuildOptions;
}

const heldBy = (plan: Plan) => plan.held ?? [];

function begin(plan: Plan): Subnet {
  const net = limpet.subnet(plan.cidr, { exclude: plan.exclude ?? [] });
  for (const address of heldBy(plan)) net.hold(address);
  return net;
}

function twinOf({ cidr, exclude, held, options }: Plan, records: any[]): TwinResult {
  return rebuildTwin(JSON.parse(JSON.stringify(records)), {
    cidr,
    ...(exclude === undefined ? {} : { excluded: exclude }),
    ...(held === undefined ? {} : { held }),
    ...(options.network === undefined ? {} : { network: options.network }),
    ...(options.services === undefined ? {} : { services: options.services as any[] }),
  });
}

describe('the recordings', () => {
  for (const step of STEPS) {
    for (const { name, id, cidr, gateway } of NETWORKS) {
      const tasks = fixture(step, 'tasks');
      const services = fixture(step, 'services');
      for (const network of [name, id]) {
        test(`${step}, ${name} by ${network === id ? 'ID' : 'name'}`, () => {
          const plan = { cidr, held: [gateway], options: { network, services } };
          for (const form of Object.values(forms)) {
            const report = agrees(plan, form, tasks);
            assert.ok(report.live > 0);
          }
          const { scanned } = agrees(plan, forms.array!, tasks);
          // By ID the core reads by itself, from the first task on that has it.
          if (network === name) assert.equal(scanned.core, 0);
          else assert.ok(scanned.core > scanned.host, JSON.stringify(scanned));
          for (const list of [[...tasks].reverse(), [...tasks, ...tasks]]) agrees(plan, forms.lines!, list);
        });
      }

      test(`${step}, ${name}: what containers run, they keep`, () => {
        const net = limpet.subnet(cidr, { gateway });
        net.rebuild(tasks, { network: id, services });
        if (name === 'stock') {
          for (const [identity, address] of containersOn(step, name))
            assert.deepEqual(net.lookup(identity)?.address, address, identity);
        }
        const before = [...net.bindings()];
        for (const { identity, address } of before) assert.equal(net.allocate(identity), address);
        net.destroy();
      });

      test(`${step}, ${name}: in any order`, () => {
        const plan = { cidr, held: [gateway], options: { network: id, services } };
        const orders = fc.shuffledSubarray(tasks, { minLength: tasks.length });
        fc.assert(
          fc.property(orders, (list) => {
            agrees(plan, forms.array!, list);
          }),
          { numRuns: 20 },
        );
      });
    }
  }
});

// ---- lists that nobody has seen ----

const NETWORK = 'e9xfkmgj32ktyfqhg0giowc4d';
const OTHER = 'vtum43z8ox2kftbo5cn0nyv56';
const SERVICES = [
  { ID: 'svc-web', Spec: { Name: 'web', Mode: { Replicated: { Replicas: 3 } } } },
  { ID: 'svc-shell', Spec: { Name: 'müschel 🐚', Mode: { Replicated: {} } } },
  { ID: 'svc-agent', Spec: { Name: 'agent', Mode: { Global: {} } } },
  { ID: 'svc-plain', Spec: { Name: 'plain' } },
  { ID: 'svc-long', Spec: { Name: 'x'.repeat(252), Mode: { Replicated: {} } } },
  { ID: 'ſvc-ünicode', Spec: { Name: 'uni', Mode: { GlobalJob: {} } } },
];

const rarely = (usual: fc.Arbitrary<unknown>, ...odd: unknown[]): fc.Arbitrary<any> =>
  fc.oneof({ weight: 20, arbitrary: usual }, { weight: 1, arbitrary: fc.constantFrom(...odd) });

const address4 = rarely(
  fc.nat({ max: 19 }).map((n) => `10.0.0.${n}/24`),
  ...[
    '10.0.1.5/24',
    '10.0.0.255/24',
    '10.0.0.5',
    '10.0.0.05/24',
    '10.0.0.5/33',
    'x',
    '',
    '10.0.0.5/',
    '0.0.0.0/0',
    null,
    7,
  ],
);
const address6 = rarely(
  fc.nat({ max: 19 }).map((n) => `fd00::${n.toString(16)}/64`),
  ...[
    'FD00:0:0:0:0:0:0:5/64',
    'fd00:0::0a/64',
    'fd01::5/64',
    'fd00::/64',
    '::ffff:10.0.0.5',
    'fd00::5%1',
    'fd00::5/129',
    'fd00:::5',
  ],
);
const addresses = rarely(
  fc.oneof(
    { weight: 6, arbitrary: fc.tuple(address4) },
    { weight: 3, arbitrary: fc.tuple(address4, address6) },
    { weight: 2, arbitrary: fc.tuple(address6) },
    { weight: 1, arbitrary: fc.array(fc.oneof(address4, address6), { maxLength: 3 }) },
  ),
  null,
  {},
  'text',
);
const network = rarely(
  fc.constantFrom({ ID: NETWORK, Spec: { Name: 'front' } }, { ID: NETWORK }, { ID: NETWORK, Spec: { Name: 'front' } }),
  ...[
    { ID: OTHER, Spec: { Name: 'back' } },
    { ID: OTHER },
    {},
    { ID: '' },
    { ID: 5 },
    { ID: null },
    null,
    { Spec: { Name: 'front' } },
  ],
);
const attachment = rarely(
  fc.record({ Network: network, Addresses: addresses }, { requiredKeys: ['Network'] }),
  null,
  5,
  { Network: { ID: OTHER }, Addresses: ['10.9.0.9/24'] },
);
const attachments = rarely(
  fc.oneof(
    { weight: 8, arbitrary: fc.tuple(attachment) },
    { weight: 2, arbitrary: fc.tuple(fc.constant({ Network: { ID: OTHER }, Addresses: ['10.0.0.3/24'] }), attachment) },
    { weight: 1, arbitrary: fc.array(attachment, { maxLength: 3 }) },
  ),
  null,
  {},
  'x',
);
const task = fc.record(
  {
    ID: rarely(fc.string({ minLength: 1 }), '', null, 5),
    Version: rarely(
      fc.nat({ max: 5 }).map((Index) => ({ Index })),
      ...[
        {},
        null,
        { Index: null },
        { Index: -1 },
        { Index: 1.5 },
        { Index: '5' },
        { Index: 2 ** 48 },
        { Index: 2 ** 48 - 1 },
        { Index: 1e15 },
        5,
      ],
    ),
    ServiceID: rarely(fc.constantFrom(...SERVICES.map(({ ID }) => ID)), 'svc-gone', '', null, 5),
    Slot: rarely(fc.integer({ min: 1, max: 3 }), 0, null, -1, 1.5, '3', 2 ** 53, 2 ** 53 - 1, 1e16),
    NodeID: rarely(fc.constantFrom('node1', 'node2', 'nöde'), '', null, 5, 'n'.repeat(260)),
    Status: rarely(
      fc.constantFrom('running', 'running', 'shutdown', 'failed', 'new', 'orphaned').map((State) => ({ State })),
      ...[{}, null, { State: 5 }, { State: 'dreaming' }, { State: '' }, { State: null }],
    ),
    DesiredState: rarely(fc.constantFrom('running', 'shutdown'), '', null, 5, 'running\u0000', 'ready'),
    NetworksAttachments: attachments,
    Spec: rarely(fc.constant({ ContainerSpec: { Image: 'x', Labels: { 'a"b': '}]{[\\' } } }), null, [[[[]]]], 'é\\"'),
  },
  { requiredKeys: ['NetworksAttachments', 'Status', 'ServiceID', 'Slot'] },
);
const compact = fc.record(
  {
    identity: rarely(
      fc.constantFrom(
        'web.1',
        'web.2',
        'a',
        'b',
        'é',
        '🐚',
        'ﬁ',
        '"',
        '\\',
        '\u0000',
        '\u007f',
        'x'.repeat(255),
        'agent.node1',
      ),
      ...['', 'x'.repeat(256), 'é'.repeat(128), null, 5],
    ),
    address: fc.oneof({ weight: 3, arbitrary: address4 }, { weight: 2, arbitrary: address6 }),
    state: rarely(fc.constantFrom('live', 'reserved'), 'gone', '', null, 5),
    note: fc.oneof(fc.constant('a\nb'), fc.jsonValue({ maxDepth: 2 })),
  },
  { requiredKeys: ['identity', 'address', 'state'] },
);
const shuffledKeys = (record: Record<string, unknown>, turn: number) => {
  const entries = Object.entries(record);
  return Object.fromEntries([...entries.slice(turn % entries.length), ...entries.slice(0, turn % entries.length)]);
};
const record = rarely(
  fc
    .tuple(fc.oneof({ weight: 3, arbitrary: task }, { weight: 2, arbitrary: compact }), fc.nat({ max: 8 }))
    .map(([one, turn]) => shuffledKeys(one, turn)),
  ...[null, 5, 'x', [], {}, { message: 'no' }, { ID: 'bare' }, { identity: 'only' }],
);
const list = fc.array(record, { maxLength: 40, size: 'max' });
/** Only what is right, so that there are more conflicts and rivals. */
const goodTask = fc
  .record({
    rank: fc.nat({ max: 3 }),
    service: fc.constantFrom('svc-web', 'svc-shell', 'svc-agent'),
    slot: fc.integer({ min: 1, max: 3 }),
    state: fc.constantFrom('running', 'pending', 'failed', 'shutdown'),
    desired: fc.constantFrom('running', 'shutdown'),
    n: fc.integer({ min: 4, max: 9 }),
  })
  .map(({ rank, service, slot, state, desired, n }) => ({
    ID: `task-${rank}-${slot}`,
    Version: { Index: rank },
    ServiceID: service,
    Slot: service === 'svc-agent' ? undefined : slot,
    NodeID: `node${slot}`,
    Status: { State: state },
    DesiredState: desired,
    NetworksAttachments: [
      { Network: { ID: NETWORK, Spec: { Name: 'front' } }, Addresses: [`10.0.0.${n}/24`, `fd00::${n}/64`] },
    ],
  }));
const goodList = fc.array(goodTask, { maxLength: 40, size: 'max' });

const plans: Plan[] = [];
for (const [cidr, exclude, held] of [
  ['10.0.0.0/24', ['10.0.0.2', '10.0.0.3'], ['10.0.0.1', '10.0.0.7']],
  ['10.0.0.0/28', [], []],
  ['fd00::/64', ['fd00::2', 'fd00::3'], ['fd00::1', 'fd00::7']],
  ['0.0.0.0/0', [], []],
  ['::/0', [], []],
] as [string, string[], string[]][]) {
  for (const network of [NETWORK, 'front', undefined]) {
    for (const services of [SERVICES, undefined]) {
      const options = {
        ...(network === undefined ? {} : { network }),
        ...(services === undefined ? {} : { services }),
      };
      plans.push({ cidr, exclude, held, options });
    }
  }
}
const somePlan = fc.constantFrom(...plans);

describe('random lists', () => {
  for (const [kind, lists] of [
    ['anything', list],
    ['rivals', goodList],
  ] as [string, fc.Arbitrary<any[]>][]) {
    test(`${kind}: every form says what the twin says`, () => {
      fc.assert(
        fc.property(somePlan, lists, (plan, records) => {
          const twin = twinOf(plan, records);
          for (const [name, form] of Object.entries(forms)) {
            // An object cannot begin a list of lines when it is none; nor is an empty Set of equal values a list.
            if (
              name.endsWith('lines') &&
              (typeof records[0] !== 'object' || records[0] === null || Array.isArray(records[0]))
            )
              continue;
            if (name.startsWith('a generator') && new Set(records).size !== records.length) continue;
            agrees(plan, form, records, twin);
          }
        }),
        { numRuns: 250 },
      );
    });
  }

  test('in pieces of any size', () => {
    const sizes = fc.infiniteStream(
      fc.oneof(fc.constant(1), fc.nat({ max: 40 }), fc.nat({ max: 3000 }), fc.nat({ max: 100_000 })),
    );
    fc.assert(
      fc.property(somePlan, fc.oneof(list, goodList), sizes, (plan, records, stream) => {
        const twin = twinOf(plan, records as any[]);
        const size = () => stream.next().value as number;
        for (const text of [asArray, asPretty]) agrees(plan, inPieces(text, size), records as any[], twin);
        const lines = [{ message: 'an object begins the lines' }, ...(records as any[])];
        for (const text of [asLines, asLooseLines]) agrees(plan, inPieces(text, size), lines);
      }),
      { numRuns: 100 },
    );
  });

  test('in any order the same bindings and conflicts', () => {
    const orders = goodList.chain((records) =>
      fc.tuple(fc.constant(records), fc.shuffledSubarray(records, { minLength: records.length })),
    );
    fc.assert(
      fc.property(somePlan, orders, (plan, [records, shuffled]) => {
        const [one, other] = [begin(plan), begin(plan)];
        const first = one.rebuild(records, { time: 5, ...plan.options });
        const second = other.rebuild(asArray(shuffled), { time: 5, ...plan.options });
        assert.deepEqual(other.snapshot(), one.snapshot());
        assert.deepEqual(second.conflicts, first.conflicts);
        assert.equal(second.superseded, first.superseded);
        one.destroy();
        other.destroy();
      }),
      { numRuns: 200 },
    );
  });

  test('what was bound before leaves no trace', () => {
    fc.assert(
      fc.property(goodList, goodList, (earlier, later) => {
        const plan = { cidr: '10.0.0.0/24', options: { network: NETWORK, services: SERVICES } };
        const [used, fresh] = [begin(plan), begin(plan)];
        used.rebuild(earlier, { time: 5, ...plan.options });
        // The latest release is remembered.
        fresh.rebuild([{ identity: 'x', address: '10.0.0.4', state: 'reserved' }], {
          time: used.stats.reserved ? 5 : 0,
        });
        for (const net of [used, fresh]) net.rebuild(later, { time: 6, ...plan.options });
        assert.deepEqual(wholeState(used), wholeState(fresh));
        used.destroy();
        fresh.destroy();
      }),
      { numRuns: 100 },
    );
  });

  test('long lists, whose records lie across the ends of the windows', () => {
    const records = Array.from({ length: 20_000 }, (_, i) => ({
      identity: `task.${i}`,
      address: `10.${i & 3}.${(i >> 2) & 255}.${(i >> 10) + 7}`,
      note: 'x'.repeat((i * 7919) % 97),
      state: i % 3 ? 'live' : 'reserved',
    }));
    const plan = { cidr: '10.0.0.0/8', options: {} };
    const expected = begin(plan);
    expected.rebuild(records, { time: 5 });
    assert.equal(expected.stats.live + expected.stats.reserved, records.length);
    for (const text of [asArray, asPretty, asLines, asLooseLines]) {
      for (const size of [1001, 65_536, 100_000]) {
        const net = begin(plan);
        const report = inPieces(text, () => size)(net, records, { time: 5 });
        assert.deepEqual(report.scanned, { core: records.length, host: 0 });
        assert.deepEqual(net.snapshot(), expected.snapshot());
        net.destroy();
      }
      // In one piece the core is told how many come.
      const net = begin(plan);
      assert.deepEqual(net.rebuild(text(records), { time: 5 }).scanned, { core: records.length, host: 0 });
      assert.deepEqual(net.snapshot(), expected.snapshot());
      net.destroy();
    }
    expected.destroy();
  });
});

describe('records that the core cannot hold', () => {
  const small = { identity: 'small', address: '10.0.0.5', state: 'live' };
  const plan = { cidr: '10.0.0.0/24', options: {} };
  const sizes = [1, 1000, 65_536, 100_000];

  test('a mended bug: a record longer than the window does not end an array', () => {
    for (const length of [65_400, 65_536, 70_000, 300_000]) {
      const long = { identity: 'long', pad: '}]"\\'.repeat(length / 4), address: '10.0.0.6', state: 'reserved' };
      for (const records of [[long], [long, small], [small, long, small], [long, long]]) {
        for (const form of Object.values(forms)) {
          if (new Set(records).size === records.length) agrees(plan, form, records);
        }
        for (const size of sizes.slice(1))
          for (const text of [asArray, asPretty, asLines])
            agrees(
              plan,
              inPieces(text, () => size),
              records,
            );
      }
    }
  });

  test('a mended bug: a string longer than the window is one bad record', () => {
    const records = [small, 'x'.repeat(70_000), 'y"\\'.repeat(70_000), small];
    for (const form of [forms.objects!, forms.array!, forms.lines!]) agrees(plan, form, records);
    for (const size of sizes.slice(1))
      agrees(
        plan,
        inPieces(asArray, () => size),
        records,
      );
  });

  test('a mended bug: deep nesting is not malformed', () => {
    const nested = (depth: number): any =>
      depth === 0 ? '}]' : depth % 2 ? [nested(depth - 1)] : { a: nested(depth - 1) };
    for (const depth of [60, 61, 62, 63, 64, 65, 66, 500]) {
      const deep = { identity: 'deep', Spec: nested(depth), address: '10.0.0.7', state: 'live' };
      for (const form of Object.values(forms)) agrees(plan, form, [small, deep, { ...deep, identity: 'too' }]);
      for (const size of sizes)
        agrees(
          plan,
          inPieces(asArray, () => size),
          [deep, small],
        );
    }
  });

  test('numbers, escapes and repeated members are read as JSON says', () => {
    const texts: [string, string[]][] = [
      ['{"identity":"a","identity":"b","address":"10.0.0.5","state":"live"}', ['b']],
      ['{"identity":"\\u0061\\ud83d\\udc1a","address":"10.0.0.5","state":"live"}', ['a🐚']],
      ['{"\\u0069dentity":"c","address":"10.0.0.5","state":"live"}', ['c']],
      ['{"identity":"d","address":"10.0.0.5","state":"live","x":[1e5,-0.0,true,null,"]"]}', ['d']],
      ['{"identity":"e","address":"10\\u002e0.0.5","state":"l\\u0069ve"}', ['e']],
      ['{ "identity" : "f" , "address"\t:\r"10.0.0.5" , "state" : "live" }', ['f']],
      ['{"identity":"g","address":"10.0.0.5","state":"live","__proto__":{"identity":"x"}}', ['g']],
      ['{"__proto__":{"identity":"x","address":"10.0.0.5","state":"live"}}', []],
    ];
    for (const [text, identities] of texts) {
      for (const whole of [`[${text}]`, text]) {
        const net = begin(plan);
        net.rebuild(whole);
        assert.deepEqual(
          [...net.bindings()].map(({ identity }) => identity),
          identities,
          whole,
        );
        net.destroy();
      }
    }
  });
});

describe('which network is meant', () => {
  const attachedTo = (Network: unknown, n: number) => ({
    ID: `task${n}`,
    Version: { Index: 1 },
    ServiceID: 'svc-web',
    Slot: n,
    Status: { State: 'running' },
    DesiredState: 'running',
    NetworksAttachments: [{ Network, Addresses: [`10.0.0.${n}/24`] }],
  });

  test('a mended bug: a name that looks like an ID is still a name', () => {
    const network = 'productionfrontendnetwork';
    const records = [5, 6, 7].map((n) => attachedTo({ ID: NETWORK, Spec: { Name: network } }, n));
    const plan = { cidr: '10.0.0.0/24', options: { network, services: SERVICES } };
    for (const form of Object.values(forms)) assert.equal(agrees(plan, form, records).live, 3);
  });

  test('by ID the core reads by itself, from the first task on that has it', () => {
    const other = attachedTo({ ID: OTHER }, 4);
    const records = [other, other, ...[5, 6, 7, 8].map((n) => attachedTo({ ID: NETWORK }, n)), other];
    const plan = { cidr: '10.0.0.0/24', options: { network: NETWORK, services: SERVICES } };
    assert.deepEqual(agrees(plan, forms.array!, records).scanned, { core: 4, host: 3 });
    assert.deepEqual(agrees(plan, forms.lines!, records).scanned, { core: 4, host: 3 });
  });

  test('an attachment that names no network is malformed, also to the scanner', () => {
    const plan = { cidr: '10.0.0.0/24', options: { network: NETWORK, services: SERVICES } };
    const first = attachedTo({ ID: NETWORK }, 5);
    const odd = { ...attachedTo(undefined, 6), NetworksAttachments: [{}] };
    const both = { ...first, Slot: 7, NetworksAttachments: [...first.NetworksAttachments, {}] };
    for (const form of Object.values(forms)) agrees(plan, form, [first, odd, both]);
  });
});

describe('a rebuild in steps', () => {
  const record = (identity: string, n: number, state = 'live') => ({ identity, address: `10.0.0.${n}`, state });

  test('the subnet serves on until the commit', () => {
    const net = limpet.subnet('10.0.0.0/24', { gateway: '10.0.0.1' });
    assert.equal(net.allocate('old'), '10.0.0.2');
    const rebuild = net
      .rebuilder({ time: 9 })
      .add(record('new', 2))
      .add(record('gone', 8, 'reserved'));
    assert.equal(net.owner('10.0.0.2'), 'old');
    assert.equal(net.allocate('meanwhile'), '10.0.0.3');
    assert.equal(net.hold('10.0.0.9'), '10.0.0.9');
    assert.equal(net.release('old', 3), true);
    rebuild.feed(encoder.encode(`[${JSON.stringify(record('late', 4))}]`));
    const report = rebuild.commit();
    assert.deepEqual([report.live, report.reserved, report.scanned], [2, 1, { core: 1, host: 2 }]);
    assert.deepEqual(
      [...net.bindings()],
      [
        { identity: 'new', address: '10.0.0.2', state: 'live' },
        { identity: 'late', address: '10.0.0.4', state: 'live' },
        { identity: 'gone', address: '10.0.0.8', state: 'reserved', releasedAt: 9 },
      ],
    );
    assert.deepEqual([...net.held()], ['10.0.0.1', '10.0.0.9']);
    assert.equal(net.allocate('next'), '10.0.0.5', 'the cursor stays where it was, behind the last one given');
    net.destroy();
  });

  test('what is held after it was claimed is skipped, with its reason', () => {
    const net = limpet.subnet('10.0.0.0/24');
    const rebuild = net.rebuilder().add(record('a', 5));
    net.hold('10.0.0.5');
    const report = rebuild.commit();
    assert.deepEqual([report.live, report.conflicts], [0, []]);
    assert.deepEqual(
      report.skipped.map(({ reason, identity, address }) => [reason, identity, address]),
      [['held', 'a', '10.0.0.5']],
    );
    net.destroy();
  });

  test('an address held beside its binding stays held, whoever has it then', () => {
    const net = limpet.subnet('10.0.0.0/24');
    for (const [name, n] of [
      ['a', 5],
      ['b', 6],
    ] as const) {
      net.bind(name, `10.0.0.${n}`);
      net.rehold(`10.0.0.${n}`);
    }
    net.rebuild([record('c', 5)]);
    assert.deepEqual([net.owner('10.0.0.5'), net.inspect('10.0.0.6').state], ['c', 'held']);
    net.release('c', 1);
    net.reclaim('c');
    assert.deepEqual([...net.held()], ['10.0.0.5', '10.0.0.6']);
    net.destroy();
  });

  test('one at a time; given up it leaves no trace', () => {
    const net = limpet.subnet('10.0.0.0/24');
    net.allocate('a');
    const before = wholeState(net);
    const { used } = limpet.memory;
    const rebuild = net.rebuilder().add(record('b', 5));
    refused('ENDED', () => net.rebuilder(), '10.0.0.0/24', 'already');
    refused('ENDED', () => net.rebuild([]), '10.0.0.0/24');
    rebuild.abort();
    rebuild.abort();
    assert.deepEqual(wholeState(net), before);
    assert.equal(limpet.memory.used, used);
    for (const call of [() => rebuild.add({}), () => rebuild.feed(new Uint8Array()), () => rebuild.commit()])
      refused('ENDED', call, '10.0.0.0/24');
    net.destroy();
  });

  test('an error ends it', () => {
    const net = limpet.subnet('10.0.0.0/24');
    const rebuild = net.rebuilder().add(record('b', 5));
    refused('BAD_INPUT', () => rebuild.feed(encoder.encode('nonsense')));
    refused('ENDED', () => rebuild.commit());
    assert.equal(net.rebuild([record('c', 6)]).live, 1);
    net.destroy();
  });

  test('a mended bug: a rebuild ends with its subnet, and does not speak to the next one of its number', () => {
    const net = limpet.subnet('10.0.0.0/24');
    const rebuild = net.rebuilder().add(record('a', 5));
    const { used } = limpet.memory;
    net.destroy();
    const next = limpet.subnet('10.0.0.0/24');
    const other = next.rebuilder();
    refused('ENDED', () => rebuild.add(record('a', 5)), '10.0.0.0/24', 'with its subnet');
    refused('ENDED', () => rebuild.feed(encoder.encode('[]')));
    refused('ENDED', () => rebuild.commit());
    rebuild.abort();
    assert.equal(other.commit().live, 0);
    assert.deepEqual([...next.bindings()], []);
    next.destroy();
    assert.ok(limpet.memory.used < used);
  });

  test('a mended bug: conflicts are sorted by the bytes of the loser', () => {
    const net = limpet.subnet('10.0.0.0/24');
    const losers = ['a', 'ab', 'b', 'ﬁ', '🐚'];
    const records = ['🐚', 'ﬁ', 'b', 'ab', 'a', '!'].map((identity) => record(identity, 5));
    assert.deepEqual(
      net.rebuild(records).conflicts,
      losers.map((loser) => ({ address: '10.0.0.5', winner: '!', loser })),
    );
    net.destroy();
  });
});
