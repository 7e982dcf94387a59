// The same scenario is the same run: again, in another process, in every form of the package; another seed is another
// run.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { digestOf } from './digest.js';
import { dist, Limpet, Simulation, scenarios } from './library.js';

const limpet = await Limpet.load();

function digest(name: keyof typeof scenarios, seed?: number): string {
  const scenario = scenarios[name];
  const simulation = new Simulation(seed === undefined ? scenario : { ...scenario, seed }, limpet);
  simulation.seek(100_000);
  const text = digestOf(simulation);
  simulation.close();
  return text;
}

const child = fileURLToPath(new URL('./child.ts', import.meta.url));

describe('same seed, same run', () => {
  for (const name of Object.keys(scenarios) as (keyof typeof scenarios)[]) {
    test(name, () => {
      const here = digest(name);
      assert.equal(digest(name), here);
      for (const form of ['.', 'browser', 'debug']) {
        const folder = form === 'debug' && dist.endsWith('debug') ? dist : join(dist, form);
        const [entry, simulator] = ['index.js', 'simulator.js'].map((file) => pathToFileURL(join(folder, file)).href);
        const args = ['--import', 'tsx', child, entry as string, simulator as string, name];
        assert.equal(execFileSync(process.execPath, args, { encoding: 'utf8' }).trim(), here, form);
      }
    });
  }

  test('another seed, another run', () => {
    assert.notEqual(digest('classic', 2), digest('classic', 3));
  });
});

test('time travel: back, another way, and the same way again', () => {
  const simulation = new Simulation(scenarios.crowd, limpet);
  simulation.seek(70);
  const before = digestOf(simulation);
  const recorded = simulation.scenario;
  simulation.seek(40);
  simulation.apply({ do: 'crash', node: 'node-20' });
  simulation.seek(75);
  assert.notEqual(digestOf(simulation), before);
  const other = digestOf(simulation);
  const replayed = new Simulation(JSON.stringify(simulation.scenario), limpet);
  replayed.seek(75);
  assert.equal(digestOf(replayed), other, 'the recorded run, played again');
  const first = new Simulation(recorded, limpet);
  first.seek(70);
  assert.equal(digestOf(first), before);
  for (const one of [simulation, replayed, first]) one.close();
});
