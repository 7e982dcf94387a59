// `limpet store copy FROM TO`: moving from one store to another.

import type { Command } from 'commander';
import { allVisible, visibleJson } from '../../host/visible.js';
import type { CopyStep } from '../../operate/copy.js';
import { EXIT, Failure } from '../failure.js';
import { lines, print } from '../output.js';
import { exitCodeOf } from './reach.js';

const HELP = `
FROM and TO: swarm:, file:///folder, etcd://host:2379,host:2379. Addresses, who
is live where, times of release, held addresses, settings and users are copied;
what TO has already stays. Run it while no plugin uses either of the two:
docs/OPERATIONS.md has the steps. To swarm: on a manager; subnets of single
nodes are left out.

Exit code: 0 done, 1 TO says otherwise of some, 2 wrong usage, 3 a store does
not answer.`;

/** Adds the command to the program. */
export function storeCommand(program: Command): void {
  program
    .command('store')
    .description('what is kept where')
    .command('copy <from> <to>')
    .description('copy everything that one store has into another')
    .option('--dry-run', 'show what would be done, and do nothing')
    .option('--json', 'print one JSON object')
    .addHelpText('after', HELP)
    .action(async (from: string, to: string, { dryRun, json }: { dryRun?: true; json?: true }) => {
      const { copyBetween } = await import('../../operate/direct.js');
      const steps = await copyBetween(from, to, dryRun === true).catch((error) => {
        throw error.name === 'LimpetError' ? new Failure(error.message, exitCodeOf(error.code)) : error;
      });
      if (steps.some(({ conflicts }) => conflicts.length > 0)) process.exitCode = EXIT.found;
      const text = `${visibleJson(JSON.stringify({ steps }, null, 2))}\n`;
      await print(json ? [text] : lines(copyText(allVisible(steps))));
    });
}

function* copyText(steps: readonly CopyStep[]): IterableIterator<string> {
  for (const { space, subnet, bindings, held, outcome, conflicts } of steps) {
    yield `${outcome.padEnd(10)}  ${subnet} in ${space}: ${bindings} bindings, ${held} held addresses`;
    for (const conflict of conflicts) yield `  ${conflict}`;
  }
  if (steps.length === 0) yield 'there is nothing to copy';
}
