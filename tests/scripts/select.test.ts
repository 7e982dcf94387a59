// What a run of tests consists of, by what is said on the command line.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { plan, wordsFor } from '../../scripts/test/select.js';
import { Shared } from '../../scripts/test/shared.js';

const filesOf = (words: string[], name?: string) => plan({ words, name }, new Shared()).jobs.map(({ what }) => what);
const OWN = 'tests/scripts/select.test.ts';

test('a file, a part of its path, its folder', () => {
  assert.deepEqual(filesOf([OWN]), [OWN]);
  assert.deepEqual(filesOf(['scripts/select']), [OWN]);
  assert.ok(filesOf(['tests/scripts']).includes(OWN));
  assert.deepEqual(filesOf(['assembly/__tests__/bitmap.spec.ts']), ['assembly/__tests__/bitmap.spec.ts']);
});

test('a name: the files that can have such a test', () => {
  assert.deepEqual(filesOf([], 'a name: the files that can have such a test'), [OWN]);
  assert.deepEqual(filesOf([OWN], 'put together from parts'), [OWN]);
});

test('nothing: the usual suites, with every test file that needs no more than Node', () => {
  const { jobs, byFile } = plan({ words: [] }, new Shared());
  assert.equal(byFile, false);
  const files = jobs.map(({ what }) => what);
  assert.ok(files.includes(OWN) && files.includes('tests/plugin/fuzz.test.ts'));
  assert.ok(!files.some((file) => file.startsWith('tests/etcd/')));
});

test('files of a suite, with what its environment makes of them', () => {
  const { jobs } = plan({ words: ['fuzz', 'tests/plugin'] }, new Shared());
  assert.deepEqual(jobs.map(wordsFor), ['fuzz tests/plugin/fuzz.test.ts']);
  assert.deepEqual(plan({ words: [OWN] }, new Shared()).jobs.map(wordsFor), [OWN]);
});

test('a suite that needs the machine to itself says so', () => {
  assert.ok(plan({ words: ['contention'] }, new Shared()).jobs.every(({ alone }) => alone));
});

test('a word that means nothing is refused', () => {
  assert.throws(() => filesOf(['no-such-thing']), /no-such-thing: no suite and no test file/);
});
