// The plugin's settings as a command line has them: what a user gives, what another release's plugin has, and the
// command that gives them all.

import { quote } from '../../host/address.js';
import { shellWord } from '../../host/visible.js';
import { Failure } from '../failure.js';
import type { Installed } from './docker.js';
import { defaultSettings } from './manifest.js';
import type { PluginSettings } from './wanted-settings.js';

/** The plugin's name where no other is given. */
export const USUAL_NAME = 'limpet';

/** @throws Failure naming the setting */
export function parseSettings(given: readonly string[]): PluginSettings {
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

/** Only what is not as the manifest has it: a later release may have other defaults. */
export function changedSettings(installed: Installed | undefined): PluginSettings {
  const defaults = new Map(defaultSettings());
  return new Map([...knownSettings(installed?.settings)].filter(([name, value]) => defaults.get(name) !== value));
}

/** Another release can have some that this one lacks. */
export function knownSettings(settings: PluginSettings = new Map()): PluginSettings {
  const known = new Set(defaultSettings().map(([name]) => name));
  return new Map([...settings].filter(([name]) => known.has(name)));
}

/** The whole command, to be typed as it stands. */
export function commandWith(command: 'install' | 'upgrade', name: string, settings: PluginSettings): string {
  const named = name === USUAL_NAME ? [] : ['--name', name];
  const pairs = Array.from(settings, ([setting, value]) => `${setting}=${value}`);
  return ['limpet', command, ...named, ...pairs].map(shellWord).join(' ');
}
