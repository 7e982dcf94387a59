// A machine with a `docker` of data alone, and the built command line on it.
import { type ChildProcess, spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { cliPath } from '../limpet.js';

export interface Said {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly out: string;
  readonly err: string;
}

/** A command that is under way. */
export interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Said>;
}

interface Plugin {
  Id: string;
  Enabled: boolean;
  Settings: { Env: string[]; Mounts: { Name: string; Source: string }[] };
}

export class Host {
  readonly #folder = mkdtempSync(join(tmpdir(), 'limpet-test-cut-off-'));
  /** Where the host's state file would be. */
  readonly state = join(this.#folder, 'state');
  readonly #temporary = join(this.#folder, 'tmp');
  readonly #bin = join(this.#folder, 'bin');

  constructor() {
    for (const folder of [this.#temporary, this.#bin]) mkdirSync(folder);
    symlinkSync(resolve('tests/cut-off/docker.mjs'), join(this.#bin, 'docker'));
  }

  end(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  start(...args: string[]): Running {
    const env = {
      PATH: `${this.#bin}${delimiter}${process.env.PATH}`,
      FAKE_DOCKER: this.#folder,
      LIMPET_STATE: join(this.state, 'host.json'),
      TMPDIR: this.#temporary,
      NO_COLOR: '1',
    };
    // A group of its own, as a terminal's job has.
    const child = spawn(process.execPath, [cliPath, ...args], { env, detached: true });
    let [out, err] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text) => (out += text));
    child.stderr.setEncoding('utf8').on('data', (text) => (err += text));
    child.stdin.end();
    const ended = new Promise<Said>((done) => {
      child.on('close', (code, signal) => done({ code, signal, out, err }));
    });
    return { child, ended };
  }

  limpet(...args: string[]): Promise<Said> {
    return this.start(...args).ended;
  }

  /** With a folder of its own for the plugin's state. */
  install(...settings: string[]): Promise<Said> {
    return this.startInstall(...settings).ended;
  }

  startInstall(...settings: string[]): Running {
    return this.start('install', `state.source=${this.#at('plugin')}`, ...settings);
  }

  /** Docker refuses this command from now on; without one, none. */
  refuse(command?: string): void {
    if (command === undefined) rmSync(this.#at('fail'));
    else writeFileSync(this.#at('fail'), command);
  }

  /** Docker waits within the next of this command, until `goOn`. */
  hold(command: string): void {
    writeFileSync(this.#at('hold'), command);
  }

  async isHeld(): Promise<void> {
    for (const begun = Date.now(); !existsSync(this.#at('held')); await sleep(20)) {
      if (Date.now() - begun > 60_000) throw new Error('docker was never asked');
    }
  }

  goOn(): void {
    writeFileSync(this.#at('go'), '');
  }

  plugin(name = 'limpet'): Plugin | undefined {
    return existsSync(this.#at('plugins'))
      ? JSON.parse(readFileSync(this.#at('plugins'), 'utf8'))[`${name}:latest`]
      : undefined;
  }

  setting(setting: string): string | undefined {
    const found = this.plugin()?.Settings.Env.find((each) => each.startsWith(`${setting}=`));
    return found?.slice(setting.length + 1);
  }

  /** Files next to the host's state file. */
  kept(): string[] {
    return existsSync(this.state) ? readdirSync(this.state) : [];
  }

  /** What is left of the folders that plugins are made in. */
  leftOvers(): string[] {
    return readdirSync(this.#temporary);
  }

  #at(name: string): string {
    return join(this.#folder, name);
  }
}
