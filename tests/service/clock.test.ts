// Time and chance come from the top: nothing in service or stores takes them from anywhere but the Clock it was handed.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const SRC = fileURLToPath(new URL('../../src', import.meta.url));
const TIME = /\b(Date\.now|new Date\(\)|setTimeout|setInterval|timers\/promises|node:timers|AbortSignal\.timeout)/;
/** An ID that is made once and kept is another matter: nothing depends on which it is. */
const CHANCE = /\bMath\.random/;

test('only clock.ts takes the time, and chance, from the machine', () => {
  const found: string[] = [];
  for (const room of ['service', 'stores']) {
    for (const name of readdirSync(join(SRC, room), { recursive: true, encoding: 'utf8' })) {
      if (!name.endsWith('.ts') || (room === 'service' && name === 'clock.ts')) continue;
      const lines = readFileSync(join(SRC, room, name), 'utf8').split('\n');
      lines.forEach((line, i) => {
        const code = line.replace(/\/\/.*|^\s*\/?\*.*/, '');
        if (TIME.test(code) || CHANCE.test(code)) found.push(`src/${room}/${name}:${i + 1}: ${line.trim()}`);
      });
    }
  }
  assert.deepEqual(found, []);
});
