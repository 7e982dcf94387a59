// What `limpet completion bash` prints, in a real bash. zsh and fish: tests/install.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { cliPath } from '../limpet.js';

const script = execFileSync(process.execPath, [cliPath, 'completion', 'bash'], { encoding: 'utf8' });

/** What bash would offer behind `limpet` and these words, of which the last is being typed. */
function offered(...words: string[]): string[] {
  const line = ['limpet', ...words].map((word) => `'${word}'`).join(' ');
  const ask = `${script}\nCOMP_WORDS=(${line}); COMP_CWORD=${words.length}; _limpet; printf '%s\\n' "\${COMPREPLY[@]}"`;
  return execFileSync('bash', ['--norc', '-c', ask], { encoding: 'utf8', cwd: '/proc/self/fd' }).trim().split('\n');
}

test('a command that was begun', () => assert.deepEqual(offered('st'), ['status', 'store']));

test('an option of a command, wherever its words are', () => {
  assert.deepEqual(offered('ls', '--st'), ['--store', '--state']);
  assert.deepEqual(offered('lookup', 'web.3', '--js'), ['--json']);
});

test('a command below a command', () => {
  assert.deepEqual(offered('store', ''), ['copy', '--help']);
  assert.deepEqual(offered('store', 'copy', '--d'), ['--dry-run']);
});

test('a shell that there is none for', () => {
  assert.throws(() => execFileSync(process.execPath, [cliPath, 'completion', 'tcsh'], { stdio: 'pipe' }), {
    status: 2,
    message: /no completion for the shell "tcsh": bash, zsh, fish/,
  });
});
