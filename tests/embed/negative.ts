// Scripts that every host must refuse. Each begins with steps that hold, so that the failing line is not the first.
import { type Entry, type State, snapshotOf } from '../../scripts/conformance/snapshot.js';

const CREATE =
  '{"op":"call","set":{"ordinal":167772160},"name":"subnet_create","args":[4,24,0,0],"save":"net",' +
  '"expect":{"result":0}}';
const ALLOCATE =
  '{"op":"call","set":{"identity":"web.1"},"name":"allocate","args":["net",5],"expect":{"result":1,"ordinal":"0"}}';
const LOOKUP = '{"op":"call","set":{"identity":"web.1"},"name":"lookup","args":["net",5],"expect":';
const KEEP = '{"op":"snapshot","subnet":"net","file":"a"}';

/** Exit code 1, and what is said to the letter: the fifth line fails, the fourth is empty. */
export const wrong = [
  ['result', `${LOOKUP}{"result":1}}`, 'result 1, got 0'],
  ['negative result', `{"op":"call","name":"allocate","args":[77,5],"expect":{"result":0}}`, 'result 0, got -11'],
  [
    'ordinal',
    `${LOOKUP}{"ordinal":"340282366920938463463374607431768211455"}}`,
    'ordinal 340282366920938463463374607431768211455, got 0',
  ],
  [
    'time',
    `${LOOKUP}{"time":18446744073709551615}}`.replace('18446744073709551615', '"18446744073709551615"'),
    'time 18446744073709551615, got 0',
  ],
  ['state', `${LOOKUP}{"state":2}}`, 'state 2, got 1'],
  ['length', `${LOOKUP}{"length":4294967295}}`, 'length 4294967295, got 5'],
  ['identity', `${LOOKUP}{"identity":"web.2"}}`, 'identity web.2, got web.1'],
  ['io', `${LOOKUP}{"io":"00000001"}}`, 'io 00000001, got 00000000'],
  ['a snapshot of no subnet', '{"op":"snapshot","subnet":77,"expect":{"result":0}}', 'result 0, got -11'],
  ['restore', '{"op":"restore","file":"a","expect":{"result":-13}}', 'result -13, got 1'],
].map(([title, line, says]) => ({
  title: title as string,
  lines: `${CREATE}\n${ALLOCATE}\n${KEEP}\n\n${line}\n${LOOKUP}{"result":99}}\n`,
  says: `line 5: expected ${says}`,
}));

const state = (cursor: number, ...used: Entry[]): State => {
  const none = { excluded: [], reserved: [], lastTime: 0 };
  return { version: 4, prefix: 24, policy: 'serial', network: 167772160n, cursor, used, ...none };
};
const empty = snapshotOf(state(0));
const bound = snapshotOf(state(1, { ordinal: 0, identity: 'web.1' }));

wrong.push(
  {
    title: 'window',
    lines: `${CREATE}\n{"op":"call","name":"subnet_stats","args":["net"],"expect":{"window":"0400000019"}}`,
    says: 'line 2: expected window 0400000019, got 0400000018',
  },
  {
    title: 'a snapshot that is not the same',
    lines: `${CREATE}\n${KEEP}\n${ALLOCATE}\n{"op":"snapshot","subnet":"net","same":"a","file":"b"}`,
    says: `line 4: expected bytes ${empty}, got ${bound}`,
  },
);

/** Exit code 2; the message begins with the line's number and ends with the line. */
export const malformed: { title: string; lines: string; line?: number }[] = [
  ['not JSON', '{"op":"call",}'],
  ['not an object', '[]'],
  ['two objects', `${KEEP} ${KEEP}`],
  ['no op', '{"name":"io"}'],
  ['an unknown op', '{"op":"constructor","name":"io"}'],
  ['an unknown field', '{"op":"call","name":"io","args":[],"expects":{"result":1}}'],
  ['an unknown place to set', '{"op":"call","set":{"colour":1},"name":"io","args":[]}'],
  ['an unknown place to expect', '{"op":"call","name":"io","args":[],"expect":{"colour":1}}'],
  ['a call that the core does not have', '{"op":"call","name":"allocate_all","args":["net"]}'],
  ['an export that is no function', '{"op":"call","name":"memory","args":[]}'],
  ['too few arguments', '{"op":"call","name":"allocate","args":["net"]}'],
  ['too many arguments', '{"op":"call","name":"io","args":[1]}'],
  ['an argument nobody saved', '{"op":"call","name":"oldest","args":["nte"]}'],
  ['an argument of more than 32 bits', '{"op":"call","name":"oldest","args":[4294967296]}'],
  ['an argument that is not whole', '{"op":"call","name":"oldest","args":[0.5]}'],
  ['no subnet', '{"op":"snapshot"}'],
  ['a file that is not there', '{"op":"restore","file":"nothing"}'],
  ['hex of half a byte', '{"op":"call","set":{"window":"abc"},"name":"io","args":[]}'],
  ['hex with spaces', '{"op":"call","set":{"window":"00 01"},"name":"io","args":[]}'],
  ['an ordinal with a sign', '{"op":"call","set":{"ordinal":"+5"},"name":"io","args":[]}'],
  ['an ordinal of no digits', '{"op":"call","set":{"ordinal":""},"name":"io","args":[]}'],
  ['hex that is none', '{"op":"call","set":{"window":"0x"},"name":"io","args":[]}'],
  ['more than fits', `{"op":"call","set":{"identity":"${'x'.repeat(256)}"},"name":"io","args":[]}`],
  [
    'an ordinal of more than 128 bits',
    '{"op":"call","set":{"ordinal":"340282366920938463463374607431768211456"},"name":"io"}',
  ],
  ['an ordinal below zero', '{"op":"call","set":{"ordinal":-1},"name":"io","args":[]}'],
  ['an ordinal that is no number', '{"op":"call","set":{"ordinal":"0x10"},"name":"io","args":[]}'],
  ['an expected number that is none', '{"op":"call","name":"io","args":[],"expect":{"ordinal":"ten"}}'],
].map(([title, line]) => ({ title: title as string, lines: `${CREATE}\n${ALLOCATE}\n\n${line}\n${KEEP}\n`, line: 4 }));

malformed.push({ title: 'no steps at all', lines: '\n\n' });
