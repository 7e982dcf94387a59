// The hosts of examples/embed: what each needs on the machine, how it is built, and how it is run. prepare.ts does so.
import { homedir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';

/** The folder of the hosts. */
export const folder = resolve('examples/embed');
/** Compiled crates: outside the tree, so that a fresh clone need not compile them again. */
const crates = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'limpet-embed', 'cargo');

export interface Host {
  /** Also its folder. */
  readonly name: string;
  /** They must be in PATH. */
  readonly programs: readonly string[];
  /** They must be there, as absolute paths. */
  readonly files?: readonly string[];
  /** How to get them, on Debian. */
  readonly remedy: string;
  /** Commands, run in its folder; caches aside, they write into its folder only. */
  readonly build: readonly Command[];
  /** The command, in its folder; the core, a script and a folder are appended. */
  readonly run: Command;
}

/** A program and its arguments. */
export type Command = readonly [program: string, ...args: string[]];

export const hosts: readonly Host[] = [
  { name: 'node', programs: [], remedy: '', build: [], run: [process.execPath, 'main.js'] },
  {
    name: 'go',
    programs: ['go'],
    remedy: 'install Go 1.25 or later',
    build: [
      ['go', 'build', '-trimpath', '-o', 'build/embed', '.'],
      ['go', 'build', '-trimpath', '-o', 'build/allocate', './allocate'],
    ],
    run: ['build/embed'],
  },
  {
    name: 'rust',
    programs: ['cargo'],
    remedy: 'install Rust 1.86 or later',
    build: [
      ['cargo', 'install', '--quiet', '--locked', '--force', '--path', '.', '--root', 'build', '--target-dir', crates],
    ],
    run: ['build/bin/embed'],
  },
  {
    name: 'python',
    programs: ['python3'],
    remedy: 'apt-get install python3-venv',
    build: [
      ['python3', '-m', 'venv', 'build'],
      ['build/bin/pip', 'install', '--quiet', '--requirement', 'requirements.txt'],
    ],
    run: ['build/bin/python', 'main.py'],
  },
  {
    name: 'java',
    programs: ['java', 'javac', 'mvn'],
    remedy: 'apt-get install openjdk-17-jdk-headless maven',
    build: [['mvn', '--quiet', '--batch-mode', 'compiler:compile', 'dependency:copy-dependencies']],
    run: ['java', '-cp', `target/classes${delimiter}target/dependency/*`, 'limpet.Main'],
  },
  {
    name: 'c',
    programs: ['cc', 'make', 'wasm2c'],
    files: ['/usr/include/cjson/cJSON.h', '/usr/share/wabt/wasm2c/wasm-rt-impl.c'],
    remedy: 'apt-get install gcc make wabt libcjson-dev',
    build: [['make', '--silent']],
    run: ['build/embed'],
  },
  {
    name: 'bun',
    programs: ['npm'],
    remedy: 'apt-get install npm',
    build: [['npm', 'ci', '--silent', '--ignore-scripts']],
    run: [process.execPath, 'bun.js', 'main.js'],
  },
  {
    name: 'chromium',
    programs: [],
    files: [process.env.CHROMIUM ?? '/usr/bin/chromium'],
    remedy: 'apt-get install chromium',
    build: [],
    run: [process.execPath, 'main.js'],
  },
];
