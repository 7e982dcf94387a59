// What Docker's JSON means, record by record; and that the rebuild's naive twin agrees with the recordings.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { findNetwork, networksOfTask, subnetsOfTask } from '../../src/docker/network-list.js';
import { readServices, virtualAddresses } from '../../src/docker/service-list.js';
import { ENDED_STATES, LIVE_STATES } from '../../src/docker/states.js';
import { type TaskClaim as Claim, readTask, type TaskContext } from '../../src/docker/task-records.js';
import type { Refusal } from '../../src/host/claims.js';
import { isCompact, readCompact } from '../../src/host/compact-records.js';
import { rebuildTwin } from '../rebuild-twin.js';
import { containersOn, fixture, NETWORKS, STEPS } from './recordings.js';

const SERVICE = { ID: 'svc1', Spec: { Name: 'web', Mode: { Replicated: { Replicas: 3 } } } };
const AGENT = { ID: 'svc2', Spec: { Name: 'agent', Mode: { Global: {} } } };
const services = readServices([SERVICE, AGENT]);

function task(changes: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    ID: 'task1',
    Version: { Index: 7 },
    ServiceID: 'svc1',
    Slot: 3,
    NodeID: 'node1',
    Status: { State: 'running' },
    DesiredState: 'running',
    NetworksAttachments: [attachment()],
    ...changes,
  };
}

function attachment(changes: Record<string, unknown> = {}): Record<string, unknown> {
  return { Network: { ID: 'net1', Spec: { Name: 'front' } }, Addresses: ['10.0.0.9/24'], ...changes };
}

const readRecord = (record: unknown, context: TaskContext) =>
  isCompact(record) ? readCompact(record, context.index) : readTask(record, context);
const read = (record: unknown) => readRecord(record, { network: 'front', services, index: 4 });

describe('a task becomes a claim', () => {
  const claim: Claim = {
    identity: 'web.3',
    addresses: ['10.0.0.9'],
    state: 'live',
    wanted: true,
    rank: 7,
    networkId: 'net1',
    record: 'task1',
  };
  const both = attachment({ Addresses: ['10.0.0.9/24', '2001:db8::9/64'] });
  const cases: [string, Record<string, unknown>, Partial<Claim>][] = [
    ['as it is', {}, {}],
    [
      'an ended one is reserved',
      { Status: { State: 'shutdown' }, DesiredState: 'shutdown' },
      { state: 'reserved', wanted: false },
    ],
    ['on a lost node: running, but not wanted', { DesiredState: 'shutdown' }, { wanted: false }],
    ['a global service goes by node', { ServiceID: 'svc2', Slot: 0 }, { identity: 'agent.node1' }],
    ['a global service goes by node, even with a slot', { ServiceID: 'svc2' }, { identity: 'agent.node1' }],
    ['both families', { NetworksAttachments: [both] }, { addresses: ['10.0.0.9', '2001:db8::9'] }],
    ['what Go leaves out', { Version: {}, DesiredState: undefined }, { rank: 0, wanted: false }],
    ['without an ID it goes by its place', { ID: undefined }, { record: '#4' }],
    ['an address without prefix length', { NetworksAttachments: [attachment({ Addresses: ['10.0.0.9'] })] }, {}],
  ];
  for (const [name, changes, expected] of cases) {
    test(name, () => assert.deepEqual(read(task(changes)), { ...claim, ...expected }));
  }

  test('by network ID as by name', () => {
    assert.deepEqual(readRecord(task(), { network: 'net1', services, index: 0 }), claim);
  });

  test('without services the ServiceID is the name, and no slot means global', () => {
    const context = { network: 'front', index: 0 };
    assert.equal((readRecord(task(), context) as Claim).identity, 'svc1.3');
    assert.equal((readRecord(task({ Slot: undefined }), context) as Claim).identity, 'svc1.node1');
    const nowhere = task({ Slot: undefined, NodeID: undefined });
    assert.equal((readRecord(nowhere, context) as Refusal).reason, 'no-slot');
  });

  test('without a network every attachment counts', () => {
    const other = { Network: { ID: 'net2' }, Addresses: ['10.1.0.9/24'] };
    const claim = readRecord(task({ NetworksAttachments: [attachment(), other] }), { services, index: 0 });
    assert.deepEqual((claim as Claim).addresses, ['10.0.0.9', '10.1.0.9']);
  });

  test('every state is live or reserved', () => {
    for (const State of LIVE_STATES) assert.equal((read(task({ Status: { State } })) as Claim).state, 'live');
    for (const State of ENDED_STATES) assert.equal((read(task({ Status: { State } })) as Claim).state, 'reserved');
    assert.equal(new Set([...LIVE_STATES, ...ENDED_STATES]).size, 15);
  });

  test('elsewhere', () => {
    const other = attachment({ Network: { ID: 'net2', Spec: { Name: 'back' } } });
    for (const NetworksAttachments of [undefined, null, [], [other]]) {
      assert.equal(read(task({ NetworksAttachments })), 'elsewhere');
    }
  });
});

describe('a compact record becomes a claim', () => {
  test('live and reserved', () => {
    assert.deepEqual(read({ identity: 'ns/pod', address: '10.0.0.9', state: 'live' }), {
      identity: 'ns/pod',
      addresses: ['10.0.0.9'],
      state: 'live',
      wanted: true,
      rank: 0,
      record: '#4',
    });
    const reserved = read({ identity: 'x', address: '::1', state: 'reserved' }) as Claim;
    assert.deepEqual([reserved.state, reserved.wanted], ['reserved', false]);
  });
});

describe('a record that makes no claim says why', () => {
  const attached = (...Addresses: unknown[]) => ({ NetworksAttachments: [attachment({ Addresses })] });
  const compact = { identity: 'a', address: '10.0.0.9', state: 'live' };
  const cases: [unknown, string, RegExp][] = [
    [null, 'bad-record', /null, not an object/],
    [17, 'bad-record', /17, not an object/],
    ['text', 'bad-record', /"text", not an object/],
    [[], 'bad-record', /a list, not an object/],
    [{}, 'bad-record', /neither/],
    [{ message: 'This node is not a swarm manager.' }, 'bad-record', /neither/],
    [task({ ID: 5, Slot: '3' }), 'bad-record', /^Slot /],
    [task({ NetworksAttachments: {} }), 'bad-record', /^NetworksAttachments must be a list/],
    [task({ NetworksAttachments: [null] }), 'bad-record', /^NetworksAttachments\[0\]\.Network\.ID/],
    [task({ NetworksAttachments: [{ Network: {} }] }), 'bad-record', /Network\.ID must be a string, not missing/],
    [task({ ServiceID: 5 }), 'bad-record', /^ServiceID must be a string, not 5/],
    [task({ Slot: '3' }), 'bad-record', /^Slot must be a whole number .*, not "3"/],
    [task({ Slot: 1.5 }), 'bad-record', /^Slot .*, not 1\.5/],
    [task({ Slot: -1 }), 'bad-record', /^Slot .*, not -1/],
    [task({ Slot: 2 ** 53 }), 'bad-record', /^Slot /],
    [task({ Version: { Index: 2 ** 48 } }), 'bad-record', /^Version\.Index must be a whole number from 0 to 2\^48 − 1/],
    [task({ Version: { Index: '7' } }), 'bad-record', /^Version\.Index /],
    [task({ Status: undefined }), 'bad-record', /^Status\.State must be a string, not missing/],
    [task({ DesiredState: 1 }), 'bad-record', /^DesiredState /],
    [task({ NetworksAttachments: [attachment({ Addresses: '10.0.0.9' })] }), 'bad-record', /^Addresses must be a list/],
    [task(attached(9)), 'bad-record', /^Addresses must be a list of strings, not 9/],
    [task({ Slot: 0 }), 'no-slot', /"web" has no Slot/],
    [task({ Slot: undefined }), 'no-slot', /"web" has no Slot/],
    [task({ ServiceID: 'svc2', NodeID: undefined }), 'no-slot', /"agent" has no NodeID/],
    [task({ ServiceID: undefined }), 'no-slot', /no service/],
    [task({ ServiceID: 'gone' }), 'unknown-service', /"gone"/],
    [task({ Status: { State: 'dreaming' } }), 'unknown-state', /"dreaming"/],
    [task(attached()), 'no-address', /no address/],
    [task({ NetworksAttachments: [attachment({ Addresses: null })] }), 'no-address', /no address/],
    [task(attached('10.0.0.256/24')), 'bad-address', /"10\.0\.0\.256\/24"/],
    [task(attached('10.0.0.9/33')), 'bad-address', /"10\.0\.0\.9\/33"/],
    [task(attached('10.0.0.9/')), 'bad-address', /"10\.0\.0\.9\/"/],
    [task(attached('10.0.0.9/24', 'fe80::1%eth0/64')), 'bad-address', /fe80::1%eth0/],
    [{ ...compact, identity: '' }, 'bad-identity', /empty/],
    [{ ...compact, identity: 'x'.repeat(256) }, 'bad-identity', /256 bytes/],
    [{ ...compact, identity: 'é'.repeat(128) }, 'bad-identity', /256 bytes/],
    [{ ...compact, identity: 'a\ud800' }, 'bad-identity', /surrogate/],
    [{ ...compact, identity: 5 }, 'bad-record', /^identity must be a string, not 5/],
    [{ ...compact, address: undefined }, 'bad-record', /^address must be a string, not missing/],
    [{ ...compact, address: '' }, 'bad-address', /"" is not/],
    [{ ...compact, state: 'running' }, 'unknown-state', /"running"/],
    [{ ...compact, state: 1 }, 'bad-record', /^state /],
  ];
  for (const [record, reason, detail] of cases) {
    test(`${reason}: ${JSON.stringify(record)?.slice(0, 60)}`, () => {
      const refusal = read(record) as Refusal;
      assert.equal(refusal.reason, reason);
      assert.match(refusal.detail, detail);
      assert.equal(refusal.record, (record as any)?.ID === 'task1' ? 'task1' : '#4');
    });
  }

  test('names the identity and the address once they are known', () => {
    const refusal = read(task(attached('nonsense')));
    assert.deepEqual(refusal, {
      reason: 'bad-address',
      record: 'task1',
      identity: 'web.3',
      address: 'nonsense',
      detail: '"nonsense" is not an IP address',
    });
  });
});

describe('readServices', () => {
  test('names and modes, jobs too', () => {
    const job = { ID: 'svc3', Spec: { Name: 'sweep', Mode: { GlobalJob: {} } } };
    const bare = { ID: 'svc4', Spec: { Name: 'bare' } };
    assert.deepEqual(
      [...readServices([SERVICE, AGENT, job, bare])],
      [
        ['svc1', { name: 'web', mode: 'replicated' }],
        ['svc2', { name: 'agent', mode: 'global' }],
        ['svc3', { name: 'sweep', mode: 'global' }],
        ['svc4', { name: 'bare', mode: 'replicated' }],
      ],
    );
  });

  const cases: [unknown, RegExp][] = [
    [{ message: 'This node is not a swarm manager.' }, /not an object; it says "This node is not a swarm manager\."/],
    [null, /not null/],
    ['x', /not "x"/],
    [[null], /services\[0\] must be a service, not null/],
    [[SERVICE, { ID: 5 }], /services\[1\]\.ID must be a string .*, not 5/],
    [[{ ID: 'a' }], /services\[0\]\.Spec\.Name must be a string .*, not missing/],
    [[{ ID: 'a', Spec: { Name: 'n', Mode: 'Global' } }], /services\[0\]\.Spec\.Mode must be an object, not "Global"/],
    [[SERVICE, SERVICE], /services\[1\]: service ID "svc1" is there twice/],
    [[SERVICE, { ID: 'svc9', Spec: { Name: 'web' } }], /two services are named "web": svc1 and svc9/],
  ];
  for (const [value, message] of cases) {
    test(`refuses ${JSON.stringify(value).slice(0, 60)}`, () => {
      assert.throws(() => readServices(value), { name: 'LimpetError', code: 'BAD_INPUT', message });
    });
  }

  test('virtual IPs of one network', () => {
    for (const step of STEPS) {
      const all = fixture(step, 'services');
      assert.deepEqual(virtualAddresses(all, NETWORKS[0].id), ['10.0.5.2']);
      assert.deepEqual(virtualAddresses(all, NETWORKS[1].id), ['10.77.0.13', '10.77.0.2']);
    }
    assert.deepEqual(virtualAddresses([{ Endpoint: { VirtualIPs: [{ NetworkID: 'n' }] } }, {}], 'n'), []);
    assert.throws(
      () => virtualAddresses([{ Endpoint: { VirtualIPs: 5 } }], 'n'),
      /services\[0\]\.Endpoint\.VirtualIPs/,
    );
  });
});

describe('networks', () => {
  const networks = fixture('1-created', 'networks');

  test('by name and by ID', () => {
    for (const { name, id, cidr, gateway } of NETWORKS) {
      const expected = { id, name, subnets: [{ subnet: cidr, gateway, origin: 'configuration' }] };
      assert.deepEqual(findNetwork(networks, name), expected);
      assert.deepEqual(findNetwork(networks, id), expected);
    }
    assert.deepEqual(findNetwork(networks, 'host').subnets, []);
  });

  test('an ID beats the same text as a name', () => {
    const twins = [
      { Id: 'b', Name: 'a' },
      { Id: 'a', Name: 'b' },
    ];
    assert.equal(findNetwork(twins, 'a').id, 'a');
  });

  const doubled = [
    { Id: 'id1', Name: 'web' },
    { Id: 'id2', Name: 'web' },
  ];
  const cases: [unknown, string, string, RegExp][] = [
    [networks, 'nope', 'NO_NETWORK', /"nope" in the list; there are "stock", "ingress", "st1"/],
    [[], 'nope', 'NO_NETWORK', /there are none/],
    [doubled, 'web', 'BAD_INPUT', /2 networks are named "web"; give one's ID: id1, id2/],
    [{ message: 'no' }, 'web', 'BAD_INPUT', /it says "no"/],
    [[5], 'web', 'BAD_INPUT', /networks\[0\] must be a network, not 5/],
    [[{ Name: 'web' }], 'web', 'BAD_INPUT', /networks\[0\]\.Id/],
    [[{ Id: 'x' }], 'web', 'BAD_INPUT', /networks\[0\]\.Name/],
    [[{ Id: 'x', Name: 'web', IPAM: { Config: 5 } }], 'web', 'BAD_INPUT', /networks\[0\]\.IPAM\.Config/],
  ];
  for (const [list, name, code, message] of cases) {
    test(`${code}: ${message.source}`, () => {
      assert.throws(() => findNetwork(list, name), { name: 'LimpetError', code, message });
    });
  }

  test('a task tells its networks', () => {
    const stock = fixture('1-created', 'tasks')[0];
    assert.deepEqual(networksOfTask(stock), [findNetwork(networks, 'stock')]);
    assert.deepEqual(subnetsOfTask(stock, 'stock'), [
      { subnet: '10.0.5.0/24', gateway: '10.0.5.1', origin: 'configuration' },
    ]);
    assert.equal(subnetsOfTask(stock, 'st1'), undefined);
    assert.deepEqual(subnetsOfTask(task(), 'front'), [{ subnet: '10.0.0.9/24', origin: 'address' }]);
    for (const nothing of [null, 5, {}, [], task({ NetworksAttachments: 'x' }), task({ NetworksAttachments: [5] })]) {
      assert.deepEqual(networksOfTask(nothing), []);
    }
  });
});

describe('the recordings', () => {
  for (const step of STEPS) {
    const tasks = fixture(step, 'tasks');
    const options = { services: fixture(step, 'services') };

    test(`${step}: no record is refused`, () => {
      const names = readServices(options.services);
      for (const { name: network } of NETWORKS) {
        const reads = tasks.map((record, index) => readRecord(record, { network, services: names, index }));
        assert.ok(reads.every((read) => read === 'elsewhere' || 'rank' in read));
      }
    });

    test(`${step}: on stock, the twin's live bindings are what the containers have`, () => {
      const { name: network, cidr } = NETWORKS[0];
      const { bindings, conflicts, skipped } = rebuildTwin(tasks, { ...options, network, cidr });
      const live = bindings.filter(({ state }) => state === 'live');
      const pairs = live.map(({ identity, address }) => [identity, address] as const);
      assert.deepEqual(new Map(pairs.sort()), new Map([...containersOn(step, network)].sort()));
      assert.equal(live.length, 10);
      assert.deepEqual([conflicts, skipped], [[], []]);
    });
  }

  test('the drained node keeps a reserved address for its agent', () => {
    const options = { network: 'st1', cidr: '10.77.0.0/24', services: fixture('2-drained', 'services') };
    const { bindings } = rebuildTwin(fixture('2-drained', 'tasks'), options);
    assert.deepEqual(
      bindings.filter(({ state }) => state === 'reserved'),
      [{ identity: 'agent.25x7pxtekpnmdw86556dkruds', address: '10.77.0.14', state: 'reserved' }],
    );
  });
});

describe('properties', () => {
  const state = fc.constantFrom('running', 'pending', 'shutdown', 'failed', 'dreaming', undefined, 5);
  const address = fc.oneof(
    { weight: 6, arbitrary: fc.integer({ min: 0, max: 19 }).map((n) => `10.0.0.${n}/28`) },
    {
      weight: 1,
      arbitrary: fc.constantFrom('10.0.0.300/28', '10.0.0.1/99', '', 'x', '2001:db8::1/64', '::ffff:1.2.3.4', 7),
    },
    { weight: 1, arbitrary: fc.ipV6() },
  );
  const recordArbitrary = fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record(
        {
          ID: fc.oneof(fc.string({ minLength: 1 }), fc.constantFrom(undefined, '', 5)),
          Version: fc.record({ Index: fc.oneof(fc.integer({ min: 0, max: 3 }), fc.constantFrom(-1, 0.5, '1', null)) }),
          ServiceID: fc.constantFrom('svc1', 'svc1', 'svc1', 'svc2', 'gone', '', undefined),
          Slot: fc.oneof(fc.integer({ min: 0, max: 4 }), fc.constantFrom(undefined, '1', -1)),
          NodeID: fc.constantFrom('node1', 'node2', '', undefined),
          Status: fc.record({ State: state }),
          DesiredState: fc.constantFrom('running', 'running', 'shutdown', undefined, 5),
          NetworksAttachments: fc.oneof(
            fc.array(
              fc.record({
                Network: fc.constantFrom({ ID: 'net1', Spec: { Name: 'front' } }, { ID: 'net2' }),
                Addresses: fc.array(address, { maxLength: 2 }),
              }),
              { maxLength: 2 },
            ),
            fc.constantFrom(undefined, null, 5, [null], [{ Network: { ID: 'front', Spec: { Name: 5 } } }]),
          ),
        },
        { requiredKeys: ['ServiceID', 'Slot', 'Status', 'NetworksAttachments'] },
      ),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        identity: fc.oneof(fc.constantFrom('web.1', 'web.2', 'z', 'é', '', '\udc00'), fc.string({ unit: 'binary' })),
        address,
        state: fc.constantFrom('live', 'reserved', 'other', 5),
      }),
    },
    { weight: 1, arbitrary: fc.jsonValue() },
  );
  const listArbitrary = fc.array(recordArbitrary, { maxLength: 20 });
  const options = {
    cidr: '10.0.0.0/28',
    network: 'front',
    services: [SERVICE, AGENT],
    held: ['10.0.0.1'],
    excluded: ['10.0.0.5'],
  };

  test('the readers and the twin refuse the same records for the same reasons', () => {
    const early = (reason: string) => !['outside-subnet', 'excluded', 'held'].includes(reason);
    fc.assert(
      fc.property(listArbitrary, (records) => {
        const reads = records.map((record, index) => readRecord(record, { network: 'front', services, index }));
        const refused = reads.filter((read): read is Refusal => read !== 'elsewhere' && 'reason' in read);
        const twin = rebuildTwin(records, options);
        assert.deepEqual(
          refused.map(({ reason, record }) => ({ reason, record })),
          twin.skipped.filter(({ reason }) => early(reason)),
        );
        assert.equal(reads.filter((read) => read === 'elsewhere').length, twin.elsewhere);
      }),
      { numRuns: 2000 },
    );
  });

  test('the order of a list never changes the result of the twin', () => {
    const shuffled = listArbitrary.chain((records) =>
      fc.tuple(fc.constant(records), fc.shuffledSubarray(records, { minLength: records.length })),
    );
    fc.assert(
      fc.property(shuffled, ([records, others]) => {
        assert.deepEqual(order(rebuildTwin(others, options)), order(rebuildTwin(records, options)));
      }),
      { numRuns: 500 },
    );
  });

  test('every claim ends as a binding, superseded, in conflict or skipped, and each address is bound once', () => {
    fc.assert(
      fc.property(listArbitrary, (records) => {
        const { bindings, conflicts, superseded, elsewhere, skipped } = rebuildTwin(records, options);
        assert.equal(bindings.length + conflicts.length + superseded + elsewhere + skipped.length, records.length);
        assert.equal(new Set(bindings.map(({ address }) => address)).size, bindings.length);
        assert.equal(new Set(bindings.map(({ identity }) => identity)).size, bindings.length);
      }),
      { numRuns: 500 },
    );
  });

  for (const step of STEPS) {
    test(`${step}: in any order the recording gives the same`, () => {
      const tasks = fixture(step, 'tasks');
      for (const { name: network, cidr } of NETWORKS) {
        const settings = { network, cidr, services: fixture(step, 'services') };
        const expected = order(rebuildTwin(tasks, settings));
        fc.assert(
          fc.property(fc.shuffledSubarray(tasks, { minLength: tasks.length }), (shuffled) => {
            assert.deepEqual(order(rebuildTwin(shuffled, settings)), expected);
          }),
          { numRuns: 50 },
        );
      }
    });
  }
});

/** `skipped` follows the input, by design; a record without an ID is even named by its place. */
function order(result: ReturnType<typeof rebuildTwin>): unknown {
  return { ...result, skipped: result.skipped.map(({ reason }) => reason).sort() };
}
