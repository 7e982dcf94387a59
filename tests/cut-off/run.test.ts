// Steps by themselves: what a failure takes back.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runSteps } from '../../src/cli/install/run.js';
import { painter } from '../../src/cli/print.js';

const paint = painter({});

async function played(goal: number, failing: number, stuck?: number): Promise<string[]> {
  const done: string[] = [];
  const steps = [0, 1, 2].map((n) => ({
    command: `# step ${n}`,
    run: async () => {
      if (n === failing) throw new Error(`step ${n}`);
    },
    undo: async () => {
      if (n === stuck) throw new Error('stuck');
      done.push(`undo ${n}`);
    },
    ...(n === goal && { isGoal: true as const }),
  }));
  const tell = async (undone: string) => void done.push(undone);
  await assert.rejects(runSteps(steps, paint, tell), { message: `step ${failing}` });
  return done;
}

test('what was begun is undone, the last first', async () => {
  assert.deepEqual(await played(2, 1), ['undo 1', 'undo 0', 'undone']);
});

test('an undo that fails is the end of it', async () => {
  assert.deepEqual(await played(2, 2, 1), ['undo 2', 'remains']);
});

test('a step that fails after the plugin serves takes nothing back', async () => {
  assert.deepEqual(await played(1, 2), []);
});
