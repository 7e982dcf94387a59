// What the race's figures rest on: that a wrong answer is seen, that a fallen ratio is, and that the plots put points
// where they belong. The race itself is run by `npm run bench:peers`.

import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fallen } from '../../bench/check.js';
import { PlainPeer } from '../../bench/peers/node/plain.js';
import { draw } from '../../bench/peers/plot.js';
import { readScript, type Script } from '../../bench/peers/read-script.js';
import { Replay } from '../../bench/peers/replay.js';
import { type Case, writeScript } from '../../bench/peers/script.js';

const base: Case = {
  name: 'small',
  title: 'small',
  kind: 'take',
  prefix: 24,
  setUp: 'empty',
  identities: 0,
  operations: 254,
  full: true,
};

async function script(each: Case): Promise<Script> {
  const folder = await mkdtemp(join(tmpdir(), 'limpet-script-'));
  try {
    return readScript(await writeScript(each, folder));
  } finally {
    await rm(folder, { recursive: true });
  }
}

const churn: Case = { ...base, kind: 'churn', setUp: { every: 7 }, operations: 500, full: false };
const among: Case = { ...base, kind: 'stick', setUp: 'bound', identities: 100, operations: 500, full: false };

for (const each of [
  base,
  churn,
  among,
  { ...among, kind: 'return' as const },
  { ...among, kind: 'restore' as const, setUp: 'empty' as const, operations: 100 },
]) {
  test(`plain JavaScript replays ${each.kind}, twice`, async () => {
    const replay = new Replay(new PlainPeer(), await script(each));
    replay.setUp(10);
    assert.ok(replay.round(each.operations) > 0);
    assert.ok(replay.round(each.operations) > 0);
  });
}

/** Gives every address twice. */
class Twice extends PlainPeer {
  #last = 0;
  #again = false;

  override take(): number | undefined {
    this.#again = !this.#again;
    if (this.#again) this.#last = super.take() as number;
    return this.#last;
  }
}

test('an address given twice is seen', async () => {
  assert.throws(() => new Replay(new Twice(), readTaken()).round(2), /ordinal 1 was given out though it is taken/);
  function readTaken(): Script {
    return { ...base, names: [], ordinals: new Uint32Array(), slots: new Uint32Array(), args: Uint32Array.of(0, 1) };
  }
});

test('an address that was never free is seen, and one too many', async () => {
  class Network extends PlainPeer {
    override take() {
      return 0;
    }
  }
  const few = await script(base);
  assert.throws(() => new Replay(new Network(), few).round(1), /ordinal 0 was given out/);
  class Endless extends PlainPeer {
    override take() {
      return super.take() ?? 300;
    }
  }
  assert.throws(() => new Replay(new Endless(), few).round(254), /a full subnet gave one more address/);
});

test('an identity that does not get its own address is seen', async () => {
  class Forgetful extends PlainPeer {
    override readonly sticky = {
      stick: () => this.take(),
      release: () => {},
      restore: () => {},
    };
  }
  const replay = new Replay(new Forgetful(), await script(among));
  replay.setUp(10);
  assert.throws(() => replay.round(1), /its own is/);
});

test('bindings that were not restored are seen', async () => {
  class Empty extends PlainPeer {
    override readonly sticky = { stick: () => this.take(), release: () => {}, restore: () => {} };
  }
  const each: Case = { ...among, kind: 'restore', setUp: 'empty', operations: 100 };
  const replay = new Replay(new Empty(), await script(each));
  assert.throws(() => replay.round(100), /was restored to ordinal/);
});

test('a script is the same every time, and its set-up is what its slots say', async () => {
  const [a, b] = [await script(churn), await script(churn)];
  assert.deepEqual(a, b);
  assert.equal(new Set(a.slots).size, a.slots.length);
  assert.ok(a.slots.every((ordinal) => ordinal % 7 !== 0 && ordinal >= 1 && ordinal <= 254));
});

test('only a ratio that has fallen by more than half is complained of', () => {
  const before = [
    { what: 'a', ratio: 10 },
    { what: 'b', ratio: 10 },
    { what: 'c', ratio: 10 },
    { what: 'not measured now', ratio: 10 },
  ];
  const now = [
    { what: 'a', ratio: 5 },
    { what: 'b', ratio: 4.9 },
    { what: 'c', ratio: 90 },
    { what: 'new', ratio: 0.1 },
  ];
  assert.deepEqual(fallen(before, now), [{ what: 'b', before: 10, now: 4.9 }]);
});

test('a plot has logarithmic axes: equal factors are equal distances', () => {
  const svg = draw({
    title: 'a < b',
    x: 'x',
    y: 'y',
    marks: [],
    unit: String,
    lines: [
      {
        label: 'one',
        main: true,
        points: [
          [1, 1],
          [10, 10],
          [100, 100],
        ],
      },
    ],
  });
  const points =
    /points="([^"]+)"/
      .exec(svg)?.[1]
      ?.split(' ')
      .map((pair) => pair.split(',').map(Number)) ?? [];
  const [[x1, y1], [x2, y2], [x3, y3]] = points as [[number, number], [number, number], [number, number]];
  assert.ok(Math.abs(x3 - x2 - (x2 - x1)) < 0.2 && x2 > x1);
  assert.ok(Math.abs(y3 - y2 - (y2 - y1)) < 0.2 && y2 < y1);
  assert.ok(svg.includes('a &lt; b') && svg.includes('prefers-color-scheme:dark'));
});
