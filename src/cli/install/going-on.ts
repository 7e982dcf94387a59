// What is said when an installation or an upgrade has failed: how things are, and the command that goes on, with all
// the settings that the plugin is to have.

import { type Installed, installed } from './docker.js';
import type { Undone } from './run.js';
import { commandWith } from './settings.js';
import type { Wanted } from './steps.js';

/** Undefined where another command has installed one meanwhile. */
export async function howToGoOnInstalling({ name, settings }: Wanted, undone: Undone): Promise<string | undefined> {
  // `upgrade` does it whether there is a plugin or not: its settings are kept in the file.
  if (undone === 'remains') return `The plugin is not enabled. To go on: ${commandWith('upgrade', name, settings)}`;
  const found = await look(name);
  if (typeof found === 'object') return undefined;
  return `Nothing is installed. To go on: ${commandWith('install', name, settings)}`;
}

export async function howToGoOnUpgrading({ name, settings }: Wanted, old: Installed | undefined): Promise<string> {
  const found = await look(name);
  if (found === 'none') return `The old one is gone. To go on: ${commandWith('install', name, settings)}`;
  const goOn = `To go on: ${commandWith('upgrade', name, settings)}`;
  if (found === 'unknown') return goOn;
  if (found.id !== old?.id) return `The new one is not enabled. ${goOn}`;
  return `The old one is still there${found.enabled ? '' : ', disabled'}. ${goOn}`;
}

async function look(name: string): Promise<Installed | 'none' | 'unknown'> {
  try {
    return (await installed(name)) ?? 'none';
  } catch {
    return 'unknown'; // Docker does not answer: that is what the command says in the end
  }
}
