// One computer, as far as the kernel plays along: namespaces of its own for processes, mounts, network and host name.
// Its first process waits for the end of its input, which is the test's end of a pipe: when the test dies, however, the
// machine dies with it, and the kernel ends every process in it.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Network, Plug } from './network.js';
import { kill, type ProcessMark } from './processes.js';
import { run, sleep, until } from './run.js';
import type { RunFolder } from './run-folder.js';

// `wait` also reaps the orphans that fall to the first process. The subshell never ends before the pipe does.
const FIRST_PROCESS = `
  set -e
  mount -t tmpfs tmpfs /run
  mkdir -p /run/lock
  hostname "$1"
  exec 3<&0
  ( cat <&3 >/dev/null; kill -TERM 1 ) &
  exec 3<&-
  trap 'exit 0' TERM
  echo ready
  while :; do wait; done`;

interface Running {
  readonly outer: ChildProcess;
  readonly first: ProcessMark;
  readonly plug: Plug;
}

export class Machine {
  readonly name: string;
  readonly address: string;
  /** What it keeps when it is switched off. */
  readonly disk: string;
  readonly #folder: RunFolder;
  readonly #network: Network;
  #running: Running | undefined;

  private constructor(name: string, address: string, disk: string, folder: RunFolder, network: Network) {
    this.name = name;
    this.address = address;
    this.disk = disk;
    this.#folder = folder;
    this.#network = network;
  }

  /** Makes it and switches it on. */
  static async make(name: string, address: string, folder: RunFolder, network: Network): Promise<Machine> {
    const machine = new Machine(name, address, await folder.sub(name), folder, network);
    await machine.boot();
    return machine;
  }

  get isUp(): boolean {
    return this.#running !== undefined;
  }

  /** What a process inside sees as `/`, seen from outside; its /proc has the numbers that Docker knows. */
  get root(): string {
    return `/proc/${this.#demand().first.pid}/root`;
  }

  async boot(): Promise<void> {
    if (this.#running) throw new Error(`${this.name} runs already`);
    const plug = await this.#network.plug(this.name, this.address);
    const spaces = ['--mount', '--pid', '--fork', '--uts', '--ipc', '--mount-proc', '--kill-child'];
    const command = ['unshare', ...spaces, 'sh', '-c', FIRST_PROCESS, 'sh', this.name];
    // Not `ip netns exec`: that mounts /sys anew and hides the cgroups.
    const errors = openSync(join(this.disk, 'machine.log'), 'a');
    const outer = spawn('nsenter', [`--net=/var/run/netns/${plug.namespace}`, ...command], {
      stdio: ['pipe', 'pipe', errors],
    });
    closeSync(errors);
    const ended = once(outer, 'exit').then(() => {
      throw new Error(`${this.name} did not start`);
    });
    ended.catch(() => {}); // it ends some day in any case
    await Promise.race([once(outer.stdout!, 'data'), ended]);
    const first = await this.#folder.process(childOf(outer.pid!));
    this.#running = { outer, first, plug };
  }

  /** Pulls the plug: nobody hears of it, nothing is put in order, every process is gone. */
  async halt(): Promise<void> {
    const { outer, first, plug } = this.#demand();
    await this.#network.cut(this.name);
    const ended = outer.exitCode === null && outer.signalCode === null ? once(outer, 'exit') : undefined;
    await kill(first);
    await ended; // unshare ends when the kernel has ended all that ran inside
    this.#running = undefined;
    await this.#network.unplug(this.name, plug);
  }

  /** Runs a program inside, to its end. */
  run(program: string, ...args: string[]): Promise<string> {
    return this.runWithin(60_000, program, ...args);
  }

  /** The same for what takes longer than a minute. @param timeout milliseconds */
  runWithin(timeout: number, program: string, ...args: string[]): Promise<string> {
    return run('nsenter', [...this.#entry(), program, ...args], { timeout });
  }

  /** Starts a program that stays; what it says goes to a file of that name, at its end. */
  start(log: string, program: string, ...args: string[]): Service {
    const output = openSync(join(this.disk, log), 'a');
    const child = spawn('nsenter', [...this.#entry(), program, ...args], { stdio: ['ignore', output, output] });
    closeSync(output);
    return new Service(`${program} on ${this.name}`, child);
  }

  #entry(): string[] {
    const spaces = ['--mount', '--pid', '--uts', '--ipc', '--net'];
    return ['--target', `${this.#demand().first.pid}`, ...spaces];
  }

  #demand(): Running {
    if (this.#running === undefined) throw new Error(`${this.name} is switched off`);
    return this.#running;
  }
}

/** A program that was started inside a machine. */
export class Service {
  readonly name: string;
  readonly #child: ChildProcess; // nsenter; the program is its child, and nsenter ends with it

  constructor(name: string, child: ChildProcess) {
    this.name = name;
    this.#child = child;
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Sends the program a signal that does not end it. */
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    if (!this.isRunning) return;
    process.kill(childOf(this.#child.pid!), signal);
    // nsenter stops with the program, and goes on only when it is told to.
    if (signal === 'SIGCONT') process.kill(this.#child.pid!, signal);
  }

  /** Sends the program that signal and waits until it has ended. */
  async end(signal: 'SIGTERM' | 'SIGKILL', within = 30_000): Promise<void> {
    if (!this.isRunning) return;
    process.kill(childOf(this.#child.pid!), signal);
    await until(`${this.name} ends after ${signal}`, within, async () => !this.isRunning);
  }

  /** Waits until `ask` answers; fails at once when the program has ended. */
  async ready(within: number, ask: () => Promise<unknown>): Promise<void> {
    let last: unknown;
    for (const end = Date.now() + within; Date.now() < end; await sleep(200)) {
      if (!this.isRunning) throw new Error(`${this.name} has ended by itself`);
      try {
        await ask();
        return;
      } catch (error) {
        last = error;
      }
    }
    throw new Error(`${this.name} is not ready after ${within / 1000} s: ${last}`);
  }
}

function childOf(pid: number): number {
  const [child] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ');
  if (!child) throw new Error(`process ${pid} has no child`);
  return Number(child);
}
