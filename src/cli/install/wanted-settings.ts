// The settings that the plugin is to have, in a file for as long as an installation or an upgrade is under way. Docker
// forgets them with the old plugin, and has them again only when the new one is set: whatever happens between the two,
// the next `limpet install` or `upgrade` continues with these.

import { readFile, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { HOST_STATE_FILE } from '../../stores/host-state.js';
import { writePrivateFile } from '../../stores/private-file.js';
import { flushFolder, refuseOpenFolder } from '../../stores/private-folder.js';
import { Failure } from '../failure.js';
import { docker, tagged } from './docker.js';

export type PluginSettings = ReadonlyMap<string, string>;

const VERSION = 1;

const FOLDER = {
  what: 'the folder of what an upgrade sets',
  danger: 'who could choose the settings of the plugin',
  instead: 'another folder by LIMPET_STATE=FOLDER/host.json',
};

/** One file for each plugin of each Docker: a machine can have several. */
export class WantedSettings {
  readonly file: string;

  /** @param engine Docker's own ID */
  constructor(name: string, engine: string) {
    const ofPlugin = tagged(name).replace(/:latest$/, '');
    this.file = join(folder(), `upgrade-${encodeURIComponent(ofPlugin)}-${engine.replace(/[^\w-]/g, '-')}.json`);
  }

  /** @throws Failure when Docker does not answer */
  static async of(name: string): Promise<WantedSettings> {
    return new WantedSettings(name, await docker('info', '--format', '{{.ID}}'));
  }

  /**
   * Undefined when nothing was cut off.
   * @throws Failure when the file cannot be read or says something else; LimpetError BAD_INPUT when others may write
   * into its folder
   */
  async read(): Promise<PluginSettings | undefined> {
    let text: string;
    try {
      await refuseOpenFolder(dirname(this.file), FOLDER);
      text = await readFile(this.file, 'utf8');
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT') return undefined;
      if (code?.startsWith('E')) throw new Failure(`${this.file} cannot be read: ${message}`);
      throw error;
    }
    const settings = settingsIn(text);
    if (settings !== undefined) return settings;
    throw new Failure(`${this.file} has no settings that this release can read: give all of them, and remove it`);
  }

  /** Returns when they are on the disk. @throws Failure, LimpetError BAD_INPUT as `read` */
  async write(settings: PluginSettings): Promise<void> {
    const text = `${JSON.stringify({ version: VERSION, settings: Object.fromEntries(settings) }, null, 2)}\n`;
    try {
      await writePrivateFile(this.file, text, FOLDER);
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (!code?.startsWith('E')) throw error;
      throw new Failure(
        `${this.file} cannot be written: ${message}; LIMPET_STATE=FOLDER/host.json names another folder`,
      );
    }
  }

  async remove(): Promise<void> {
    await rm(this.file, { force: true });
    await flushFolder(dirname(this.file)).catch(() => {}); // there may be no folder
  }
}

/** Where the plugin keeps what it knows of its host; users who may not write there have a folder of their own. */
function folder(): string {
  if (process.env.LIMPET_STATE) return dirname(process.env.LIMPET_STATE);
  if (process.getuid?.() === 0) return dirname(HOST_STATE_FILE);
  return join(process.env.XDG_STATE_HOME || join(homedir(), '.local/state'), 'limpet');
}

function settingsIn(text: string): PluginSettings | undefined {
  let read: unknown;
  try {
    read = JSON.parse(text);
  } catch {
    return undefined;
  }
  const { version, settings } = (read ?? {}) as { version?: unknown; settings?: unknown };
  if (version !== VERSION || typeof settings !== 'object' || settings === null) return undefined;
  const entries = Object.entries(settings);
  return entries.every(([, value]) => typeof value === 'string') ? new Map(entries) : undefined;
}
