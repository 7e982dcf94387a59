// The operator's commands: options in, one operation asked, its answer printed as text or as one JSON object.

import { type Command, Option } from 'commander';
import { allVisible, visible, visibleJson } from '../../host/visible.js';
import type { InputOf, OperationName, OutputOf } from '../../operate/index.js';
import { parseDuration } from '../../service/policy.js';
import { consent, YES_HELP } from '../consent.js';
import { EXIT, errorJson, Failure } from '../failure.js';
import { filled } from '../filled.js';
import { lines, print } from '../output.js';
import { count, type Paint } from '../print.js';
import { checkText } from './check.js';
import {
  CHECK_HELP,
  CODES_HELP,
  FORGET_HELP,
  IMPORT_HELP,
  LOOKUP_HELP,
  PIN_HELP,
  REACH_HELP,
  RECLAIM_HELP,
  RELEASE_HELP,
  STATUS_HELP,
  UNHOLD_HELP,
  UNPIN_HELP,
} from './help.js';
import { importText } from './import.js';
import {
  forgottenText,
  foundText,
  listingText,
  pinnedText,
  reclaimedText,
  releasedText,
  unheldText,
  unpinnedText,
} from './listing.js';
import { call, type Reach } from './reach.js';
import { statusText } from './status.js';
import { secondsOf, watch } from './watch.js';

/** What every command can be told: how to reach Limpet, and how to answer. */
type Common = Reach & { readonly json?: true; readonly subnet?: string; readonly space?: string };

/** Adds the commands to the program. */
export function adminCommands(program: Command, paint: Paint): void {
  const whole = (usage: string, description: string, help: string) => {
    return program
      .command(usage)
      .description(description)
      .option('--socket <path>', "the plugin's socket", filled('--socket'))
      .option('--store <url>', 'open this store instead of asking the plugin', filled('--store'))
      .option('--json', 'print one JSON object')
      .addHelpText('after', `${help}\n${REACH_HELP}`);
  };
  const command = (usage: string, description: string, help: string) => {
    return whole(usage, description, help)
      .option('--subnet <cidr>', 'only this subnet')
      .option('--space <name>', 'only subnets of this space');
  };

  command('status', 'show the subnets: live, reserved, held and free addresses', STATUS_HELP)
    .option('--watch [seconds]', 'show it again and again, every 2 seconds or as given', secondsOf)
    .action(async ({ watch: every, ...options }: Common & { watch?: number | true }) => {
      const look = async () => shown(await ask(options, 'status', {}), options, (answer) => statusText(answer, paint));
      if (every === undefined) await print(lines(await look()));
      else await watch(every === true ? 2 : every, look, (failure) => told(failure, options));
    });

  command('ls', 'list bindings: who has which address, and where', `${CODES_HELP}.`)
    .addOption(new Option('--state <state>', 'only these addresses').choices(['live', 'reserved', 'held']))
    .option('--node <name>', 'only what is live on this node')
    .option('--service <name>', "only this service's tasks")
    .option('--pinned', 'only pinned addresses')
    .action(async ({ state, node, service, pinned, ...options }: ListCommand) => {
      const yes = pinned ? ('yes' as const) : undefined;
      const filter = { state: state as InputOf<'ls'>['state'], node, service, pinned: yes };
      await show(await ask(options, 'ls', filter), options, (answer) => listingText(answer, paint));
    });

  command(
    'lookup <address-identity-or-task>',
    'show who has an address, or which addresses an identity or a task has',
    LOOKUP_HELP,
  ).action(async (key: string, options: Common) => {
    await show(await ask(options, 'lookup', { key }), options, (answer) => foundText(answer, paint));
  });

  command('pin <identity-or-service> [addresses]', 'choose the address of a container or of a service', PIN_HELP)
    .option('--second <addresses>', 'the same for the second homes, which start-first updates use')
    .action(async (who: string, addresses: string | undefined, { second, ...options }: PinCommand) => {
      await show(await ask(options, 'pin', { who, addresses, second }), options, (answer) => pinnedText(answer, paint));
    });

  command('unpin <identity-or-service>', 'end a pin; the address stays, and can be reclaimed', UNPIN_HELP).action(
    async (who: string, options: Common) => {
      await show(await ask(options, 'unpin', { who }), options, (answer) => unpinnedText(answer));
    },
  );

  command('reclaim [identity]', 'free reserved addresses', RECLAIM_HELP)
    .option('--service <name>', "every reserved binding of this service's tasks")
    .option('--older-than <duration>', 'bindings reserved for at least this long: 90s, 10m, 24h, 7d', duration)
    .option('--dry-run', 'show what would be done, and do nothing')
    .option('--yes', YES_HELP)
    .action(async (identity: string | undefined, { service, olderThan, dryRun, yes, ...options }: ReclaimCommand) => {
      if ((identity ?? service ?? olderThan) === undefined)
        throw new Failure('say what to reclaim: an identity, a service, or an age');
      const wanted = { identity, service, olderThan };
      const would = dryRun || yes ? undefined : await ask(options, 'reclaim', { ...wanted, dryRun: true });
      if (would !== undefined && would.reclaimed.length > 0) {
        const what = count(would.reclaimed.length, 'binding');
        await consent(
          reclaimedText(allVisible(would), paint),
          `Reclaim ${what}, so that others can get the addresses?`,
        );
      }
      const answer = await ask(options, 'reclaim', { ...wanted, dryRun });
      if (answer.refused.length > 0) process.exitCode = EXIT.found;
      await show(answer, options, (answer) => reclaimedText(answer, paint));
    });

  command('check', 'compare with Docker and suggest fixes', CHECK_HELP)
    .option('--settle <ms>', 'milliseconds between the two looks (default: 2000)', milliseconds)
    .action(async ({ settle, ...options }: Common & { settle?: string }) => {
      const answer = await ask(options, 'check', { settle });
      if (answer.findings.some(({ severity }) => severity === 'problem')) process.exitCode = EXIT.found;
      await show(answer, options, (answer) => checkText(answer, paint));
    });

  whole('import [network]', 'adopt the addresses that containers have now', IMPORT_HELP)
    .option('--into <network-or-cidr>', 'the replacement Limpet network, or its CIDR if it does not exist yet')
    .option('--ipam-opt <limpet.name=value>', 'an option of the network to be created; repeatable', gathered)
    .option('--dry-run', 'show what would be done, and do nothing')
    .option('--yes', YES_HELP)
    .action(async (network: string | undefined, { into, ipamOpt, dryRun, yes, ...options }: ImportCommand) => {
      const wanted = { network, into, ipamOptions: ipamOpt };
      const would = dryRun || yes ? undefined : await call(reachOf(options), 'import', { ...wanted, dryRun: true });
      const adds = would?.steps.filter(({ outcome }) => outcome === 'add').length ?? 0;
      if (would !== undefined && adds > 0) {
        await consent(importText(allVisible(would), paint), `Add ${count(adds, 'address', 'addresses')} to the store?`);
      }
      const answer = await call(reachOf(options), 'import', { ...wanted, dryRun });
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
    .option('--yes', YES_HELP)
    .action(async (subnet: string, { space, yes, ...options }: Common & { yes?: true }) => {
      if (!yes) {
        const would = await call(reachOf(options), 'forget', { subnet, space, dryRun: true });
        const lost = count(would.bindings, 'reserved binding');
        await consent([], `Remove ${would.subnet} (space ${visible(would.space)}), and with it ${lost}?`);
      }
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
  readonly yes?: true;
};
type ListCommand = Common & Record<'state' | 'node' | 'service', string> & { readonly pinned?: true };
type PinCommand = Common & { readonly second?: string };
type ReclaimCommand = Common &
  Partial<Record<'service' | 'olderThan', string>> &
  Partial<Record<'dryRun' | 'yes', true>>;

function milliseconds(text: string): string {
  if (/^\d{1,9}$/.test(text)) return text;
  throw new Failure(`--settle ${JSON.stringify(text)}: give milliseconds, 0 or more`);
}

function duration(text: string): string {
  if (parseDuration(text) !== undefined) return text;
  throw new Failure(`--older-than ${JSON.stringify(text)} is not a valid duration: write 90s, 10m, 24h or 7d`);
}

/** An option of Docker's own form, `name=value`, added to those before it. */
function gathered(text: string, before: Record<string, string> = {}): Record<string, string> {
  const [, name, value] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
  if (name === undefined || value === undefined) {
    throw new Failure(`--ipam-opt ${JSON.stringify(text)} is not of the form limpet.name=value`);
  }
  return { ...before, [name]: value };
}

/** What a command line says of where to ask. */
function reachOf({ socket, store }: Common): Reach {
  return { ...(socket !== undefined && { socket }), ...(store !== undefined && { store }) };
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
async function show<T>(answer: T, options: Common, text: (answer: T) => Iterable<string>): Promise<void> {
  await print(lines(shown(answer, options, text)));
}

function told(failure: Failure, { json }: Common): string {
  return json ? errorJson(failure) : visible(failure.message);
}

function shown<T>(answer: T, { json }: Common, text: (answer: T) => Iterable<string>): Iterable<string> {
  return json ? [visibleJson(JSON.stringify(answer, null, 2))] : text(allVisible(answer));
}
