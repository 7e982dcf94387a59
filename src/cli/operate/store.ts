// `limpet store copy FROM TO`: moving from one store to another.

import type { Command } from 'commander';
import { allVisible, visible, visibleJson } from '../../host/visible.js';
import type { CopyStep } from '../../operate/copy.js';
import { consent, YES_HELP } from '../consent.js';
import { EXIT, Failure } from '../failure.js';
import { lines, print } from '../output.js';
import { count } from '../print.js';
import { withProgress } from '../progress.js';
import { exitCodeOf } from './reach.js';

const HELP = `
FROM and TO: swarm:, file:///folder, etcd://host:2379,host:2379. Addresses, who
is live where, times of release, held addresses, settings and users are copied;
what TO has already stays. No plugin may use TO meanwhile; for a backup FROM may
be in use, if it is swarm: or etcd://. To move to another store disable the
plugins first: docs/OPERATIONS.md has the steps. Copy to swarm: on a manager;
subnets of single nodes are left out then. Asks before; without a terminal say
--yes.

Exit code: 0 done, 1 something in TO differs and stayed, 2 wrong usage, 3 a
store does not answer.`;

/** Adds the command to the program. */
export function storeCommand(program: Command): void {
  program
    .command('store')
    .description('copy one store into another')
    .command('copy <from> <to>')
    .description('copy everything that one store has into another')
    .option('--dry-run', 'show what would be done, and do nothing')
    .option('--yes', YES_HELP)
    .option('--json', 'print one JSON object')
    .addHelpText('after', HELP)
    .action(
      async (from: string, to: string, { dryRun, yes, json }: Record<'dryRun' | 'yes' | 'json', true | undefined>) => {
        if (!dryRun && !yes) {
          const would = await copied(from, to, 'dry run');
          if (would.length > 0) await consent(copyText(allVisible(would)), `Copy this into ${visible(to)}?`);
        }
        const steps = await copied(from, to, dryRun ? 'dry run' : 'for good');
        if (steps.some(({ conflicts }) => conflicts.length > 0)) process.exitCode = EXIT.found;
        const text = `${visibleJson(JSON.stringify({ steps }, null, 2))}\n`;
        await print(json ? [text] : lines(copyText(allVisible(steps))));
      },
    );
}

async function copied(from: string, to: string, how: 'dry run' | 'for good'): Promise<CopyStep[]> {
  const { copyBetween } = await import('../../operate/direct.js');
  const text = (seconds: number) => `copying ${visible(from)} to ${visible(to)} … ${seconds} s`;
  return withProgress(text, () => copyBetween(from, to, how === 'dry run')).catch((error) => {
    throw error.name === 'LimpetError' ? new Failure(error.message, exitCodeOf(error.code), error.code) : error;
  });
}

function* copyText(steps: readonly CopyStep[]): IterableIterator<string> {
  for (const { space, subnet, bindings, held, outcome, conflicts } of steps) {
    const what = `${count(bindings, 'binding')}, ${count(held, 'held address', 'held addresses')}`;
    yield `${outcome.padEnd(10)}  ${subnet} in ${space}: ${what}`;
    for (const conflict of conflicts) yield `  ${conflict}`;
  }
  if (steps.length === 0) yield 'there is nothing to copy';
}
