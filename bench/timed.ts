// The cases with a twin in plain JavaScript.

import { Identity, type Instance, limpet } from './host.js';
import { compactLines, dockerTasks, identities, packedRecords, shuffled } from './inputs.js';
import { compare, type Timed, type Way } from './measure.js';
import { PlainSubnet } from './plain.js';
import { RawCore } from './raw.js';

export interface TimedCase extends Timed {
  readonly name: string;
  /** What the plain side is. */
  readonly against: string;
  /** Bytes a unit, where the unit is a record of text. */
  readonly bytes?: number;
}

const SLASH_8 = 1 << 24;
/** One ordinal in ten thousand is free. */
const GAP = 10_000;

export function timedCases(rounds: number): TimedCase[] {
  return [
    time('next free ordinal, empty /8', 'Uint32Array and cursor', nextFree(new Set()), rounds),
    time('next free ordinal, /8 99.99 % full', 'Uint32Array and cursor', nextFree(nearlyFull()), rounds),
    ...sticky(10_000, rounds),
    ...sticky(1_000_000, rounds),
    time('rebuild, packed records, 100 000', 'two Maps, bitmap', packed(100_000), rounds),
    time('rebuild, packed records, 1 000 000', 'two Maps, bitmap', packed(1_000_000), Math.min(rounds, 3)),
    lines(100_000, rounds),
    docker(20_000, rounds),
  ];
}

function time(name: string, against: string, [ours, plain]: [Way, Way], rounds: number): TimedCase {
  return { name, against, ...compare(ours, plain, rounds) };
}

function nearlyFull(): Set<number> {
  const free = new Set<number>();
  for (let ordinal = GAP / 2; ordinal < SLASH_8; ordinal += GAP) free.add(ordinal);
  return free;
}

/** Takes free ordinals one after another. In a subnet with few free ones these are given back between the rounds. */
function nextFree(free: ReadonlySet<number>): [Way, Way] {
  const raw = new RawCore();
  const units = free.size || 1_000_000;
  const hold = raw.calls.hold_next as (id: number) => number;
  let id = raw.subnet(4, 8);
  let plain = new PlainSubnet(SLASH_8);
  const empty = () => {
    raw.call('subnet_destroy', id);
    id = raw.subnet(4, 8);
    plain = new PlainSubnet(SLASH_8);
  };
  const refill = () => {
    const io = new DataView(raw.bytes(raw.io).buffer, raw.io);
    io.setUint32(4, 0, true);
    for (const ordinal of free) {
      io.setUint32(0, ordinal, true);
      raw.call('unhold', id);
    }
  };
  if (free.size > 0) {
    for (let i = 0; i < SLASH_8; i++) hold(id);
    for (let i = 0; i < SLASH_8; i++) plain.hold();
  }
  return [
    {
      units,
      setUp: free.size > 0 ? refill : empty,
      run: () => {
        for (let i = 0; i < units; i++) hold(id);
      },
    },
    {
      units,
      setUp: () => {
        for (const ordinal of free) plain.unhold(ordinal);
      },
      run: () => {
        for (let i = 0; i < units; i++) plain.hold();
      },
    },
  ];
}

function sticky(count: number, rounds: number): TimedCase[] {
  const names = identities(count);
  const handles = names.map((name) => new Identity(name));
  const net = limpet.subnet('10.0.0.0/8');
  const plain = new PlainSubnet(SLASH_8);
  for (const name of names) {
    net.allocateOrdinal(name);
    plain.allocate(name);
  }
  const order = shuffled(count).map((n) => n - 1);
  const units = Math.max(count, 500_000);
  const loop = (hit: (i: number) => unknown): Way => ({
    units,
    run: () => {
      for (let i = 0; i < units; i++) hit(order[i % count] as number);
    },
  });
  const map = loop((i) => plain.allocate(names[i] as string));
  const many = count.toLocaleString('en').replaceAll(',', ' ');
  const cases = [
    time(
      `sticky hit by string, ${many} identities`,
      'Map',
      [loop((i) => net.allocateOrdinal(names[i] as string)), map],
      rounds,
    ),
    time(
      `sticky hit by Identity, ${many} identities`,
      'Map',
      [loop((i) => net.allocateOrdinal(handles[i] as Identity)), map],
      rounds,
    ),
  ];
  net.destroy();
  return cases;
}

function packed(count: number): [Way, Way] {
  const pieces = packedRecords(identities(count), shuffled(count));
  const raw = new RawCore();
  let id = raw.subnet(4, 8);
  const ours: Way = {
    units: count,
    setUp: () => {
      raw.call('subnet_destroy', id);
      id = raw.subnet(4, 8);
    },
    run: () => {
      raw.call('rebuild_begin', id);
      raw.call('rebuild_expect', id, count);
      for (const piece of pieces) {
        raw.bytes(raw.window).set(piece);
        raw.call('rebuild_feed', id, piece.length);
      }
      raw.call('rebuild_resolve', id);
      if (raw.call('rebuild_commit', id) !== 1) throw new Error('the rebuild was refused');
    },
  };
  const plain: Way = {
    units: count,
    run: () => {
      const subnet = new PlainSubnet(SLASH_8);
      for (const piece of pieces) {
        const records = Buffer.from(piece.buffer, piece.byteOffset, piece.length);
        for (let at = 0; at < piece.length; ) {
          const end = at + 28 + (records[at + 27] as number);
          subnet.bind(records.toString('latin1', at + 28, end), records.readUInt32LE(at));
          at = end;
        }
      }
    },
  };
  return [ours, plain];
}

/** Rebuilds a fresh subnet from text through the host API. */
function fromText(text: Buffer, units: number, options: Parameters<ReturnType<Instance['subnet']>['rebuild']>[1]): Way {
  let net = limpet.subnet('10.0.0.0/8');
  return {
    units,
    setUp: () => {
      net.destroy();
      net = limpet.subnet('10.0.0.0/8');
    },
    run: () => {
      const report = net.rebuild(text, options);
      if (report.live !== units) throw new Error(`${report.live} of ${units} records were bound`);
    },
  };
}

/** The ordinal in 10.0.0.0/8 of an address in dotted decimal. */
function ordinalOf(dotted: string): number {
  let address = 0;
  let part = 0;
  for (let i = 0; i < dotted.length; i++) {
    const code = dotted.charCodeAt(i);
    if (code === 0x2e) {
      address = (address << 8) | part;
      part = 0;
    } else {
      part = part * 10 + code - 0x30;
    }
  }
  return ((address << 8) | part) & (SLASH_8 - 1);
}

function lines(count: number, rounds: number): TimedCase {
  const text = compactLines(identities(count), shuffled(count));
  const plain: Way = {
    units: count,
    run: () => {
      const subnet = new PlainSubnet(SLASH_8);
      for (const line of text.toString().split('\n')) {
        const { identity, address } = JSON.parse(line);
        subnet.bind(identity, ordinalOf(address));
      }
    },
  };
  const timed = time(
    'rebuild, compact NDJSON, 100 000',
    'JSON.parse, two Maps',
    [fromText(text, count, {}), plain],
    rounds,
  );
  return { ...timed, bytes: text.length / count };
}

function docker(count: number, rounds: number): TimedCase {
  const { tasks, services, network } = dockerTasks(count);
  const plain: Way = {
    units: count,
    run: () => {
      const subnet = new PlainSubnet(SLASH_8);
      for (const task of JSON.parse(tasks.toString())) {
        const attachment = task.NetworksAttachments.find(
          (each: { Network: { ID: string } }) => each.Network.ID === network,
        );
        subnet.bind(`${task.ServiceID}.${task.Slot}`, ordinalOf(attachment.Addresses[0].split('/')[0]));
      }
    },
  };
  const ours = fromText(tasks, count, { network, services });
  const timed = time("rebuild, Docker's task list, 20 000", 'JSON.parse, two Maps', [ours, plain], rounds);
  return { ...timed, bytes: tasks.length / count };
}
