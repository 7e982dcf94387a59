// Text that attacks whoever reads it: nothing of it reaches a terminal, a log or a shell as it is.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { shellWord, visible, visibleJson } from '../../src/host/visible.js';
import { command, option } from '../../src/operate/command.js';
import { openLog } from '../../src/plugin/log.js';
import { ACTING, hostileText } from './hostile.js';

const ATTACKS = [
  ['the screen is cleared', '\u001b[2J\u001b[H', '\\u{1b}[2J\\u{1b}[H'],
  ['a title is set, with C1', '\u009d0;root\u009c', '\\u{9d}0;root\\u{9c}'],
  ['the direction turns', 'web\u202e1.bew\u2066x\u2069', 'web\\u{202e}1.bew\\u{2066}x\\u{2069}'],
  ['a line is forged', 'web\nlimpet: all is well\r\u2028', 'web\\nlimpet: all is well\\r\\u{2028}'],
  ['half a surrogate pair', 'a\ud800b', 'a\\u{d800}b'],
] as const;

describe('what is printed', () => {
  for (const [name, text, shown] of ATTACKS) {
    test(name, () => {
      assert.equal(visible(text), shown);
      assert.equal(visible(shown), shown, 'twice is as good as once');
    });
  }

  test('whatever it is, nothing is left that acts', () => {
    fc.assert(fc.property(hostileText, (text) => !ACTING.test(visible(text))));
  });

  test('JSON says the same, in characters that can be seen', () => {
    fc.assert(
      fc.property(hostileText, (text) => {
        const json = visibleJson(JSON.stringify({ text }));
        assert.doesNotMatch(json, ACTING);
        assert.deepEqual(JSON.parse(json), { text });
      }),
    );
  });
});

test('a line of the log is one line of JSON, without anything that acts', () => {
  for (const [, text] of ATTACKS) {
    const lines: string[] = [];
    openLog('info', { write: (line) => void lines.push(line) }).info({ identity: text }, `why ${text}`);
    const [line = ''] = lines;
    assert.equal(lines.length, 1);
    assert.doesNotMatch(line.slice(0, -1), ACTING);
    assert.equal(JSON.parse(line).identity, text);
  }
});

describe('a suggested command', () => {
  const words = (text: string) =>
    execFileSync('bash', ['-c', `printf '%s\\0' ${text}`], { encoding: 'utf8' }).split('\0');

  test('is one word to a shell, and the word that was meant', () => {
    for (const word of ['web.3', '$(reboot)', "it's", '; reboot', '\u001b[2J', 'a\nb', "\u202e'\\x", '\u{e0041}`id`']) {
      assert.doesNotMatch(shellWord(word), ACTING);
      assert.deepEqual(words(shellWord(word)), [word, '']);
    }
  });

  test('never begins an argument with a dash', () => {
    assert.equal(
      command('limpet reclaim', ['-x'], ' --subnet 10.0.0.0/24'),
      'limpet reclaim --subnet 10.0.0.0/24 -- -x',
    );
    assert.equal(command('limpet release', ['--all'], option('node', '-h')), 'limpet release --node=-h -- --all');
    assert.equal(command('limpet reclaim', ['web.1'], option('node', 'n 1')), "limpet reclaim web.1 --node 'n 1'");
  });
});
