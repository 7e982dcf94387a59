// The hosts of examples/embed: what each needs on the machine, how it is built, and how it is run. prepare.mjs does so.
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/** The folder of the hosts. */
export const folder = resolve('examples/embed');
/** Compiled crates: outside the tree, so that a fresh clone need not compile them again. */
const crates = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'limpet-embed', 'cargo');

/**
 * @typedef {object} Host
 * @property {string} name also its folder
 * @property {string[]} programs that must be in PATH
 * @property {string[]} [files] that must be there, as absolute paths
 * @property {string} debian the packages that have them
 * @property {string[][]} build commands, run in its folder; caches aside, they write into its folder only
 * @property {string[]} run the command, in its folder; the core, a script and a folder are appended
 */

/** @type {Host[]} */
export const hosts = [
  { name: 'node', programs: [], debian: 'nodejs', build: [], run: [process.execPath, 'main.js'] },
  {
    name: 'go',
    programs: ['go'],
    debian: 'golang',
    build: [['go', 'build', '-trimpath', '-o', 'build/embed', '.']],
    run: ['build/embed'],
  },
  {
    name: 'rust',
    programs: ['cargo'],
    debian: 'cargo',
    build: [
      ['cargo', 'install', '--quiet', '--locked', '--force', '--path', '.', '--root', 'build', '--target-dir', crates],
    ],
    run: ['build/bin/embed'],
  },
  {
    name: 'python',
    programs: ['python3'],
    debian: 'python3-venv',
    build: [
      ['python3', '-m', 'venv', 'build'],
      ['build/bin/pip', 'install', '--quiet', '--requirement', 'requirements.txt'],
    ],
    run: ['build/bin/python', 'main.py'],
  },
];
