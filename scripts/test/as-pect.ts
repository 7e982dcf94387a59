// The specs of the core, by as-pect. It exits with 0 when it has run nothing, and its --test takes no name, so what
// counts is what it says of each file and each test.
import type { Manner } from './node-tests.js';
import { node } from './process.js';
import { broken, type Result } from './result.js';

type Told = Pick<Manner, 'name' | 'onText'>;

/** Runs those specs; with a name they run whole as well, but only the tests that have it are counted and told. */
export async function asPect(files: readonly string[], { name, onText }: Told = {}): Promise<Result> {
  const reporter = name === undefined ? '--summary' : '--verbose';
  const args = ['node_modules/@as-pect/cli/bin/asp.js', '--no-logo', reporter];
  const env = { LIMPET_SPECS: files.join(',') };
  if (name !== undefined) return ofName(name, (await node(args, env)).output, onText);
  const { code, output } = await node(args, env, onText);
  const summary = /\[Tests\]: (\d+) \/ (\d+)/.exec(output);
  if (summary === null) return broken(output);
  const [passed, total] = [Number(summary[1]), Number(summary[2])];
  const ran = new Set([...output.matchAll(/(\S+) Pass: \d+ \/ [1-9]/g)].map(([, file]) => file));
  const silent = files.filter((file) => !ran.has(file));
  if (silent.length > 0) return broken(`no test was run of: ${silent.join(', ')}\n${output}`);
  return { passed, failed: total - passed || Number(code !== 0), skipped: 0, output };
}

function ofName(name: string, output: string, onText: Manner['onText']): Result {
  const lines = output.split('\n').filter((line) => /\[(Success|Fail)\]: /.test(line) && line.includes(name));
  const failed = lines.filter((line) => line.includes('[Fail]')).length;
  onText?.(lines.length > 0 ? `${lines.join('\n')}\n` : output);
  // A spec that does not even compile has told of no test.
  if (!output.includes('[Summary]')) return broken(output);
  return { passed: lines.length - failed, failed, skipped: 0, output };
}
