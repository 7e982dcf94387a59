// What an installation, an upgrade and a removal consist of: steps, each of them a command that can be read before it
// is run (`--dry-run`) and done by hand.

import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { shellWord } from '../../host/visible.js';
import { docker, type Installed } from './docker.js';
import { makePluginFolder } from './folder.js';
import { defaultSettings } from './manifest.js';

export interface Step {
  /** As a person would type it. */
  readonly command: string;
  readonly run: () => Promise<unknown>;
}

/** A plugin to be: `docker plugin set` takes its settings. */
export interface Wanted {
  readonly name: string;
  readonly settings: ReadonlyMap<string, string>;
  /** The folder to make it from, which is made and removed. */
  readonly folder: string;
}

/** A folder of its own for the plugin's parts. */
export async function workFolder(): Promise<string> {
  return join(await mkdtemp(join(tmpdir(), 'limpet-install-')), 'plugin');
}

export function installSteps({ name, settings, folder }: Wanted): Step[] {
  const all = new Map([...defaultSettings(), ...settings]);
  const state = all.get('state.source') as string;
  return [
    { command: words('mkdir', '-p', state), run: () => mkdir(state, { recursive: true }) },
    { command: `# make the plugin in ${folder}`, run: () => makePluginFolder(folder, ownFolder()) },
    step('plugin', 'create', name, folder),
    ...setSteps(name, settings),
    step('plugin', 'enable', name),
    removal(folder),
  ];
}

/**
 * The new one is made before the old one goes. Settings are those that the old one had, and in their place what is
 * asked for.
 */
export function upgradeSteps({ name, settings, folder }: Wanted, old: Installed): Step[] {
  const kept = new Map([...changedSettings(old), ...settings]);
  return [
    { command: `# make the plugin in ${folder}`, run: () => makePluginFolder(folder, ownFolder()) },
    ...(old.enabled ? [step('plugin', 'disable', '--force', name)] : []),
    step('plugin', 'rm', '--force', name),
    step('plugin', 'create', name, folder),
    ...setSteps(name, kept),
    step('plugin', 'enable', name),
    removal(folder),
  ];
}

export function uninstallSteps(name: string, { enabled }: Installed): Step[] {
  return [...(enabled ? [step('plugin', 'disable', '--force', name)] : []), step('plugin', 'rm', '--force', name)];
}

/** Only what is not as the manifest has it: a later release may have other defaults. */
export function changedSettings({ settings }: Installed): [string, string][] {
  const defaults = new Map(defaultSettings());
  return [...settings].filter(([name, value]) => defaults.has(name) && defaults.get(name) !== value);
}

function setSteps(name: string, settings: ReadonlyMap<string, string>): Step[] {
  if (settings.size === 0) return [];
  return [step('plugin', 'set', name, ...Array.from(settings, ([setting, value]) => `${setting}=${value}`))];
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
