// Processes at random work on one folder, killed with SIGKILL at a random moment, 300 times in all: after each restart
// every operation that was answered is there, what was under way is there or not, and every invariant holds.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { type Line, SUBNETS } from './file-crash-child.js';
import { CrashModel } from './file-crash-model.js';
import { freshFolder } from './file-folders.js';
import { AllocatorService, FileStore } from './library.js';

const ROUNDS = Number(process.env.LIMPET_CRASH_ROUNDS ?? 300);
/** At once, each on a folder of its own. */
const CHAINS = 2;

const scripts = mkdtempSync(join(tmpdir(), 'limpet-crash-'));
after(() => rmSync(scripts, { recursive: true }));

/** The child as plain JavaScript: it starts in a tenth of the time. */
async function compiled(): Promise<string> {
  const outfile = join(scripts, 'child.mjs');
  const child = fileURLToPath(new URL('file-crash-child.ts', import.meta.url));
  await build({ entryPoints: [child], outfile, bundle: true, platform: 'node', format: 'esm', logLevel: 'warning' });
  return outfile;
}

/** Runs a process until it is killed; answers what it said. */
async function run(script: string, folder: string): Promise<Line[]> {
  const entry = resolve(process.env.LIMPET_ENTRY ?? fileURLToPath(new URL('../../dist/index.js', import.meta.url)));
  const env = { ...process.env, LIMPET_ENTRY: entry, LIMPET_CRASH_FOLDER: folder };
  const child = spawn(process.execPath, [script], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const closed = once(child, 'close');
  let said = '';
  let complaint = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint += text;
  });
  child.stdout.setEncoding('utf8');
  // Some are killed while they start, the others in the middle of their work.
  const early = Math.random() < 0.15;
  let kill = early ? setTimeout(() => child.kill('SIGKILL'), 30 + Math.random() * 80) : undefined;
  child.stdout.on('data', (text: string) => {
    said += text;
    kill ??= setTimeout(() => child.kill('SIGKILL'), Math.random() * 120);
  });
  const [code, signal] = await closed;
  clearTimeout(kill);
  assert.equal(signal, 'SIGKILL', `the process ended by itself, with ${code}: ${complaint}`);
  const whole = said.slice(0, said.lastIndexOf('\n') + 1);
  return whole
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
}

test(`${ROUNDS} processes killed at random moments lose nothing that was answered`, async (context) => {
  const script = await compiled();
  const models = Array.from({ length: CHAINS }, () => new CrashModel(SUBNETS));
  const counts = { torn: 0, generations: 0, early: 0 };
  await Promise.all(
    models.map(async (model, chain) => {
      const folder = freshFolder();
      for (let round = chain; round < ROUNDS; round += CHAINS) {
        const lines = await run(script, folder);
        if (lines.length === 0) counts.early++;
        for (const line of lines) model.take(line);
        const service = await AllocatorService.open(new FileStore(folder), {
          report: ({ level, details }) => {
            if (level === 'warn') counts.torn++;
            if (details?.generation) counts.generations = Math.max(counts.generations, Number(details.generation));
          },
        });
        model.check(service);
        await service.close();
      }
    }),
  );
  const sum = (of: (model: CrashModel) => number) => models.reduce((total, model) => total + of(model), 0);
  context.diagnostic(
    `${ROUNDS} rounds (${counts.early} killed while starting), ${sum((m) => m.answered)} operations answered, ` +
      '0 lost; ' +
      `${sum((m) => m.interrupted)} interrupted, ${sum((m) => m.done)} of them done; ` +
      `up to generation ${counts.generations}, ${counts.torn} torn tails`,
  );
  assert.ok(sum((m) => m.answered) > ROUNDS * 20);
  assert.ok(counts.generations > ROUNDS / 10);
});
