// The operator's commands: options in, one operation asked, its answer printed as text or as one JSON object.

import type { Command } from 'commander';
import type { InputOf, OperationName, OutputOf } from '../../admin/index.js';
import { EXIT } from '../failure.js';
import { lines, print } from '../output.js';
import type { Paint } from '../print.js';
import { listingText, reclaimedText, releasedText, unheldText } from './listing.js';
import { call, PLUGIN_FOLDER, type Reach } from './reach.js';
import { statusText } from './status.js';

/** What every command can be told: how to reach Limpet, and how to answer. */
type Common = Reach & { readonly json?: true; readonly subnet?: string; readonly space?: string };

const REACH_HELP = `
Asks the plugin that runs on this machine, found in ${PLUGIN_FOLDER}, or
opens the store itself with --store: memory:, file:///path or
etcd://host:2379,host:2379. A file store is the running plugin's alone.`;

const CODES_HELP = `
Exit code: 0 good, 2 wrong usage, 3 the plugin, the store or Docker does not
answer`;

/** Adds the commands to the program. */
export function adminCommands(program: Command, paint: Paint): void {
  const command = (usage: string, description: string, help: string) => {
    return program
      .command(usage)
      .description(description)
      .option('--subnet <cidr>', 'only this subnet')
      .option('--space <name>', 'only subnets of this space')
      .option('--socket <path>', "the plugin's socket")
      .option('--store <url>', 'open this store instead of asking the plugin')
      .option('--json', 'print one JSON object')
      .addHelpText('after', `${help}\n${REACH_HELP}`);
  };

  command('status', 'show the subnets: what is live, reserved, held, free', `${CODES_HELP}.`).action(
    async (options: Common) => {
      await show(await ask(options, 'status', {}), options, (answer) => statusText(answer, paint));
    },
  );

  command('ls', 'list bindings: who has which address, and where', `${CODES_HELP}.`)
    .option('--state <state>', 'only live, reserved, or held addresses')
    .option('--node <name>', 'only what is live on this node')
    .option('--service <name>', "only this service's tasks")
    .action(async ({ state, node, service, ...options }: Common & Record<'state' | 'node' | 'service', string>) => {
      const filter = { state: state as InputOf<'ls'>['state'], node, service };
      await show(await ask(options, 'ls', filter), options, (answer) => listingText(answer, paint));
    });

  command(
    'lookup <address-or-identity>',
    'say whose an address is, or which addresses an identity has',
    LOOKUP_HELP,
  ).action(async (key: string, options: Common) => {
    await show(await ask(options, 'lookup', { key }), options, (answer) => listingText(answer, paint));
  });

  command('reclaim [identity]', 'give reserved addresses up, so that others can have them', RECLAIM_HELP)
    .option('--service <name>', "every reserved binding of this service's tasks")
    .option('--older-than <duration>', 'every binding reserved for so long: 90s, 10m, 24h, 7d')
    .option('--dry-run', 'say what would be done, and do nothing')
    .action(async (identity: string | undefined, { service, olderThan, dryRun, ...options }: ReclaimCommand) => {
      const answer = await ask(options, 'reclaim', { identity, service, olderThan, dryRun });
      if (answer.refused.length > 0) process.exitCode = EXIT.found;
      await show(answer, options, (answer) => reclaimedText(answer, paint));
    });

  command('release <identity>', 'end the live mark that a node has left behind', RELEASE_HELP)
    .requiredOption('--node <name>', 'the node that the identity does not run on')
    .action(async (identity: string, { node, ...options }: Common & { node: string }) => {
      const answer = await ask(options, 'release', { identity, node });
      await show(answer, options, (answer) => releasedText(answer, identity, node));
    });

  command('unhold <address>', 'end the hold of an address that nothing uses', UNHOLD_HELP).action(
    async (address: string, options: Common) => {
      await show(await ask(options, 'unhold', { address }), options, (answer) => unheldText(answer));
    },
  );
}

type ReclaimCommand = Common & { readonly service?: string; readonly olderThan?: string; readonly dryRun?: true };

const LOOKUP_HELP = `
Exit code: 0 found, 1 nobody has it, 2 wrong usage, 3 the plugin, the store or
Docker does not answer.`;

const RECLAIM_HELP = `
Only what does not run can be reclaimed. Name one identity, or filter: filters
narrow each other down.

Exit code: 0 done, 1 something was refused or is not there, 2 wrong usage,
3 the plugin, the store or Docker does not answer.

Examples:
  limpet reclaim web.3
  limpet reclaim --service web --older-than 7d --dry-run`;

const RELEASE_HELP = `
The plugin of a node does this by itself within half a minute, and a node that
died loses its marks with its lease: this is for what limpet check finds.

Exit code: 0 done, 1 no such identity, 2 wrong usage, 3 the plugin, the store
or Docker does not answer.`;

const UNHOLD_HELP = `
Ends a ticket, virtual IP or other address held without an identity: run it for
what limpet check calls leaked. A binding on the same address stays.

Exit code: 0 done, 1 an address of no subnet, 2 wrong usage, 3 the plugin, the
store or Docker does not answer.`;

async function ask<N extends OperationName>(
  { socket, store, subnet, space }: Common,
  name: N,
  input: Omit<InputOf<N>, 'subnet' | 'space'>,
): Promise<OutputOf<N>> {
  const reach = { ...(socket && { socket }), ...(store && { store }) };
  return call(reach, name, { ...input, subnet, space } as InputOf<N>);
}

/** Prints the answer: the text for people, or what the operation answered. */
async function show<T>(answer: T, { json }: Common, text: (answer: T) => Iterable<string>): Promise<void> {
  await print(json ? [`${JSON.stringify(answer, null, 2)}\n`] : lines(text(answer)));
}
