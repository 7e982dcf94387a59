// The completion scripts for zsh and fish, in these shells.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { cliPath } from '../limpet.js';

const folder = mkdtempSync(join(tmpdir(), 'limpet-completion-'));
after(() => rmSync(folder, { recursive: true }));

function scriptFor(shell: string): string {
  const path = join(folder, `_${shell}`);
  writeFileSync(path, execFileSync(process.execPath, [cliPath, 'completion', shell]));
  return path;
}

test('fish completes commands, commands below them, and options', () => {
  const script = scriptFor('fish');
  const offered = (line: string) =>
    execFileSync('fish', ['--no-config', '-c', `source ${script}; complete -C '${line}'`], { encoding: 'utf8' })
      .trim()
      .split('\n')
      .map((each) => each.split('\t')[0]);
  assert.deepEqual(offered('limpet st'), ['status', 'store']);
  assert.deepEqual(offered('limpet store '), ['copy']);
  assert.deepEqual(offered('limpet ls --stat'), ['--state']);
});

test('zsh completes them too', () => {
  const script = scriptFor('zsh');
  // The function as zsh would call it, with the two helpers that print instead of show.
  const offered = (...words: string[]) => {
    const ask = [
      `_describe() { print -l -- $\{(P)2} }; _files() { }; compdef() { }`,
      `words=(limpet ${words.map((word) => `'${word}'`).join(' ')}); CURRENT=${words.length + 1}`,
      `source ${script}`,
    ].join('\n');
    const all = execFileSync('zsh', ['-f', '-c', ask], { encoding: 'utf8' }).trim().split('\n');
    return all.map((each) => each.split(':')[0]);
  };
  assert.ok(offered('st').includes('status'));
  assert.deepEqual(offered('store', ''), ['copy', '--help']);
  assert.ok(offered('ls', '--st').includes('--state'));
  assert.deepEqual(offered('lookup', 'web.3', ''), offered('lookup', ''));
});
