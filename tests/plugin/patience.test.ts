// A store that is away: who waits for it, and for how long.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LimpetError } from '../../src/host/errors.js';
import { systemClock } from '../../src/service/clock.js';
import { Patience } from '../../src/tickets/patience.js';

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
    assert.equal(await new Patience(10_000, systemClock).with(work), 'done');
  });
}

test('waiting ends so long after the store was first missed, and the error says why', async () => {
  let now = 0;
  const clock = { ...systemClock, elapsed: () => (now += 400) };
  const state = failing(1000, away('none'));
  await assert.rejects(new Patience(2000, clock).with(state.work), /no connection/);
  assert.ok(state.calls > 1 && state.calls < 6, `${state.calls} attempts`);
});

test('while the store stays away nobody waits anew; when it has been back, it is waited for again', async () => {
  let now = 0;
  const patience = new Patience(1000, { ...systemClock, elapsed: () => now });
  const late = async () => {
    now += 2000;
    throw away('none');
  };
  await assert.rejects(patience.with(late));
  const next = failing(1, away('none'));
  await assert.rejects(patience.with(next.work), 'the first second is long over');
  assert.equal(next.calls, 1);
  assert.equal(await patience.with(async () => 'back'), 'back');
  assert.equal(await patience.with(failing(1, away('none')).work), 'done');
});

test('nothing else is waited for', async () => {
  for (const error of [
    new LimpetError('FULL', 'full', {}),
    new LimpetError('UNAVAILABLE', "Docker's API does not answer", { docker: '/var/run/docker.sock' }),
    new Error('a bug'),
  ]) {
    const state = failing(1, error);
    await assert.rejects(new Patience(10_000, systemClock).with(state.work), error);
    assert.equal(state.calls, 1);
  }
});
