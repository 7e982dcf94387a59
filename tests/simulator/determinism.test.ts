// The same scenario is the same run: again, in another process, in every form of the package; another seed is another
// run.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { digestOf } from './digest.js';
import { dist, Simulation, scenarios } from './library.js';

async function digest(name: keyof typeof scenarios, seed?: number): Promise<string> {
  const scenario = scenarios[name];
  const simulation = await Simulation.open(seed === undefined ? scenario : { ...scenario, seed });
  await simulation.seek(100_000);
  const text = digestOf(simulation);
  await simulation.close();
  return text;
}

const child = fileURLToPath(new URL('./child.ts', import.meta.url));

describe('same seed, same run', () => {
  for (const name of Object.keys(scenarios) as (keyof typeof scenarios)[]) {
    test(name, async () => {
      const here = await digest(name);
      if (name === 'crowd') return; // a thousand tasks once more, in each form, tell no more than ten
      assert.equal(await digest(name), here);
      for (const form of ['.', 'browser', 'debug']) {
        const folder = form === 'debug' && dist.endsWith('debug') ? dist : join(dist, form);
        const args: string[] = ['--import', 'tsx', child, pathToFileURL(join(folder, 'simulator.js')).href, name];
        assert.equal(execFileSync(process.execPath, args, { encoding: 'utf8' }).trim(), here, form);
      }
    });
  }

  test('another seed, another run', async () => {
    assert.notEqual(await digest('classic', 2), await digest('classic', 3));
  });
});

test('time travel: back, another way, and the same way again', async () => {
  const simulation = await Simulation.open(scenarios.classic);
  await simulation.seek(20);
  const before = digestOf(simulation);
  const recorded = simulation.scenario;
  await simulation.seek(10);
  await simulation.apply({ do: 'crash', node: 'node-2' });
  await simulation.seek(25);
  assert.notEqual(digestOf(simulation), before);
  const other = digestOf(simulation);
  const replayed = await Simulation.open(JSON.stringify(simulation.scenario));
  await replayed.seek(25);
  assert.equal(digestOf(replayed), other, 'the recorded run, played again');
  const first = await Simulation.open(recorded);
  await first.seek(20);
  assert.equal(digestOf(first), before);
  for (const one of [simulation, replayed, first]) await one.close();
});
