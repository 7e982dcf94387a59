// JSON text read in the core: whole or in pieces it says the same, and what is odd goes to the host with the right end.

import { readAddress } from '../address-text';
import * as core from '../index';
import { CUT, ODD, readNumber, skipValue, stringEnd, Text } from '../json';
import { Ordinal } from '../ordinal';
import * as status from '../status';
import { create, end, hold, length, listed, position, setOrdinal, setTime, state, WINDOW } from './host';
import { put, Random, read } from './support';

const ARRAY = 0;
const LINES = 1;
const NETWORK_ID = 'e9xfkmgj32ktyfqhg0giowc4d';

/** Puts text at the start of the window, with zeros behind it; its end. */
function text(value: string): usize {
  memory.fill(WINDOW, 0xff, 4096);
  const at = WINDOW + put(value, WINDOW);
  store<u64>(at, 0);
  Text.end = at;
  Text.lines = false;
  return at;
}

describe('json', () => {
  test('the end of a string: every byte at every place', () => {
    for (let place: usize = 0; place < 20; place++) {
      for (let byte = 0; byte < 256; byte++) {
        memory.fill(WINDOW, 0x61, 20);
        store<u8>(WINDOW + place, <u8>byte);
        store<u8>(WINDOW + 20, 0x22);
        store<u64>(WINDOW + 21, 0);
        Text.end = WINDOW + 21;
        const found = stringEnd(WINDOW);
        let expected = WINDOW + 20;
        if (byte == 0x22) expected = WINDOW + place;
        else if (byte < 0x20) expected = ODD;
        // The quote at 20 is escaped, and the text over.
        else if (byte == 0x5c && place == 19) expected = CUT;
        assert(found == expected, `byte ${byte} at ${place}: ${found - WINDOW}`);
      }
    }
  });

  test('a value is skipped to its end, and cut off anywhere it is cut', () => {
    const values = [
      '"abc"',
      '""',
      '"a\\"b\\\\"',
      '"\\u0041 [{"',
      '{}',
      '[]',
      '{"a":[1,{"b":"}]"}],"c":null}',
      '[[[["x\\\\\\""]]], true , -1.5e+10]',
      '{ "a" : { } , "b" : [ ] }',
      '"éü€𐀀"',
    ];
    for (let i = 0; i < values.length; i++) {
      const stop = text(`${values[i]},`);
      assert(skipValue(WINDOW) == stop - 1, `${values[i]} ends at ${skipValue(WINDOW) - WINDOW}`);
      const bytes = <u32>(stop - 1 - WINDOW);
      for (let cut: u32 = 1; cut < bytes; cut++) {
        text(values[i]);
        store<u64>(WINDOW + cut, 0);
        Text.end = WINDOW + cut;
        assert(skipValue(WINDOW) == CUT, `${values[i]} cut after ${cut}`);
      }
    }
  });

  test('plain words end with what follows them, and not with the text', () => {
    const words = ['1', '-1.5e+10', 'true', 'null'];
    const behind = [',', ' ', ']', '}', '\n'];
    for (let i = 0; i < words.length; i++) {
      for (let k = 0; k < behind.length; k++) {
        const stop = text(words[i] + behind[k]);
        assert(skipValue(WINDOW) == stop - 1, `${words[i]} before ${behind[k]}`);
      }
      text(words[i]);
      assert(skipValue(WINDOW) == CUT, `${words[i]} may go on`);
    }
  });

  test('what does not nest, or is no value, is odd', () => {
    const values = [
      '{]',
      '[}',
      '[{]}',
      '}',
      ']',
      ',',
      ':',
      '{"a',
      '["\n"]',
      'a"b"',
      'a:b',
      '1{',
      '1[',
      '"\t"',
      '["\\\n"]',
    ];
    for (let i = 0; i < values.length; i++) {
      text(`${values[i]} `);
      const found = skipValue(WINDOW);
      assert(found == (values[i] == '{"a' ? CUT : ODD), `${values[i]}: ${found}`);
    }
    text(`${'['.repeat(62)}${']'.repeat(62)} `);
    expect<usize>(skipValue(WINDOW)).toBe(WINDOW + 124);
    text(`${'['.repeat(64)}${']'.repeat(64)} `);
    expect<usize>(skipValue(WINDOW)).toBe(ODD, 'deeper than it counts');
  });

  test('a zero byte in the text is odd, one at its end cuts it', () => {
    const stop = text('{"a":"b"}');
    for (let at = WINDOW + 1; at < stop; at++) {
      const byte = load<u8>(at);
      store<u8>(at, 0);
      assert(skipValue(WINDOW) == ODD, `a zero at ${at - WINDOW}`);
      store<u8>(at, byte);
    }
  });

  test('numbers', () => {
    const good = ['0', '7', '10', '4294967296', '999999999999999'];
    const odd = ['-1', '1.5', '1e3', '01', '00', '1000000000000000', 'a', '', '"1"', '1a', '1"', '0x1', '+1', 'null'];
    for (let i = 0; i < good.length; i++) {
      const stop = text(`${good[i]},`);
      assert(readNumber(WINDOW) == stop - 1 && Text.number == U64.parseInt(good[i]), good[i]);
      text(good[i]);
      assert(readNumber(WINDOW) == CUT, `${good[i]} may go on`);
    }
    for (let i = 0; i < odd.length; i++) {
      text(`${odd[i]},`);
      assert(readNumber(WINDOW) == ODD, odd[i]);
    }
  });
});

function reads(value: string, version: u32): bool {
  return readAddress(WINDOW, put(value, WINDOW), version);
}

/** Addresses with their 128 bits in hexadecimal; made with Python's ipaddress. */
// biome-ignore format: a table
const IPV6: string[][] = [
  ['::', '00000000000000000000000000000000'],
  ['::1', '00000000000000000000000000000001'],
  ['1::', '00010000000000000000000000000000'],
  ['::ffff', '0000000000000000000000000000ffff'],
  ['1:2:3:4:5:6:7:8', '00010002000300040005000600070008'],
  ['1:2:3:4:5:6:7::', '00010002000300040005000600070000'],
  ['::2:3:4:5:6:7:8', '00000002000300040005000600070008'],
  ['1::8', '00010000000000000000000000000008'],
  ['1:2::8', '00010002000000000000000000000008'],
  ['1:2:3::8', '00010002000300000000000000000008'],
  ['1:2:3:4::8', '00010002000300040000000000000008'],
  ['1:2:3:4:5::8', '00010002000300040005000000000008'],
  ['1:2:3:4:5:6::8', '00010002000300040005000600000008'],
  ['1::7:8', '00010000000000000000000000070008'],
  ['1::6:7:8', '00010000000000000000000600070008'],
  ['1::5:6:7:8', '00010000000000000005000600070008'],
  ['1::4:5:6:7:8', '00010000000000040005000600070008'],
  ['1::3:4:5:6:7:8', '00010000000300040005000600070008'],
  ['fe80::0001', 'fe800000000000000000000000000001'],
  ['ABCD:EF01:2345:6789:abcd:ef01:2345:6789', 'abcdef0123456789abcdef0123456789'],
  ['ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', 'ffffffffffffffffffffffffffffffff'],
  ['0:0:0:0:0:0:0:0', '00000000000000000000000000000000'],
  ['::0', '00000000000000000000000000000000'],
  ['0::', '00000000000000000000000000000000'],
  ['2001:db8::', '20010db8000000000000000000000000'],
  ['2001:db8:0:1::', '20010db8000000010000000000000000'],
  ['0000:0000::0000', '00000000000000000000000000000000'],];

const NOT_IPV6 = [
  '',
  ':',
  ':::',
  '1',
  '1:',
  ':1',
  '1:2:3:4:5:6:7',
  '1:2:3:4:5:6:7:',
  '1:2:3:4:5:6:7:8:',
  '1:2:3:4:5:6:7:8:9',
  '1::2::3',
  '::1::',
  '1:::2',
  ':::1',
  '1:2:3:4:5:6:7:8::',
  '::1:2:3:4:5:6:7:8',
  '1::2:3:4:5:6:7:8',
  '12345::',
  '::12345',
  'g::',
  '::g',
  '::1%eth0',
  '::ffff:1.2.3.4',
  '1.2.3.4',
  '::1 ',
  ' ::1',
  '@::',
  '`::',
  '::/',
  '::/129',
  '::/-1',
  '::/064',
  '::/1/2',
  '::1/64 ',
];

const NOT_IPV4 = [
  '',
  '1',
  '1.2',
  '1.2.3',
  '1.2.3.',
  '.1.2.3',
  '1..2.3',
  '1.2.3.4.',
  '1.2.3.4.5',
  '256.1.1.1',
  '1.1.1.256',
  '1.2.3.999999999999',
  '01.2.3.4',
  '1.2.3.04',
  '00.0.0.0',
  'a.b.c.d',
  '1.2.3.4/',
  '1.2.3.4/33',
  '1.2.3.4/08',
  '1.2.3.4/-1',
  '1.2.3.4/2/3',
  ' 1.2.3.4',
  '1.2.3.4 ',
  '1,2,3,4',
  '0x1.2.3.4',
  '1.2.3.4x',
  '::1',
  '-1.2.3.4',
  '+1.2.3.4',
];

describe('addresses in text', () => {
  test('IPv4', () => {
    for (let part = 0; part < 256; part++) {
      assert(reads(`${part}.0.255.${255 - part}`, 4), `${part}`);
      assert(
        Ordinal.lo == (((<u64>part) << 24) | (255 << 8) | (255 - part)) && Ordinal.hi == 0,
        `${part}: ${Ordinal.lo}`,
      );
    }
    for (let prefix = 0; prefix <= 32; prefix++) {
      assert(reads(`10.0.0.9/${prefix}`, 4) && Ordinal.lo == 0x0a000009, `/${prefix}`);
    }
    for (let i = 0; i < NOT_IPV4.length; i++) assert(!reads(NOT_IPV4[i], 4), NOT_IPV4[i]);
  });

  test('IPv6', () => {
    for (let i = 0; i < IPV6.length; i++) {
      const hi = U64.parseInt(IPV6[i][1].slice(0, 16), 16);
      const lo = U64.parseInt(IPV6[i][1].slice(16), 16);
      assert(
        reads(IPV6[i][0], 6) && Ordinal.lo == lo && Ordinal.hi == hi,
        `${IPV6[i][0]}: ${Ordinal.hi}, ${Ordinal.lo}`,
      );
      assert(reads(`${IPV6[i][0]}/64`, 6) && Ordinal.lo == lo && Ordinal.hi == hi, `${IPV6[i][0]}/64`);
      assert(!reads(IPV6[i][0], 4), `${IPV6[i][0]} is no IPv4 address`);
    }
    for (let prefix = 0; prefix <= 128; prefix++) assert(reads(`fe80::1/${prefix}`, 6), `/${prefix}`);
    for (let i = 0; i < NOT_IPV6.length; i++) assert(!reads(NOT_IPV6[i], 6), NOT_IPV6[i]);
  });

  test('IPv6 with a gap of any width at any place', () => {
    const random = new Random(6);
    for (let round = 0; round < 500; round++) {
      const groups: u32[] = [];
      for (let i = 0; i < 8; i++) groups.push(random.below(0x10000) >> random.below(13));
      const from = random.below(8);
      const to = from + 1 + random.below(8 - from);
      let value = '';
      for (let i: u32 = 0; i < 8; i++) {
        if (i >= from && i < to) {
          groups[i] = 0;
          if (i == from) value += i ? ':' : '::';
        } else {
          value += groups[i].toString(16);
          if (i < 7) value += ':';
        }
      }
      let hi: u64 = 0;
      let lo: u64 = 0;
      for (let i = 0; i < 4; i++) {
        hi = (hi << 16) | groups[i];
        lo = (lo << 16) | groups[i + 4];
      }
      assert(reads(value, 6) && Ordinal.hi == hi && Ordinal.lo == lo, value);
    }
  });

  test('a byte beyond ASCII is none of an address', () => {
    for (let byte = 0; byte < 256; byte++) {
      put('10.0.0.1', WINDOW);
      store<u8>(WINDOW + 7, <u8>byte);
      assert(readAddress(WINDOW, 8, 4) == (byte >= 0x30 && byte <= 0x39), `byte ${byte} in IPv4`);
      put('fe80::1', WINDOW);
      store<u8>(WINDOW + 3, <u8>byte);
      const hex = (byte >= 0x30 && byte <= 0x39) || (byte >= 0x41 && byte <= 0x46) || (byte >= 0x61 && byte <= 0x66);
      // A colon or a slash there makes another address, or none.
      if (byte != 0x3a) assert(readAddress(WINDOW, 7, 6) == hex, `byte ${byte} in IPv6`);
    }
  });
});

/** A host that feeds text in pieces and keeps what the core hands back. */
class Feeder {
  handed: string[] = [];
  /** What has not been read. */
  rest: StaticArray<u8> = new StaticArray<u8>(0);
  scanned: u32 = 0;
  complete: bool = true;
  /** The text is malformed, or the end of a record could not be told. */
  broken: bool = false;

  constructor(
    readonly id: u32,
    readonly form: i32,
  ) {}

  feed(piece: string): void {
    const size = String.UTF8.byteLength(piece);
    const bytes = new StaticArray<u8>(this.rest.length + size);
    memory.copy(changetype<usize>(bytes), changetype<usize>(this.rest), this.rest.length);
    put(piece, changetype<usize>(bytes) + this.rest.length);
    this.rest = bytes;
    while (!this.broken) {
      const from = changetype<usize>(this.rest);
      memory.copy(WINDOW, from, this.rest.length);
      store<u64>(WINDOW + this.rest.length, 0x3131313131313131);
      const result =
        this.form == ARRAY
          ? core.rebuild_scan_array(this.id, 0, this.rest.length)
          : core.rebuild_scan_lines(this.id, 0, this.rest.length);
      this.scanned += length();
      this.complete = state() == 1;
      let to = position();
      if (result == status.HOST && end()) {
        this.handed.push(read(from + to, end() - to));
        to = end();
      }
      this.drop(to);
      if (result == status.OK) return;
      this.broken = result != status.HOST || end() == 0;
    }
  }

  private drop(count: u32): void {
    const rest = new StaticArray<u8>(this.rest.length - count);
    memory.copy(changetype<usize>(rest), changetype<usize>(this.rest) + count, rest.length);
    this.rest = rest;
  }
}

function teach(id: u32, kind: u32, word: string, name: string = ''): void {
  const size = put(word, WINDOW);
  assert(core.rebuild_word(id, kind, size, put(name, WINDOW + size)) == status.OK, word);
}

/** A rebuild whose scanner knows two services, some states and the network. */
function begin(version: u32 = 4): u32 {
  setOrdinal(version == 4 ? 0x0a000000 : 0, version == 4 ? 0 : 0x20010db800000000);
  const id = <u32>core.subnet_create(version, version == 4 ? 24 : 64, 0, 0);
  assert(core.rebuild_begin(id) == status.OK, 'begin');
  teach(id, 1, 'svcweb', 'web');
  teach(id, 2, 'svcmon', 'mon é');
  teach(id, 3, 'running');
  teach(id, 3, 'new');
  teach(id, 4, 'shutdown');
  teach(id, 5, NETWORK_ID);
  return id;
}

/** What came of a rebuild, in words; ends it and its subnet. */
function outcome(id: u32): string {
  assert(core.rebuild_resolve(id) == status.OK, 'resolve');
  const counts = `superseded ${load<u32>(WINDOW)}, elsewhere ${load<u32>(WINDOW, 4)}`;
  setTime(9);
  assert(core.rebuild_commit(id) == status.CHANGED, 'commit');
  const text = `${listed(id)}${counts}`;
  core.subnet_destroy(id);
  return text;
}

function network(id: string = NETWORK_ID, addresses: string = '"10.0.0.5/24"'): string {
  const network = `{"ID":"${id}","Version":{"Index":26},"Spec":{"Name":"stock","Labels":{}}}`;
  return `{"Network":${network},"Addresses":[${addresses}]}`;
}

function task(
  service: string,
  place: string,
  attachments: string,
  word: string = 'running',
  desired: string = 'running',
  index: i32 = 67,
): string {
  return (
    `{"ID":"0ere9g7","Version":{"Index":${index}},"CreatedAt":"2026-11-22T13:32:59Z","Labels":{"a b":"\\"}]"},` +
    `"Spec":{"ContainerSpec":{"Image":"alpine","Args":["/bin/sleep","1"],"Init":false},"Networks":[{"Target":"e9"}]},` +
    `"ServiceID":"${service}",${place},"Status":{"Timestamp":"x","State":"${word}","ContainerStatus":{"PID":21833}},` +
    `"DesiredState":"${desired}","NetworksAttachments":[${attachments}]}`
  );
}

const WEB_1 = task('svcweb', '"Slot":1,"NodeID":"node1"', network());
const WEB_2 = task(
  'svcweb',
  '"Slot":2,"NodeID":"node1"',
  network(NETWORK_ID, '"10.0.0.6/24"'),
  'shutdown',
  'shutdown',
  12,
);
const MON = task('svcmon', '"NodeID":"node1"', network(NETWORK_ID, '"fd00::5/64","10.0.0.7/24"'));
const ELSEWHERE = task('svcweb', '"Slot":3', network('vtum43z8ox2kftbo5cn0nyv56', '"10.0.0.9/24"'));
const NOWHERE = task('svcweb', '"Slot":4', '');
const BOTH = task('svcweb', '"Slot":123456789', `${network('other')},${network(NETWORK_ID, '"10.0.0.8"')}`);
const TASKS_SAY = '5 1 web.1, 6 2@9 web.2, 7 1 mon é.node1, 8 1 web.123456789, superseded 0, elsewhere 2';

describe('Docker tasks', () => {
  test('an array, whole and cut at every byte', () => {
    const all = `[${WEB_1},${WEB_2} ,\n${MON},${ELSEWHERE},${NOWHERE},${BOTH}]\n`;
    for (let cut = 0; cut <= all.length; cut++) {
      const id = begin();
      const feeder = new Feeder(id, ARRAY);
      feeder.feed(all.slice(0, cut));
      assert(feeder.complete == (cut == 0 || cut >= all.length - 1), `cut at ${cut}: complete is ${feeder.complete}`);
      feeder.feed(all.slice(cut));
      assert(!feeder.broken && feeder.complete && feeder.handed.length == 0, `cut at ${cut}: read`);
      assert(feeder.scanned == 6 && feeder.rest.length == 0, `cut at ${cut}: ${feeder.scanned} records`);
      const said = outcome(id);
      assert(said == TASKS_SAY, `cut at ${cut}: ${said}`);
    }
  });

  test('one a line, whole and cut at every byte', () => {
    const all = `${WEB_1}\n${WEB_2}\r\n\n  ${MON} \n${ELSEWHERE}\n${NOWHERE}\n${BOTH}\n`;
    for (let cut = 0; cut <= all.length; cut++) {
      const id = begin();
      const feeder = new Feeder(id, LINES);
      feeder.feed(all.slice(0, cut));
      feeder.feed(all.slice(cut));
      assert(!feeder.broken && feeder.handed.length == 0 && feeder.rest.length == 0, `cut at ${cut}: read`);
      const said = outcome(id);
      assert(said == TASKS_SAY, `cut at ${cut}: ${said}`);
    }
  });

  test('byte by byte', () => {
    const id = begin();
    const feeder = new Feeder(id, ARRAY);
    const all = `[${WEB_1},${WEB_2},${MON},${ELSEWHERE},${NOWHERE},${BOTH}]`;
    for (let i = 0; i < all.length; i++) feeder.feed(all.charAt(i));
    expect<u32>(feeder.scanned).toBe(6);
    expect<string>(outcome(id)).toBe(TASKS_SAY);
  });

  test('in an IPv6 subnet', () => {
    const id = begin(6);
    const feeder = new Feeder(id, ARRAY);
    const addresses = '"10.0.0.5/24","2001:db8::ffff:ffff:ffff:ffff/64"';
    feeder.feed(`[${task('svcweb', '"Slot":1', network(NETWORK_ID, addresses))}]`);
    expect<u32>(feeder.scanned).toBe(1);
    expect<string>(outcome(id)).toBe('18446744073709551615 1 web.1, superseded 0, elsewhere 0');
  });

  test('several of one identity: desired, then newer', () => {
    const id = begin();
    const feeder = new Feeder(id, LINES);
    const old = task('svcweb', '"Slot":1', network(NETWORK_ID, '"10.0.0.20/24"'), 'running', 'shutdown', 900);
    const fresh = task('svcweb', '"Slot":1', network(NETWORK_ID, '"10.0.0.21/24"'), 'new', 'running', 800);
    feeder.feed(`${old}\n${fresh}\n${WEB_1}\n`);
    expect<string>(outcome(id)).toBe('21 1 web.1, superseded 2, elsewhere 0');
  });

  test('without a known network every attached task is for the host', () => {
    setOrdinal(0x0a000000, 0);
    const id = <u32>core.subnet_create(4, 24, 0, 0);
    core.rebuild_begin(id);
    teach(id, 1, 'svcweb', 'web');
    teach(id, 3, 'running');
    const feeder = new Feeder(id, ARRAY);
    feeder.feed(`[${WEB_1}]`);
    expect<i32>(feeder.handed.length).toBe(1);
    expect<string>(outcome(id)).toBe('superseded 0, elsewhere 0');
  });
});

const GOOD_A = '{"identity":"a","address":"10.0.0.1","state":"live"}';
const GOOD_B = '{"state":"reserved","address":"10.0.0.2/24","identity":"b","more":{"x":[1,"}"]}}';
const GOOD_SAY = '1 1 a, 2 2@9 b, superseded 0, elsewhere 0';

/** Records that are JSON but not plain: each goes to the host, whole. */
function oddRecords(): string[] {
  const c = '{"identity":"c","address":"10.0.0.3","state":"live"';
  return [
    '{}',
    '[]',
    '5',
    '"text"',
    'null',
    '[{"identity":"c"}]',
    '{"identity":"c","address":"10.0.0.3"}',
    '{"identity":"c","state":"live"}',
    '{"address":"10.0.0.3","state":"live"}',
    `${c},"state":"live"}`,
    `${c},"identity":"d"}`,
    `${c},"address":"10.0.0.4"}`,
    `${c},"Slot":1}`,
    `${c},"NetworksAttachments":[]}`,
    '{"identity":"","address":"10.0.0.3","state":"live"}',
    `{"identity":"${'c'.repeat(256)}","address":"10.0.0.3","state":"live"}`,
    '{"identity":"é","address":"10.0.0.3","state":"live"}',
    '{"identity":"c\\u0041","address":"10.0.0.3","state":"live"}',
    '{"identity":"c\\"","address":"10.0.0.3","state":"live"}',
    '{"identity":5,"address":"10.0.0.3","state":"live"}',
    '{"identity":null,"address":"10.0.0.3","state":"live"}',
    '{"identity":"c","address":"10.0.1.3","state":"live"}',
    '{"identity":"c","address":"9.255.255.255","state":"live"}',
    '{"identity":"c","address":"10.0.0.256","state":"live"}',
    '{"identity":"c","address":"fd00::1","state":"live"}',
    '{"identity":"c","address":"","state":"live"}',
    '{"identity":"c","address":"10.0.0.77","state":"live"}',
    '{"identity":"c","address":"10.0.0.3","state":"Live"}',
    '{"identity":"c","address":"10.0.0.3","state":"held"}',
    '{"identity":"c","address":"10.0.0.3","state":"reserveD"}',
    '{"identity":"c","address":"10.0.0.3","state":true}',
    '{"identity":"c","address":"10.0.0.3","stat\\u0065":"live"}',
    '{"identity":"c","address":"10.0.0.3","staté":"live"}',
    task('svcother', '"Slot":3', network()),
    task('svcweb', '"Slot":0', network()),
    task('svcweb', '"Slot":"3"', network()),
    task('svcweb', '"Slot":-3', network()),
    task('svcweb', '"Slot":3.0', network()),
    task('svcweb', '"Slot":null', network()),
    task('svcweb', '"NodeID":"node1"', network()),
    task('svcweb', '"Slot":3,"Slot":3', network()),
    task('svcmon', '"Slot":3', network()),
    task('svcmon', '"Slot":3,"NodeID":"n"', network()),
    task('svcmon', '"NodeID":""', network()),
    task('svcmon', `"NodeID":"${'n'.repeat(250)}"`, network()),
    task('svcweb', '"Slot":3', network(), 'sleeping'),
    task('svcweb', '"Slot":3', network(), 'Running'),
    task('svcweb', '"Slot":3', network(NETWORK_ID, '')),
    task('svcweb', '"Slot":3', network(NETWORK_ID, '"10.0.1.5/24"')),
    task('svcweb', '"Slot":3', network(NETWORK_ID, '"10.0.0.5/24","10.0.0.6/24"')),
    task('svcweb', '"Slot":3', network(NETWORK_ID, '"10.0.0.5/24","nonsense"')),
    task('svcweb', '"Slot":3', network(NETWORK_ID, '"10.0.0.5/33"')),
    task('svcweb', '"Slot":3', network(NETWORK_ID, '5')),
    task('svcweb', '"Slot":3', network(NETWORK_ID, '"10.0.0.77/24"')),
    task('svcweb', '"Slot":3', `${network()},${network()}`),
    task('svcweb', '"Slot":3', '5'),
    task('svcweb', '"Slot":3', '{}'),
    task('svcweb', '"Slot":3', '{"Addresses":["10.0.0.5/24"]}'),
    task('svcweb', '"Slot":3', '{"Network":{},"Addresses":["10.0.0.5/24"]}'),
    task('svcweb', '"Slot":3', '{"Network":null,"Addresses":["10.0.0.5/24"]}'),
    task('svcweb', '"Slot":3', '{"Network":{"ID":5},"Addresses":["10.0.0.5/24"]}'),
    task('svcweb', '"Slot":3', `{"Network":{"ID":"${NETWORK_ID}"}}`),
    task('svcweb', '"Slot":3', `{"Network":{"ID":"${NETWORK_ID}"},"Addresses":null}`),
    task('svcweb', '"Slot":3', `{"Network":{"ID":"${NETWORK_ID}","ID":"x"},"Addresses":["10.0.0.5/24"]}`),
    task('svcweb', '"Slot":3', `{"Network":{"ID":"${NETWORK_ID}"},"Network":{"ID":"x"},"Addresses":["10.0.0.5/24"]}`),
    task('svcweb', '"Slot":3', `{"Network":{"ID":"x"},"Network":{"ID":"${NETWORK_ID}"},"Addresses":["10.0.0.5/24"]}`),
    task('svcweb', '"Slot":3', `{"Network":{"ID":"${NETWORK_ID}"},"Addresses":[],"Addresses":["10.0.0.5/24"]}`),
    task('svcweb', '"Slot":3', network()).replace('"DesiredState":"running",', ''),
    task('svcweb', '"Slot":3', network()).replace('"Version":{"Index":67},"Cr', '"Cr'),
    task('svcweb', '"Slot":3', network()).replace('{"Index":67}', '{"Index":"67"}'),
    task('svcweb', '"Slot":3', network()).replace('{"Index":67}', '{"Index":999999999999999}'),
    task('svcweb', '"Slot":3', network()).replace('{"Index":67}', '{"Index":67,"Index":68}'),
    task('svcweb', '"Slot":3', network()).replace('{"Index":67}', '{}'),
    task('svcweb', '"Slot":3', network()).replace('"State":"running",', ''),
    task('svcweb', '"Slot":3', network()).replace('"State":"running",', '"State":"running","State":"running",'),
    '{"ID":"x"}',
    '{"ID":"x","NetworksAttachments":null}',
    '{"ID":"x","NetworksAttachments":{}}',
  ];
}

/** A rebuild in which 10.0.0.77 is held. */
function beginHeld(): u32 {
  const id = begin();
  hold(id, 77);
  return id;
}

const HELD_SAYS = GOOD_SAY.replace(', superseded', ', 77 3 , superseded');

describe('odd records', () => {
  test('go to the host, whole and alone, from an array', () => {
    const records = oddRecords();
    for (let i = 0; i < records.length; i++) {
      const id = beginHeld();
      const feeder = new Feeder(id, ARRAY);
      feeder.feed(`[${GOOD_A} , ${records[i]} , ${GOOD_B}]`);
      assert(!feeder.broken && feeder.complete && feeder.scanned == 2, `${feeder.scanned} of 2 beside ${records[i]}`);
      assert(feeder.handed.length == 1, `${feeder.handed.length} handed back, not ${records[i]}`);
      assert(feeder.handed[0] == records[i], `${feeder.handed[0]}\nis not\n${records[i]}`);
      const said = outcome(id);
      assert(said == HELD_SAYS, `${records[i]}: ${said}`);
    }
  });

  test('go to the host, whole and alone, from lines', () => {
    const records = oddRecords();
    for (let i = 0; i < records.length; i++) {
      const id = beginHeld();
      const feeder = new Feeder(id, LINES);
      feeder.feed(`${GOOD_A}\n${records[i]}\n${GOOD_B}\n`);
      assert(!feeder.broken && feeder.scanned == 2, `${feeder.scanned} of 2 beside ${records[i]}`);
      assert(feeder.handed.length == 1 && feeder.handed[0] == records[i], `${feeder.handed[0]}\nis not\n${records[i]}`);
      const said = outcome(id);
      assert(said == HELD_SAYS, `${records[i]}: ${said}`);
    }
  });

  test('cut at every byte they are handed back just the same', () => {
    const records = oddRecords();
    for (let i = 0; i < records.length; i += 4) {
      const before = `[${GOOD_A},`;
      const all = `${before}${records[i]},${GOOD_B}]`;
      for (let cut = before.length; cut <= before.length + records[i].length; cut++) {
        const id = beginHeld();
        const feeder = new Feeder(id, ARRAY);
        feeder.feed(all.slice(0, cut));
        feeder.feed(all.slice(cut));
        assert(
          !feeder.broken && feeder.handed.length == 1 && feeder.handed[0] == records[i],
          `${records[i]} at ${cut}`,
        );
        assert(outcome(id) == HELD_SAYS, `${records[i]} cut at ${cut}`);
      }
    }
  });

  test('a line that is no JSON is one record, to its break', () => {
    const lines = [
      'nonsense',
      'two words',
      '{"identity":"c"',
      '{"identity":"c","address":"10.0.0.3","state":"live"} trailing',
      '{"identity":"c","address":"10.0.0.3","state":"live"}{"identity":"d","address":"10.0.0.4","state":"live"}',
      '"open',
      '{"open',
      '{"a":"b\\',
      '{"a":["b\\',
      '[1,2',
      '}',
      ',',
      '{"identity":"c\t","address":"10.0.0.3","state":"live"}',
      '{"a":tru',
      '\u0001',
    ];
    for (let i = 0; i < lines.length; i++) {
      const all = `${GOOD_A}\n${lines[i]}\n${GOOD_B}\n`;
      for (let cut = 0; cut < all.length; cut++) {
        const id = begin();
        const feeder = new Feeder(id, LINES);
        feeder.feed(all.slice(0, cut));
        feeder.feed(all.slice(cut));
        assert(!feeder.broken && feeder.scanned == 2, `${feeder.scanned} of 2 beside ${lines[i]}, cut at ${cut}`);
        assert(
          feeder.handed.length == 1 && feeder.handed[0] == lines[i],
          `${lines[i]}, cut at ${cut}: ${feeder.handed.length}`,
        );
        assert(feeder.rest.length == 0, `${lines[i]}, cut at ${cut}: a rest`);
        assert(outcome(id) == GOOD_SAY, `${lines[i]}, cut at ${cut}`);
      }
    }
  });

  test('garbage between the records of an array breaks it', () => {
    const texts = [
      `${GOOD_A}`,
      `[${GOOD_A} ${GOOD_B}]`,
      `[${GOOD_A},,${GOOD_B}]`,
      `[,${GOOD_A}]`,
      `[${GOOD_A},]`,
      `[${GOOD_A}]]`,
      `[${GOOD_A}]{}`,
      `[${GOOD_A}}`,
      `[${GOOD_A}:`,
      `[${GOOD_A},{"a":}]}]`,
      `[{"a":[}]`,
      'x',
      '[\u0001]',
    ];
    for (let i = 0; i < texts.length; i++) {
      for (let cut = 0; cut <= texts[i].length; cut++) {
        const id = begin();
        const feeder = new Feeder(id, ARRAY);
        feeder.feed(texts[i].slice(0, cut));
        feeder.feed(texts[i].slice(cut));
        assert(feeder.broken, `${texts[i]}, cut at ${cut}`);
        core.subnet_destroy(id);
      }
    }
  });

  test('an array that is cut off never looks complete', () => {
    const all = `[${GOOD_A},${GOOD_B},5]`;
    for (let cut = 1; cut < all.length; cut++) {
      const id = begin();
      const feeder = new Feeder(id, ARRAY);
      feeder.feed(all.slice(0, cut));
      assert(!feeder.broken && !feeder.complete, `cut at ${cut}`);
      core.subnet_destroy(id);
    }
    const id = begin();
    const feeder = new Feeder(id, ARRAY);
    feeder.feed(' [ ] ');
    expect<bool>(feeder.complete && !feeder.broken && feeder.scanned == 0).toBe(true);
    core.subnet_destroy(id);
  });
});

describe('compact records', () => {
  test('live ones are wanted, as the host reads them too', () => {
    const id = begin();
    const feeder = new Feeder(id, LINES);
    feeder.feed('{"identity":"a","address":"10.0.0.9","state":"reserved"}\n');
    feeder.feed('{"identity":"a","address":"10.0.0.8","state":"live"}\n');
    feeder.feed('{"identity":"a","address":"10.0.0.7","state":"reserved"}\n');
    expect<string>(outcome(id)).toBe('8 1 a, superseded 2, elsewhere 0');
  });

  test('identities of 255 bytes, and all of ASCII that needs no escape', () => {
    let ascii = '';
    for (let c = 0x20; c < 0x7f; c++) if (c != 0x22 && c != 0x5c) ascii += String.fromCharCode(c);
    const id = begin();
    const feeder = new Feeder(id, LINES);
    feeder.feed(`{"identity":"${ascii}","address":"10.0.0.1","state":"live"}\n`);
    feeder.feed(`{"identity":"${'x'.repeat(255)}","address":"10.0.0.2","state":"live"}\n`);
    expect<u32>(feeder.scanned).toBe(2);
    expect<string>(outcome(id)).toBe(`1 1 ${ascii}, 2 1 ${'x'.repeat(255)}, superseded 0, elsewhere 0`);
  });

  test('the window full to its last byte, from any offset', () => {
    const id = begin();
    const record = '{"identity":"a","address":"10.0.0.1","state":"live"}\n';
    memory.fill(WINDOW, 0x20, 65536);
    put(record, WINDOW + 65536 - record.length);
    expect<i32>(core.rebuild_scan_lines(id, 0, 65536)).toBe(status.OK);
    expect<u32>(length()).toBe(1);
    expect<u32>(position()).toBe(65536);
    memory.fill(WINDOW, 0x78, 65536);
    put(record, WINDOW + 1000);
    expect<i32>(core.rebuild_scan_lines(id, 1000, 1000 + record.length)).toBe(status.OK);
    expect<u32>(length()).toBe(1);
    expect<i32>(core.rebuild_scan_lines(id, 0, 65537)).toBe(status.BAD_INPUT);
    expect<i32>(core.rebuild_scan_lines(id, 5, 4)).toBe(status.BAD_INPUT);
    expect<i32>(core.rebuild_scan_lines(id, 5, 5)).toBe(status.OK);
    core.subnet_destroy(id);
  });

  test('an item that the host has read by itself can be passed with a number in its stead', () => {
    const id = begin();
    put('[0,', WINDOW);
    expect<i32>(core.rebuild_scan_array(id, 0, 1)).toBe(status.OK);
    expect<i32>(core.rebuild_scan_array(id, 1, 3)).toBe(status.HOST);
    put(`,${GOOD_A}]`, WINDOW);
    expect<i32>(core.rebuild_scan_array(id, 0, GOOD_A.length + 2)).toBe(status.OK);
    expect<u32>(state()).toBe(1);
    expect<string>(outcome(id)).toBe('1 1 a, superseded 0, elsewhere 0');
  });

  test('nothing of this stays', () => {
    expect<u32>(core.memory_used()).toBeLessThan(8193);
    expect<u32>(create(4, 24)).toBe(0);
    core.subnet_destroy(0);
  });
});
