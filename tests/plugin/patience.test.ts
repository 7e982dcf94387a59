// A store that is away: who waits for it, and for how long.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LimpetError } from '../../src/host/errors.js';
import { Patience } from '../../src/tickets/patience.js';
import { Time } from './time.js';

const away = (outcome: 'none' | 'unknown') => new LimpetError('UNAVAILABLE', 'etcd: no connection', { outcome });

/** Work that fails so many times, and then succeeds. */
function failing(times: number, error: Error): { calls: number; work: () => Promise<string> } {
  const state = {
    calls: 0,
    work: async () => {
      if (state.calls++ < times) throw error;
      return 'done';
    },
  };
  return state;
}

for (const outcome of ['none', 'unknown'] as const) {
  test(`a store that comes back in time is waited for, whatever became of the change (${outcome})`, async () => {
    const { work } = failing(2, away(outcome));
    const time = new Time();
    const done = new Patience(10_000, time.process().clock).with(work);
    assert.equal(await time.took(done), 500, 'there is a quarter of a second between two attempts');
    assert.equal(await done, 'done');
  });
}

test('waiting ends so long after the store was first missed, and the error says why', async () => {
  const time = new Time();
  const state = failing(1000, away('none'));
  await assert.rejects(time.until(new Patience(2000, time.process().clock).with(state.work)), /no connection/);
  assert.equal(state.calls, 9);
  assert.equal(time.age, 2000);
});

test('while the store stays away nobody waits anew; when it has been back, it is waited for again', async () => {
  const time = new Time();
  const { clock } = time.process();
  const patience = new Patience(1000, clock);
  const late = async () => {
    await clock.sleep(2000);
    throw away('none');
  };
  await assert.rejects(time.until(patience.with(late)));
  const next = failing(1, away('none'));
  await assert.rejects(time.until(patience.with(next.work)), 'the first second is long over');
  assert.equal(next.calls, 1);
  assert.equal(await patience.with(async () => 'back'), 'back');
  assert.equal(await time.until(patience.with(failing(1, away('none')).work)), 'done');
});

test('nothing else is waited for', async () => {
  for (const error of [
    new LimpetError('FULL', 'full', {}),
    new LimpetError('UNAVAILABLE', "Docker's API does not answer", { docker: '/var/run/docker.sock' }),
    new Error('a bug'),
  ]) {
    const state = failing(1, error);
    await assert.rejects(new Patience(10_000, new Time().process().clock).with(state.work), error);
    assert.equal(state.calls, 1);
  }
});
