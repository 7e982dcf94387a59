// The simulation itself: some worlds hold, a seed is a history, and what a campaign has found once is played for ever.
// `npm run simulate` plays more of them; docs/TESTING.md says how a failing seed is taken up.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, test } from 'node:test';
import { transform } from 'esbuild';
import { upToDate } from '../fresh.js';
import { draw } from './draw.js';
import { mutants } from './mutants.js';
import { kept } from './near.js';
import { play } from './play.js';

await upToDate('core');

/** A tenth of a second of the machine's time each. */
const WORLDS = 12;

describe('the simulation', () => {
  test(`${WORLDS} worlds hold`, async () => {
    const seed = Math.abs(Number(process.env.LIMPET_SEED ?? 1)) % 1e6;
    for (let one = seed; one < seed + WORLDS; one++) {
      const { failure } = await play(draw(one));
      assert.equal(failure, undefined, `npm run simulate -- --world ${one}`);
    }
  });

  test('one seed is one history, to the last byte', async () => {
    const [once, twice] = [await play(draw(3)), await play(draw(3))];
    assert.deepEqual(twice.history, once.history);
    assert.ok(once.history.length > 100);
  });

  test('another seed is another history', async () => {
    const [one, other] = [await play(draw(4)), await play(draw(5))];
    assert.notEqual(one.digest, other.digest);
  });
});

test('marks of what runs do not end with the lease of a process that has a successor', async () => {
  const acts = [{ at: 40_000, act: 'plugin dies', of: [1, 300, 1] }] as const;
  const { failure, history } = await play({ ...draw(3), duration: 80_000, acts });
  assert.equal(failure, undefined);
  assert.ok(history.some((line) => / lease .* ends$/.test(line)));
  assert.deepEqual(
    history.filter((line) => / ends live.* by etcd$/.test(line)),
    [],
  );
});

test('every mutant changes what stands in the sources once, and can be run', async () => {
  for (const { name, file, changes } of mutants) {
    let text = await readFile(new URL(`../../${file}`, import.meta.url), 'utf8');
    for (const [from, to] of changes) {
      assert.equal(text.split(from).length, 2, `${name}: ${from}`);
      text = text.replace(from, () => to);
    }
    await assert.doesNotReject(transform(text, { loader: 'ts' }), name);
  }
  assert.ok(mutants.length >= 20);
});

describe('what a campaign has found', () => {
  for (const { name, plan } of kept) {
    test(name.replace('.json', '').replaceAll('-', ' '), async () => {
      const { failure } = await play(plan);
      assert.equal(failure, undefined);
    });
  }
});
