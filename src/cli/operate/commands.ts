// The operator's commands: options in, one operation asked, its answer printed as text or as one JSON object.

import type { Command } from 'commander';
import { allVisible, visible, visibleJson } from '../../host/visible.js';
import type { InputOf, OperationName, OutputOf } from '../../operate/index.js';
import { EXIT, Failure } from '../failure.js';
import { lines, print } from '../output.js';
import type { Paint } from '../print.js';
import { checkText } from './check.js';
import { importText } from './import.js';
import {
  forgottenText,
  listingText,
  pinnedText,
  reclaimedText,
  releasedText,
  unheldText,
  unpinnedText,
} from './listing.js';
import { call, PLUGIN_FOLDER, type Reach } from './reach.js';
import { statusText } from './status.js';

/** What every command can be told: how to reach Limpet, and how to answer. */
type Common = Reach & { readonly json?: true; readonly subnet?: string; readonly space?: string };

const REACH_HELP = `
Asks the plugin that runs on this machine, found in ${PLUGIN_FOLDER}, or
opens the store itself with --store: swarm:, file:///path,
etcd://host:2379,host:2379 or memory:. A file store cannot be opened while its plugin
runs.`;

const CODES_HELP = `
Exit code: 0 success, 2 wrong usage, 3 the plugin, the store or Docker does not
answer`;

/** Adds the commands to the program. */
export function adminCommands(program: Command, paint: Paint): void {
  const whole = (usage: string, description: string, help: string) => {
    return program
      .command(usage)
      .description(description)
      .option('--socket <path>', "the plugin's socket")
      .option('--store <url>', 'open this store instead of asking the plugin')
      .option('--json', 'print one JSON object')
      .addHelpText('after', `${help}\n${REACH_HELP}`);
  };
  const command = (usage: string, description: string, help: string) => {
    return whole(usage, description, help)
      .option('--subnet <cidr>', 'only this subnet')
      .option('--space <name>', 'only subnets of this space');
  };

  command('status', 'show the subnets: live, reserved, held and free addresses', `${CODES_HELP}.`).action(
    async (options: Common) => {
      await show(await ask(options, 'status', {}), options, (answer) => statusText(answer, paint));
    },
  );

  command('ls', 'list bindings: who has which address, and where', `${CODES_HELP}.`)
    .option('--state <state>', 'only live, reserved, or held addresses')
    .option('--node <name>', 'only what is live on this node')
    .option('--service <name>', "only this service's tasks")
    .option('--pinned', 'only pinned addresses')
    .action(async ({ state, node, service, pinned, ...options }: ListCommand) => {
      const yes = pinned ? ('yes' as const) : undefined;
      const filter = { state: state as InputOf<'ls'>['state'], node, service, pinned: yes };
      await show(await ask(options, 'ls', filter), options, (answer) => listingText(answer, paint));
    });

  command(
    'lookup <address-or-identity>',
    'show who has an address, or which addresses an identity has',
    LOOKUP_HELP,
  ).action(async (key: string, options: Common) => {
    await show(await ask(options, 'lookup', { key }), options, (answer) => listingText(answer, paint));
  });

  command(
    'pin <identity-or-service> <addresses>',
    'choose the address of a container or of a service',
    PIN_HELP,
  ).action(async (who: string, addresses: string, options: Common) => {
    await show(await ask(options, 'pin', { who, addresses }), options, (answer) => pinnedText(answer, paint));
  });

  command('unpin <identity-or-service>', 'end a pin; the address stays, and can be reclaimed', UNPIN_HELP).action(
    async (who: string, options: Common) => {
      await show(await ask(options, 'unpin', { who }), options, (answer) => unpinnedText(answer));
    },
  );

  command('reclaim [identity]', 'free reserved addresses', RECLAIM_HELP)
    .option('--service <name>', "every reserved binding of this service's tasks")
    .option('--older-than <duration>', 'bindings reserved for at least this long: 90s, 10m, 24h, 7d')
    .option('--dry-run', 'show what would be done, and do nothing')
    .action(async (identity: string | undefined, { service, olderThan, dryRun, ...options }: ReclaimCommand) => {
      const answer = await ask(options, 'reclaim', { identity, service, olderThan, dryRun });
      if (answer.refused.length > 0) process.exitCode = EXIT.found;
      await show(answer, options, (answer) => reclaimedText(answer, paint));
    });

  command('check', 'compare with Docker and suggest fixes', CHECK_HELP)
    .option('--settle <ms>', 'milliseconds between the two looks (default: 2000)')
    .action(async ({ settle, ...options }: Common & { settle?: string }) => {
      const answer = await ask(options, 'check', { settle });
      if (answer.findings.some(({ severity }) => severity === 'problem')) process.exitCode = EXIT.found;
      await show(answer, options, (answer) => checkText(answer, paint));
    });

  whole('import [network]', 'adopt the addresses that containers have now', IMPORT_HELP)
    .option('--into <network-or-cidr>', 'the replacement Limpet network, or its CIDR if it does not exist yet')
    .option('--ipam-opt <limpet.name=value>', 'an option of the network to be created; repeatable', gathered)
    .option('--dry-run', 'show what would be done, and do nothing')
    .action(async (network: string | undefined, { into, ipamOpt, dryRun, ...options }: ImportCommand) => {
      const answer = await call(reachOf(options), 'import', { network, into, ipamOptions: ipamOpt, dryRun });
      if (answer.steps.some(({ outcome }) => outcome === 'conflict' || outcome === 'unseen')) {
        process.exitCode = EXIT.found;
      }
      await show(answer, options, (answer) => importText(answer, paint));
    });

  command('release <identity>', 'clear a stale "live" mark of a node', RELEASE_HELP)
    .requiredOption('--node <name>', 'the node whose stale mark to clear')
    .action(async (identity: string, { node, ...options }: Common & { node: string }) => {
      const answer = await ask(options, 'release', { identity, node });
      await show(answer, options, (answer) => releasedText(answer, visible(identity), visible(node)));
    });

  whole('forget <subnet>', 'remove a subnet with its reserved bindings, once its network is gone', FORGET_HELP)
    .option('--space <name>', 'the space, when several have this subnet')
    .action(async (subnet: string, { space, ...options }: Common) => {
      const answer = await call(reachOf(options), 'forget', { subnet, space });
      await show(answer, options, (answer) => forgottenText(answer));
    });

  command('unhold <address>', 'end the hold of an address that nothing uses', UNHOLD_HELP).action(
    async (address: string, options: Common) => {
      await show(await ask(options, 'unhold', { address }), options, (answer) => unheldText(answer));
    },
  );
}

type ImportCommand = Common & {
  readonly into?: string;
  readonly ipamOpt?: Record<string, string>;
  readonly dryRun?: true;
};
type ListCommand = Common & Record<'state' | 'node' | 'service', string> & { readonly pinned?: true };
type ReclaimCommand = Common & { readonly service?: string; readonly olderThan?: string; readonly dryRun?: true };

const CHECK_HELP = `
Compares bindings, held addresses and live marks with Docker's containers,
tasks, services, nodes and networks, twice, two seconds apart, and reports only
what both looks saw. Complete on a manager; elsewhere it also reports what it
could not check. Only problems change the exit code, notices do not.

Exit code: 0 no problems, 1 problems, 2 wrong usage, 3 the plugin, the store or
Docker does not answer.`;

const IMPORT_HELP = `
Without a network: every network that Limpet serves. Bindings, tickets, virtual
IPs and gateways that the store lacks are added from what runs.

With a network of another IPAM driver: reserves each task's address, so that it
gets the same one on the Limpet network that takes its place (--into). Safe to
repeat. Existing bindings are never moved; clashes are reported as conflicts.

Exit code: 0 done, 1 conflicts, or tasks that cannot be seen from here, 2 wrong
usage, 3 the plugin, the store or Docker does not answer.

Example, moving the network web (all steps are in docs/OPERATIONS.md):
  docker network create -d overlay --ipam-driver limpet:latest \\
    --subnet 10.0.5.0/24 web-sticky
  limpet import web --into web-sticky
  docker service update --network-rm web --network-add web-sticky SERVICE`;

const LOOKUP_HELP = `
Exit code: 0 found, 1 not found, 2 wrong usage, 3 the plugin, the store or
Docker does not answer.`;

const PIN_HELP = `
No policy gives a pinned address to anybody else, and limpet reclaim refuses it.
A service's slots get a list or a range in turn: slot 1 the first address, and
so on. A service with a task on every node is pinned by node. Refused where
somebody else has the address; nothing is changed then. What runs at another
address keeps that until it stops, and has the pinned one from its next start.

Exit code: 0 done, 1 somebody has the address, 2 wrong usage, 3 the plugin, the
store or Docker does not answer.

Examples:
  limpet pin web.3 10.77.0.10
  limpet pin web 10.77.0.10-10.77.0.19
  limpet pin agent.node-1 10.77.0.30`;

const UNPIN_HELP = `
Exit code: 0 done, 1 nothing of that name is pinned, 2 wrong usage, 3 the
plugin, the store or Docker does not answer.`;

const RECLAIM_HELP = `
Only addresses of identities that do not run can be reclaimed. Name one
identity, or filter: filters are combined.

Exit code: 0 done, 1 something was refused or is not there, 2 wrong usage,
3 the plugin, the store or Docker does not answer.

Examples:
  limpet reclaim web.3
  limpet reclaim --service web --older-than 7d --dry-run`;

const RELEASE_HELP = `
The plugin of a node does this by itself within half a minute, and a node that
died loses its marks: when Swarm gives it up, or in etcd with its lease. Use this
for what limpet check reports.

Exit code: 0 done, 1 no such identity, 2 wrong usage, 3 the plugin, the store
or Docker does not answer.`;

const FORGET_HELP = `
Refused while anything is live or held in it.

Exit code: 0 removed, 1 in use or not there, 2 wrong usage, 3 the plugin, the
store or Docker does not answer.`;

const UNHOLD_HELP = `
Ends a ticket, virtual IP or other address held without an identity: use it
for what limpet check reports as a leak. A binding on the same address stays.

Exit code: 0 done, 1 an address of no subnet, 2 wrong usage, 3 the plugin, the
store or Docker does not answer.`;

/** An option of Docker's own form, `name=value`, beside those before it. */
function gathered(text: string, before: Record<string, string> = {}): Record<string, string> {
  const [, name, value] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
  if (name === undefined || value === undefined) {
    throw new Failure(`--ipam-opt ${JSON.stringify(text)} is not of the form limpet.name=value`);
  }
  return { ...before, [name]: value };
}

/** What a command line says of where to ask. */
function reachOf({ socket, store }: Common): Reach {
  return { ...(socket && { socket }), ...(store && { store }) };
}

async function ask<N extends OperationName>(
  { subnet, space, ...options }: Common,
  name: N,
  input: Omit<InputOf<N>, 'subnet' | 'space'>,
): Promise<OutputOf<N>> {
  return call(reachOf(options), name, { ...input, subnet, space } as InputOf<N>);
}

/**
 * Prints the answer: the text for people, or what the operation answered. Names in it come from wherever: from here on
 * nothing in them acts upon a terminal.
 */
async function show<T>(answer: T, { json }: Common, text: (answer: T) => Iterable<string>): Promise<void> {
  await print(json ? [`${visibleJson(JSON.stringify(answer, null, 2))}\n`] : lines(text(allVisible(answer))));
}
