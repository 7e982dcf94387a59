// What an installation, an upgrade and a removal consist of: steps, each of them a command that can be read before it
// is run (`--dry-run`) and done by hand.

import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { shellWord } from '../../host/visible.js';
import { EXIT, Failure } from '../failure.js';
import { docker, type Installed, installed } from './docker.js';
import { makePluginFolder } from './folder.js';
import { defaultSettings } from './manifest.js';
import type { PluginSettings, WantedSettings } from './wanted-settings.js';

export interface Step {
  /** As a person would type it. */
  readonly command: string;
  readonly run: () => Promise<unknown>;
  /** After this step or a later one has failed: takes back what this run did in it. */
  readonly undo?: () => Promise<unknown>;
  /** The plugin serves: what comes after it takes nothing back when it fails. */
  readonly isGoal?: true;
}

/** A plugin to be: `docker plugin set` takes its settings. */
export interface Wanted {
  readonly name: string;
  readonly settings: PluginSettings;
  /** The folder to make it from, which is made and removed. */
  readonly folder: string;
  /** Where the settings are until the plugin has them. */
  readonly kept: WantedSettings;
  /** What was there when the command began, of a run that was cut off. */
  readonly cutOff: PluginSettings | undefined;
}

/** A folder of its own for the plugin's parts. */
export async function workFolder(): Promise<string> {
  return join(await mkdtemp(join(tmpdir(), 'limpet-install-')), 'plugin');
}

export function installSteps(wanted: Wanted): Step[] {
  const { name, settings, folder } = wanted;
  const all = new Map([...defaultSettings(), ...settings]);
  const state = all.get('state.source') as string;
  return [
    { command: words('mkdir', '-p', state), run: () => mkdir(state, { recursive: true }) },
    { command: `# make the plugin in ${folder}`, run: () => makePluginFolder(folder, ownFolder()) },
    { ...keeping(wanted), undo: () => before(wanted) },
    creation(name, folder),
    ...lastSteps(wanted),
  ];
}

/** The new one is made, and its settings are on the disk, before the old one goes. */
export function upgradeSteps(wanted: Wanted, old: Installed | undefined): Step[] {
  const { name, folder } = wanted;
  const undo = async () => {
    if (old !== undefined && (await installed(name))?.id === old.id) await before(wanted); // it has its settings
  };
  return [
    { command: `# make the plugin in ${folder}`, run: () => makePluginFolder(folder, ownFolder()) },
    { ...keeping(wanted), undo },
    ...(old === undefined ? [] : uninstallSteps(name, old)),
    step('plugin', 'create', name, folder),
    ...lastSteps(wanted),
  ];
}

export function uninstallSteps(name: string, { enabled }: Installed): Step[] {
  return [...(enabled ? [step('plugin', 'disable', '--force', name)] : []), step('plugin', 'rm', '--force', name)];
}

/** The file is not needed any more. */
export function forgetting(kept: WantedSettings): Step {
  return { command: words('rm', '-f', kept.file), run: () => kept.remove() };
}

function keeping({ kept, settings }: Wanted): Step {
  return { command: `# keep the settings in ${kept.file}`, run: () => kept.write(settings) };
}

/** The file as it was before this run. */
function before({ kept, cutOff }: Wanted): Promise<void> {
  return cutOff === undefined ? kept.remove() : kept.write(cutOff);
}

/** Undone only where this run made the plugin: another may have one of that name by now, made at the same time. */
function creation(name: string, folder: string): Step {
  const { command, run } = step('plugin', 'create', name, folder);
  let made: 'nothing' | 'unknown' | { readonly id: string } = 'nothing';
  return {
    command,
    run: async () => {
      made = 'unknown';
      await run().catch((error) => {
        if (error instanceof Failure && error.exitCode === EXIT.found) made = 'nothing';
        throw error;
      });
      const own = await installed(name);
      made = own === undefined ? 'nothing' : { id: own.id };
    },
    undo: async () => {
      if (made === 'nothing') return;
      if (made === 'unknown') throw new Failure(`docker plugin create: it is not known whether it has made ${name}`);
      const found = await installed(name);
      if (found?.id === made.id) for (const each of uninstallSteps(name, found)) await each.run();
    },
  };
}

function lastSteps({ name, settings, kept, folder }: Wanted): Step[] {
  const pairs = Array.from(settings, ([setting, value]) => `${setting}=${value}`);
  return [
    ...(pairs.length === 0 ? [] : [step('plugin', 'set', name, ...pairs)]),
    { ...step('plugin', 'enable', name), isGoal: true },
    forgetting(kept),
    removal(folder),
  ];
}

function step(...args: string[]): Step {
  return { command: words('docker', ...args), run: () => docker(...args) };
}

function removal(folder: string): Step {
  const made = dirname(folder);
  return { command: words('rm', '-r', made), run: () => rm(made, { recursive: true, force: true }) };
}

function words(...all: string[]): string {
  return all.map(shellWord).join(' ');
}

/** Where this very module is, in the package's dist/. */
function ownFolder(): string {
  return dirname(fileURLToPath(import.meta.url));
}
