// `limpet install`, `upgrade` and `uninstall`: the managed plugin on this node, made from this package and the node's
// own Node.

import { rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Command } from 'commander';
import packageJson from '../../../package.json' with { type: 'json' };
import { quote } from '../../host/address.js';
import { shellWord, visible } from '../../host/visible.js';
import { EXIT, Failure } from '../failure.js';
import { print } from '../output.js';
import type { Paint } from '../print.js';
import { withProgress } from '../progress.js';
import { type Installed, installed, networksOf, swarmFolder, tagged } from './docker.js';
import { defaultSettings } from './manifest.js';
import { changedSettings, installSteps, type Step, uninstallSteps, upgradeSteps, workFolder } from './steps.js';

interface Options {
  readonly name: string;
  readonly dryRun?: true;
  readonly force?: true;
}

const SETTINGS_HELP = `
Settings are those of docker plugin set, such as LIMPET_LOG_LEVEL=debug or
tls.source=/etc/limpet. docs/SWARM.md lists them.
Needs the docker command and the right to use it.
Exit code: 0 success, 1 refused, 2 wrong usage, 3 Docker does not answer.`;

/** Adds the commands to the program. */
export function installCommands(program: Command, paint: Paint): void {
  const command = (usage: string, description: string) =>
    program
      .command(usage)
      .description(description)
      .option('--name <name>', "the plugin's name in Docker", 'limpet')
      .option('--dry-run', 'print the commands and run none');

  command('install [settings...]', "make, set and enable Docker's plugin on this node")
    .addHelpText('after', SETTINGS_HELP)
    .action(async (given: string[], options: Options) => {
      const settings = parse(given);
      const old = await installed(options.name);
      if (old !== undefined) throw new Failure(`${options.name} is already installed: see limpet upgrade`, EXIT.found);
      const own = await ownSettings();
      const wanted = { name: options.name, settings: new Map([...own, ...settings]), folder: await workFolder() };
      await go(installSteps(wanted), options, paint, wanted.folder, () => takeBack(options.name));
      await say(options, [
        `Limpet ${packageJson.version} is installed on this node. To undo: npx limpet uninstall`,
        `Networks get it with --ipam-driver ${tagged(options.name)}; on a swarm, install it on every node first.`,
      ]);
    });

  command('upgrade [settings...]', 'put this release in the place of the one installed, with its settings')
    .addHelpText('after', `\nRunning containers are not disturbed; new ones wait for a moment.${SETTINGS_HELP}`)
    .action(async (given: string[], options: Options) => {
      const settings = parse(given);
      const old = await mustBeInstalled(options.name);
      const wanted = { name: options.name, settings, folder: await workFolder() };
      await go(upgradeSteps(wanted, old), options, paint, wanted.folder, () => tellHowToGoOn(options.name, old));
      await say(options, [`Limpet ${packageJson.version} runs on this node, with the settings it had.`]);
    });

  command('uninstall', "disable and remove Docker's plugin on this node")
    .option('--force', 'also while networks use it')
    .addHelpText('after', '\nThe addresses stay in its folder and its store: installed again, it continues\nwith them.')
    .action(async (options: Options) => {
      const old = await mustBeInstalled(options.name);
      const networks = await networksOf(options.name);
      if (networks.length > 0 && !options.force) {
        const names = networks.map(quote).join(', ');
        throw new Failure(`networks use ${options.name}: ${names}. Remove them first, or say --force`, EXIT.found);
      }
      await go(uninstallSteps(options.name, old), options, paint, undefined, async () => {});
      const state = old.settings.get('state.source');
      await say(options, [`Limpet is removed from this node. Its addresses are kept in ${state}.`]);
    });
}

/** What a Docker with a data root of its own has elsewhere. */
async function ownSettings(): Promise<[string, string][]> {
  const [found, usual] = [await swarmFolder(), new Map(defaultSettings()).get('swarm.source')];
  return found === usual ? [] : [['swarm.source', found]];
}

/** Runs the steps, each told before; after a failure, what `takeBack` does. */
async function go(
  steps: readonly Step[],
  { dryRun }: Options,
  paint: Paint,
  folder: string | undefined,
  takeBack: () => Promise<unknown>,
): Promise<void> {
  try {
    for (const { command, run } of steps) {
      await print([`${paint('dim', visible(command))}\n`]);
      if (!dryRun) await withProgress((seconds) => `… ${seconds} s`, run);
    }
  } catch (error) {
    await takeBack().catch(() => {}); // the first failure is the one to tell
    throw error;
  } finally {
    if (folder !== undefined) await rm(dirname(folder), { recursive: true, force: true });
  }
}

/** A plugin that could not be set or enabled is not left half-made. */
async function takeBack(name: string): Promise<void> {
  const half = await installed(name);
  if (half !== undefined) for (const { run } of uninstallSteps(name, half)) await run();
}

/** Between the two there is none, and the settings went with the old one. */
async function tellHowToGoOn(name: string, old: Installed): Promise<void> {
  if ((await installed(name)) !== undefined) return;
  const settings = changedSettings(old).map(([setting, value]) => shellWord(`${setting}=${value}`));
  process.stderr.write(`The old one is gone. To go on: limpet install ${settings.join(' ')}\n`);
}

async function say({ dryRun }: Options, lines: readonly string[]): Promise<void> {
  await print((dryRun ? ['Nothing was changed.'] : lines).map((line) => `${visible(line)}\n`));
}

async function mustBeInstalled(name: string): Promise<Installed> {
  const found = await installed(name);
  if (found === undefined) throw new Failure(`${name} is not installed on this node`, EXIT.found);
  return found;
}

/** @throws Failure naming the setting */
function parse(given: readonly string[]): Map<string, string> {
  const known = new Set(defaultSettings().map(([name]) => name));
  return new Map(
    given.map((text) => {
      const at = text.indexOf('=');
      const name = text.slice(0, Math.max(at, 0));
      if (at < 0) throw new Failure(`${quote(text)} is not a setting: write NAME=VALUE`);
      if (!known.has(name)) throw new Failure(`no setting ${quote(name)}: ${[...known].join(', ')}`);
      return [name, text.slice(at + 1)];
    }),
  );
}
