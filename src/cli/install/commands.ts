// `limpet install`, `upgrade` and `uninstall`: the managed plugin on this node, made from this package and the node's
// own Node.

import { rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Command } from 'commander';
import packageJson from '../../../package.json' with { type: 'json' };
import { quote } from '../../host/address.js';
import { visible } from '../../host/visible.js';
import { deferEndings } from '../endings.js';
import { EXIT, Failure } from '../failure.js';
import { print } from '../output.js';
import type { Paint } from '../print.js';
import { installed, networksOf, swarmFolder, tagged } from './docker.js';
import { howToGoOnInstalling, howToGoOnUpgrading } from './going-on.js';
import { defaultSettings } from './manifest.js';
import { printSteps, runSteps, type Undone } from './run.js';
import { changedSettings, knownSettings, parseSettings, USUAL_NAME } from './settings.js';
import { forgetting, installSteps, type Step, uninstallSteps, upgradeSteps, type Wanted, workFolder } from './steps.js';
import { WantedSettings } from './wanted-settings.js';

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
      .option('--name <name>', "the plugin's name in Docker", USUAL_NAME)
      .option('--dry-run', 'print the commands and run none');

  command('install [settings...]', "make, set and enable Docker's plugin on this node")
    .addHelpText('after', SETTINGS_HELP)
    .action((given: string[], options: Options) => install(given, options, paint));

  command('upgrade [settings...]', 'put this release in the place of the one installed, with its settings')
    .addHelpText('after', `\nRunning containers are not disturbed; new ones wait for a moment.${SETTINGS_HELP}`)
    .action((given: string[], options: Options) => upgrade(given, options, paint));

  command('uninstall', "disable and remove Docker's plugin on this node")
    .option('--force', 'also while networks use it')
    .addHelpText('after', '\nThe addresses stay in its folder and its store: installed again, it continues\nwith them.')
    .action((options: Options) => uninstall(options, paint));
}

async function install(given: readonly string[], options: Options, paint: Paint): Promise<void> {
  const { name } = options;
  const settings = parseSettings(given);
  if ((await installed(name)) !== undefined)
    throw new Failure(`${name} is already installed: see limpet upgrade`, EXIT.found);
  const kept = await WantedSettings.of(name);
  const cutOff = await kept.read();
  const all = new Map([...(await ownSettings()), ...knownSettings(cutOff), ...settings]);
  await withFolder({ name, settings: all, kept, cutOff }, async (wanted) => {
    const onFailure = async (undone: Undone) => complain(await howToGoOnInstalling(wanted, undone));
    await go(installSteps(wanted), options, paint, onFailure);
  });
  await say(options, [
    `Limpet ${packageJson.version} is installed on this node. To undo: npx limpet uninstall`,
    `Networks get it with --ipam-driver ${tagged(name)}; on a swarm, install it on every node first.`,
  ]);
}

/** Of an upgrade that was cut off, the old one may have gone, or the new one be there without its settings. */
async function upgrade(given: readonly string[], options: Options, paint: Paint): Promise<void> {
  const { name } = options;
  const settings = parseSettings(given);
  const old = await installed(name);
  const kept = await WantedSettings.of(name);
  const cutOff = await kept.read();
  if (old === undefined && cutOff === undefined) throw notInstalled(name);
  const all = new Map([...knownSettings(cutOff), ...changedSettings(old), ...settings]);
  await withFolder({ name, settings: all, kept, cutOff }, async (wanted) => {
    const onFailure = async () => complain(await howToGoOnUpgrading(wanted, old));
    await go(upgradeSteps(wanted, old), options, paint, onFailure);
  });
  const whose = cutOff === undefined ? 'it had' : 'that were kept for it';
  await say(options, [`Limpet ${packageJson.version} runs on this node, with the settings ${whose}.`]);
}

async function uninstall(options: Options, paint: Paint): Promise<void> {
  const { name, force } = options;
  const old = await installed(name);
  if (old === undefined) throw notInstalled(name);
  const networks = await networksOf(name);
  if (networks.length > 0 && !force) {
    const names = networks.map(quote).join(', ');
    throw new Failure(`networks use ${name}: ${names}. Remove them first, or say --force`, EXIT.found);
  }
  const kept = await WantedSettings.of(name);
  deferEndings();
  await go([...uninstallSteps(name, old), forgetting(kept)], options, paint, async () => {});
  const state = old.settings.get('state.source');
  await say(options, [`Limpet is removed from this node. Its addresses are kept in ${state}.`]);
}

/** What a Docker with a data root of its own has elsewhere. */
async function ownSettings(): Promise<[string, string][]> {
  const [found, usual] = [await swarmFolder(), new Map(defaultSettings()).get('swarm.source')];
  return found === usual ? [] : [['swarm.source', found]];
}

/** Does the work with a folder to make the plugin in. However it ends, the folder is gone then. */
async function withFolder(plugin: Omit<Wanted, 'folder'>, work: (wanted: Wanted) => Promise<void>): Promise<void> {
  const { name, kept, cutOff } = plugin;
  if (cutOff !== undefined)
    await print([
      visible(`An install or upgrade of ${name} was cut off. Its settings are taken from ${kept.file}`),
      '\n',
    ]);
  deferEndings();
  const folder = await workFolder();
  try {
    await work({ ...plugin, folder });
  } finally {
    await rm(dirname(folder), { recursive: true, force: true });
  }
}

async function go(
  steps: readonly Step[],
  { dryRun }: Options,
  paint: Paint,
  onFailure: (undone: Undone) => Promise<void>,
): Promise<void> {
  if (dryRun) await printSteps(steps, paint);
  else await runSteps(steps, paint, onFailure);
}

async function say({ dryRun }: Options, lines: readonly string[]): Promise<void> {
  await print((dryRun ? ['Nothing was changed.'] : lines).map((line) => `${visible(line)}\n`));
}

function complain(line: string | undefined): void {
  if (line !== undefined) process.stderr.write(`${line}\n`);
}

function notInstalled(name: string): Failure {
  return new Failure(`${name} is not installed on this node`, EXIT.found);
}
