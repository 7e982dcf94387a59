// What `--help` prints, of every command: 80 columns, groups, and the same by `limpet help`.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { cliPath } from '../limpet.js';
import { phrasesIn } from '../scripts/wording.js';

const run = promisify(execFile);

async function help(...words: string[]): Promise<string> {
  return (await run(process.execPath, [cliPath, ...words])).stdout;
}

/** The names in the lists of commands; their descriptions go on in lines that are indented further. */
const commandsIn = (text: string) =>
  [...text.matchAll(/^ {2}([a-z][a-z-]*)(?= {2,}| [<[])/gm)].map(([, name]) => name as string);

test('every help fits 80 columns and is plain English, and help COMMAND is COMMAND --help', async () => {
  const all = await help('--help');
  const commands = commandsIn(all);
  for (const one of ['status', 'rebuild', 'install', 'pin', 'store', 'completion'])
    assert.ok(commands.includes(one), one);
  for (const group of ['See what it does:', 'Install:', 'Operate:', 'Examples:', 'Exit code:'])
    assert.ok(all.includes(`\n${group}`), group);
  const texts = await Promise.all(
    commands.filter((name) => name !== 'help').map(async (name) => [name, await help(name, '--help')] as const),
  );
  for (const [name, text] of [
    ['', all] as const,
    ...texts,
    ['store copy', await help('store', 'copy', '--help')] as const,
  ]) {
    const wide = text.split('\n').filter((line) => line.length > 80);
    assert.deepEqual(wide, [], `limpet ${name} --help`);
    assert.deepEqual(phrasesIn(text), [], `limpet ${name} --help`);
    assert.match(text, /^Usage: limpet/);
  }
  assert.equal(await help('help', 'pin'), new Map(texts).get('pin'));
  assert.equal(await help('help'), all);
});
