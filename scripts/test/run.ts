// Runs one tool as a child process and counts what it says passed and failed.
import { spawn } from 'node:child_process';
import { stripVTControlCharacters } from 'node:util';

/** A tool that only succeeds or fails: one test. */
export async function plain(...args) {
  const { code, output } = await node(args);
  return { passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1, output };
}

const PRELOAD = ['--import', 'tsx', '--import', './tests/seed.ts'];

/** Test files of node:test, in TypeScript. */
export async function nodeTests(files, env) {
  const { code, output } = await node([...PRELOAD, '--test', '--test-reporter', 'spec', ...files], env);
  const count = (word) => Number(new RegExp(`^ℹ ${word} (\\d+)$`, 'm').exec(output)?.[1] ?? Number.NaN);
  const passed = count('pass');
  const failed = count('fail') + count('cancelled');
  if (Number.isNaN(passed + failed)) return { passed: 0, failed: 1, output };
  // A non-zero exit without a failed test is a failure that nobody counted.
  const details = output.slice(Math.max(0, output.indexOf('✖ failing tests:')));
  return { passed, failed: failed || Number(code !== 0), skipped: count('skipped') + count('todo'), output: details };
}

/** as-pect's specs. It exits 0 when it has run nothing, so its summary is what counts. */
export async function asPect(files) {
  const { code, output } = await node(['node_modules/@as-pect/cli/bin/asp.js', '--no-logo', '--summary']);
  const summary = /\[Tests\]: (\d+) \/ (\d+)/.exec(output);
  if (!summary) return { passed: 0, failed: 1, output };
  const [passed, total] = [Number(summary[1]), Number(summary[2])];
  const ran = new Set([...output.matchAll(/(\S+) Pass: \d+ \/ [1-9]/g)].map(([, file]) => file));
  const silent = files.filter((file) => !ran.has(file));
  if (silent.length > 0) return { passed, failed: 1, output: `no test was run of: ${silent.join(', ')}\n${output}` };
  return { passed, failed: total - passed || Number(code !== 0), output };
}

function node(args, env = {}) {
  const { promise, resolve, reject } = withResolvers();
  const child = spawn(process.execPath, args, { env: { ...process.env, NO_COLOR: '1', ...env } });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      output += text;
    });
  }
  child.on('error', reject);
  child.on('close', (code) => resolve({ code, output: stripVTControlCharacters(output) }));
  return promise;
}

/** Promise.withResolvers, which Node 20 lacks. */
function withResolvers() {
  let settle;
  const promise = new Promise((resolve, reject) => {
    settle = { resolve, reject };
  });
  return { promise, ...settle };
}
