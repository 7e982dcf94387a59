// The rebuild's sections of the conformance script: packed records, Docker's JSON, and the order of calls.
import { hex, le, type Script } from './script.js';

interface Record {
  ordinal: number;
  identity: string;
  rank?: number;
  flags?: number;
  /** What the core writes into it. */
  status?: number;
}

const LIVE = 1;
const WANTED = 4;

function packed({ ordinal, identity, rank = 0, flags = LIVE | WANTED, status = 0 }: Record): string {
  return le(16, ordinal) + le(8, rank) + le(1, status & 255, flags, 0, identity.length) + hex(identity);
}

export function rebuild(script: Script): void {
  script.note('rebuild from packed records in a /28 that serves on meanwhile');
  const set = { ordinal: 0x0a020000, window: le(16, 0, 0) };
  script.call('subnet_create', [4, 28, 0, 1], 'any', { set, save: 'net' });
  script.of('allocate', 'net', 'old', 'CHANGED', { expect: { ordinal: 1 } });
  script.call('hold', ['net'], 'CHANGED', { set: { ordinal: 15 } });
  script.call('rebuild_feed', ['net', 0], 'BAD_STATE');
  script.call('rebuild_expect', ['net', 9], 'BAD_STATE');
  script.call('rebuild_begin', ['net'], 'OK');
  script.call('rebuild_begin', ['net'], 'BAD_STATE');
  script.call('rebuild_commit', ['net'], 'BAD_STATE');
  script.call('rebuild_expect', ['net', 9], 'OK');
  const records: Record[] = [
    { ordinal: 3, identity: 'web.1', rank: 5, status: 1 },
    { ordinal: 4, identity: 'web.1', rank: 9, status: 1 },
    { ordinal: 4, identity: 'web.2', rank: 3, status: 1 },
    { ordinal: 6, identity: 'web.3', flags: 0, rank: 7, status: 1 },
    { ordinal: 7, identity: 'web.4', flags: 0, rank: 2, status: 1 },
    { ordinal: 16, identity: 'web.5', status: -3 },
    { ordinal: 0, identity: 'web.6', status: -4 },
    { ordinal: 15, identity: 'web.7', status: -2 },
    { ordinal: 8, identity: '', status: -6 },
  ];
  const fed = records.map((record) => packed({ ...record, status: 0 })).join('');
  script.call('rebuild_feed', ['net', fed.length / 2], 4, {
    set: { window: fed },
    expect: { window: records.map(packed).join('') },
  });
  script.note('a record that lost to a better claim of its identity');
  const late = { ordinal: 2, identity: 'web.1', rank: 1 };
  script.call('rebuild_feed', ['net', 33], 0, { set: { window: packed(late) }, expect: { window: packed(late) } });
  script.of('lookup', 'net', 'old', 'OK', { expect: { ordinal: 1, state: 1 } });
  script.call('rebuild_resolve', ['net'], 'OK', { expect: { window: le(4, 2, 0, 1, 2) } });
  script.call('rebuild_feed', ['net', 0], 'BAD_STATE');
  script.call('rebuild_conflict', ['net'], 'OK', {
    expect: { ordinal: 4, identity: 'web.2', length: 5, other: 'web.1', end: 5, state: 1 },
  });
  script.call('rebuild_conflict', ['net'], 'UNKNOWN');
  script.call('rebuild_commit', ['net'], 'BAD_INPUT', { set: { time: String(2n ** 48n) } });
  script.call('rebuild_commit', ['net'], 'CHANGED', { set: { time: 5000 } });
  script.of('lookup', 'net', 'old', 'UNKNOWN');
  script.of('lookup', 'net', 'web.1', 'OK', { expect: { ordinal: 4, state: 1 } });
  script.call('oldest', ['net'], 'OK', { expect: { ordinal: 7, state: 2, time: 5000, identity: 'web.4' } });
  script.call('inspect', ['net'], 'OK', { set: { ordinal: 15 }, expect: { state: 3 } });
  script.note('a piece whose last record is cut off is refused as a whole, and the rebuild goes on');
  script.call('rebuild_begin', ['net'], 'OK');
  script.call('rebuild_feed', ['net', 27], 'BAD_INPUT', { set: { window: packed(late) } });
  script.call('rebuild_feed', ['net', 33 + 32], 'BAD_INPUT', { set: { window: packed(late) + packed(late) } });
  script.call('rebuild_feed', ['net', 33], 0, {
    set: { window: packed(late) },
    expect: { window: packed({ ...late, status: 1 }) },
  });
  script.call('rebuild_abort', ['net'], 'OK');
  script.call('rebuild_abort', ['net'], 'BAD_STATE');
  script.of('lookup', 'net', 'web.1', 'OK', { expect: { ordinal: 4, state: 1 } });
}

export function scanning(script: Script): void {
  script.note("rebuild from Docker's task list, and from compact records, one a line");
  script.call('subnet_create', [4, 24, 0, 0], 'any', { set: { ordinal: 0x0a020000 }, save: 'net' });
  script.call('rebuild_begin', ['net'], 'OK');
  word(script, 1, 'service1', 'web');
  word(script, 2, 'service2', 'agent');
  for (const [kind, text] of [
    [3, 'running'],
    [4, 'shutdown'],
    [5, 'network1'],
  ] as const) {
    word(script, kind, text);
  }
  script.call('rebuild_word', ['net', 6, 1, 0], 'BAD_INPUT', { set: { window: hex('x') } });
  const tasks = JSON.stringify([
    task('service1', { Slot: 2 }, '10.2.0.5/24', 'running'),
    task('service2', { NodeID: 'node1' }, '10.2.0.6/24', 'running'),
    task('service1', { Slot: 3 }, '10.2.0.7/24', 'shutdown'),
    task('service1', { Slot: 4 }, '10.2.0.8/24', 'running', 'network2'),
  ]);
  const whole = { length: 4, position: tasks.length, state: 1 };
  script.call('rebuild_scan_array', ['net', 0, tasks.length], 'OK', { set: { window: hex(tasks) }, expect: whole });
  const line = '{"identity":"web.9","address":"10.2.0.9","state":"reserved"}\n';
  const odd = '{"identity":"we\\u0062.8","address":"10.2.0.10","state":"live"}';
  script.note('the second line is not plain: the host must read it');
  script.call('rebuild_scan_lines', ['net', 0, line.length + odd.length + 1], 'HOST', {
    set: { window: hex(`${line}${odd}\n`) },
    expect: { length: 1, position: line.length, end: line.length + odd.length },
  });
  const read = packed({ ordinal: 10, identity: 'web.8' });
  script.call('rebuild_feed', ['net', read.length / 2], 0, { set: { window: read } });
  script.note('a line that is no record is for the host to read; behind an array nothing may stand');
  const line5 = { set: { window: hex('true\n') }, expect: { length: 0, position: 0, end: 4 } };
  script.call('rebuild_scan_lines', ['net', 0, 5], 'HOST', line5);
  const behind = { set: { window: hex(' []') }, expect: { length: 0, position: 1 } };
  script.call('rebuild_scan_array', ['net', 0, 3], 'BAD_INPUT', behind);
  script.call('rebuild_scan_lines', ['net', 2, 1], 'BAD_INPUT');
  script.call('rebuild_resolve', ['net'], 'OK', { expect: { window: le(4, 0, 1, 3, 2) } });
  script.call('rebuild_commit', ['net'], 'CHANGED', { set: { time: 60 } });
  for (const [identity, ordinal, state] of [
    ['web.2', 5, 1],
    ['agent.node1', 6, 1],
    ['web.3', 7, 2],
    ['web.8', 10, 1],
    ['web.9', 9, 2],
  ] as const) {
    script.of('lookup', 'net', identity, 'OK', { expect: { ordinal, state } });
  }
}

function word(script: Script, kind: number, text: string, name = ''): void {
  script.call('rebuild_word', ['net', kind, text.length, name.length], 'OK', { set: { window: hex(text + name) } });
}

/** A task as Docker's API gives it, as far as it matters. */
function task(service: string, where: object, address: string, state: string, network = 'network1'): object {
  return {
    ID: `task-${address}`,
    Version: { Index: 10 },
    ServiceID: service,
    ...where,
    Status: { State: state },
    DesiredState: state,
    NetworksAttachments: [{ Network: { ID: network }, Addresses: [address] }],
  };
}
