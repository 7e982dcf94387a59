// A real etcd for the tests: one member or several, on loopback, in a folder of its own, ended by process ID.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stop } from './harness.js';
import { useEtcd } from './newer.js';

useEtcd();

/** Says what is missing, where etcd is not installed. */
function demandEtcd(): void {
  demand('etcd', '--version', 'etcd-server');
  demand('etcdctl', 'version', 'etcd-client');
}

/** @throws Error that says how to get the program, where it does not start */
function demand(program: string, version: string, of: string): void {
  try {
    execFileSync(program, [version], { stdio: 'ignore' });
  } catch {
    throw new Error(`${program} is missing: these tests need a real etcd (Debian: apt-get install ${of})`);
  }
}

/** Starts a program whose flushes to the disk take so many milliseconds more; what is spawned is the program itself. */
function slowDisk(fsync: number): string[] {
  const inject = `inject=fdatasync,fsync:delay_enter=${fsync * 1000}`;
  return ['strace', '-D', '-f', '-qq', '--seccomp-bpf', '-e', 'trace=fdatasync,fsync', '-e', inject, '-o', '/dev/null'];
}

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => server.listening || once(server, 'listening')));
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

export interface EtcdOptions {
  /** Flags for the server, of TLS for example. */
  readonly flags?: readonly string[];
  readonly scheme?: 'http' | 'https';
  /** What etcdctl needs beside the endpoint. */
  readonly ctl?: readonly string[];
  /** Milliseconds that each flush to the disk takes more. */
  readonly fsync?: number;
}

export class Etcd {
  readonly endpoint: string;
  readonly ctlFlags: string[];
  readonly #command: readonly string[];
  #process: ChildProcess | undefined;

  private constructor(clientPort: number, arguments_: readonly string[], options: EtcdOptions) {
    this.endpoint = `127.0.0.1:${clientPort}`;
    const { fsync } = options;
    this.#command = [...(fsync === undefined ? [] : slowDisk(fsync)), 'etcd', ...arguments_];
    this.ctlFlags = [`--endpoints=${options.scheme ?? 'http'}://${this.endpoint}`, ...(options.ctl ?? [])];
  }

  /** The members of one cluster, started and healthy; `remove` ends them and their folder. */
  static async cluster(size: number, options: EtcdOptions = {}): Promise<{ members: Etcd[]; remove: () => void }> {
    demandEtcd();
    if (options.fsync !== undefined) demand('strace', '--version', 'strace');
    const folder = mkdtempSync(join(tmpdir(), 'limpet-etcd-'));
    const ports = await freePorts(2 * size);
    const peer = (i: number) => `http://127.0.0.1:${ports[2 * i + 1]}`;
    const names = Array.from({ length: size }, (_, i) => `m${i}`);
    const cluster = names.map((name, i) => `${name}=${peer(i)}`).join(',');
    const scheme = options.scheme ?? 'http';
    const members = names.map((name, i) => {
      const client = `${scheme}://127.0.0.1:${ports[2 * i]}`;
      const flags = [
        ...['--name', name, '--data-dir', join(folder, name), '--logger', 'zap', '--log-level', 'error'],
        ...['--listen-client-urls', client, '--advertise-client-urls', client],
        ...['--listen-peer-urls', peer(i), '--initial-advertise-peer-urls', peer(i)],
        ...['--initial-cluster', cluster, '--initial-cluster-state', 'new', '--log-outputs', 'stderr'],
        ...(options.flags ?? []),
      ];
      return new Etcd(ports[2 * i] as number, flags, options);
    });
    const remove = () => {
      for (const member of members) member.signal('SIGKILL');
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    };
    process.once('exit', remove); // also when a test has thrown everything over
    for (const member of members) member.spawn();
    try {
      for (const member of members) await member.healthy();
    } catch (error) {
      remove();
      throw error;
    }
    return { members, remove };
  }

  static async start(options: EtcdOptions = {}): Promise<{ etcd: Etcd; remove: () => void }> {
    const { members, remove } = await Etcd.cluster(1, options);
    return { etcd: members[0] as Etcd, remove };
  }

  /** Of the server that the tests start. */
  static version(): string {
    return /etcd Version: (\S+)/.exec(execFileSync('etcd', ['--version'], { encoding: 'utf8' }))?.[1] ?? 'unknown';
  }

  /** Starts, also again, over what is in its folder. */
  spawn(): void {
    const [program = '', ...rest] = this.#command;
    const child = spawn(program, rest, { stdio: 'ignore', env: { PATH: process.env.PATH } });
    this.#process = child;
    child.once('exit', () => {
      if (this.#process === child) this.#process = undefined;
    });
  }

  /** Stands still when this answers, until `signal('SIGCONT')`. */
  async stop(): Promise<void> {
    if (this.#process !== undefined) await stop(this.#process);
  }

  signal(signal: 'SIGKILL' | 'SIGCONT'): void {
    if (signal === 'SIGKILL') this.#process?.kill('SIGCONT');
    this.#process?.kill(signal);
  }

  async kill(): Promise<void> {
    const child = this.#process;
    if (child === undefined) return;
    const exit = once(child, 'exit');
    this.signal('SIGKILL');
    await exit;
  }

  async healthy(): Promise<void> {
    for (const until = Date.now() + 60_000; Date.now() < until; ) {
      try {
        this.ctl('endpoint', 'health');
        return;
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    }
    throw new Error(`etcd at ${this.endpoint} does not get healthy`);
  }

  /** Runs etcdctl; answers what it printed. */
  ctl(...args: string[]): string {
    return execFileSync('etcdctl', [...this.ctlFlags, ...args], {
      env: { PATH: process.env.PATH, ETCDCTL_API: '3' },
      stdio: ['ignore', 'pipe', 'ignore'],
      encoding: 'utf8',
      maxBuffer: 2 ** 28,
    });
  }

  revision(): number {
    return this.#status().header.revision;
  }

  /** Bytes of its file. */
  size(): number {
    return this.#status().dbSize;
  }

  isLeader(): boolean {
    const { header, leader } = this.#status();
    return header.member_id === leader;
  }

  /** How many keys there are under a prefix. */
  count(prefix: string): number {
    return JSON.parse(this.ctl('get', '--prefix', prefix, '--limit=1', '-w', 'json')).count ?? 0;
  }

  #status(): { header: { revision: number; member_id: number }; leader: number; dbSize: number } {
    return JSON.parse(this.ctl('endpoint', 'status', '-w', 'json'))[0].Status;
  }

  /** Every key under a prefix, from etcd itself. */
  keys(prefix: string): Map<string, { value: string; created: number; mod: number; leased: boolean }> {
    const { kvs = [] } = JSON.parse(this.ctl('get', '--prefix', prefix, '-w', 'json'));
    const text = (base64: string | undefined) => Buffer.from(base64 ?? '', 'base64').toString();
    return new Map(
      kvs.map((kv: Record<string, never>) => [
        text(kv.key),
        {
          value: text(kv.value),
          created: kv.create_revision,
          mod: kv.mod_revision,
          leased: kv.lease !== undefined,
        },
      ]),
    );
  }
}
