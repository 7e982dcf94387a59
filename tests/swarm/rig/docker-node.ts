// One node of the swarm: a machine with containerd and dockerd, all of whose paths are its own.
import { writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import type { Machine, Service } from './machine.js';
import { type RunOptions, run } from './run.js';
import type { RunFolder } from './run-folder.js';

const CONTAINERD = '/run/containerd/containerd.sock';

export class DockerNode {
  readonly machine: Machine;
  readonly socket: string;
  readonly #cgroup: string;
  #containerd: Service | undefined;
  #dockerd: Service | undefined;

  private constructor(machine: Machine, folder: RunFolder) {
    this.machine = machine;
    this.socket = join(machine.disk, 'docker.sock');
    this.#cgroup = `/${folder.name}/${machine.name}`;
  }

  static async make(machine: Machine, folder: RunFolder): Promise<DockerNode> {
    const node = new DockerNode(machine, folder);
    await writeFile(node.#file('daemon.json'), '{}'); // else dockerd reads the machine's own
    await writeFile(node.#file('containerd.toml'), containerdConfig(node.#file('containerd')));
    await node.start();
    return node;
  }

  get name(): string {
    return this.machine.name;
  }

  /** Whether its daemon is there to be asked. */
  get isUp(): boolean {
    return this.machine.isUp && this.#dockerd?.isRunning === true;
  }

  get log(): string {
    return this.#file('dockerd.log');
  }

  /** Switches the machine on where it is off, and starts what is not running. */
  async start(): Promise<void> {
    if (!this.machine.isUp) await this.machine.boot();
    if (!this.#containerd?.isRunning) {
      const { machine } = this;
      this.#containerd = machine.start('containerd.log', 'containerd', '--config', this.#file('containerd.toml'));
      await this.#containerd.ready(20_000, () => machine.run('test', '-S', CONTAINERD));
    }
    this.#dockerd = this.machine.start('dockerd.log', 'dockerd', ...this.#flags());
    await this.#dockerd.ready(60_000, () => this.api('/_ping'));
  }

  /** Stops the daemon in good order, and its containers with it. */
  async stop(): Promise<void> {
    await this.#dockerd?.end('SIGTERM', 60_000);
  }

  /** Ends everything on the machine at one blow, as a power failure would. */
  async halt(): Promise<void> {
    await this.machine.halt();
    this.#dockerd = undefined;
    this.#containerd = undefined;
  }

  docker(args: readonly string[], options?: RunOptions): Promise<string> {
    return run('docker', ['-H', `unix://${this.socket}`, ...args], options);
  }

  /** What Docker's API answers to a GET. */
  api<T = unknown>(path: string): Promise<T> {
    return this.#ask('GET', path, 10_000) as Promise<T>;
  }

  /** A POST without a body. */
  async post(path: string, timeout = 600_000): Promise<void> {
    await this.#ask('POST', path, timeout);
  }

  /** A file of a process that Docker knows by that number, as this node's kernel shows it. */
  procFile(pid: number, file: string): string {
    return `${this.machine.root}/proc/${pid}/${file}`;
  }

  #ask(method: string, path: string, timeout: number): Promise<unknown> {
    const what = `${method} ${path} on ${this.name}`;
    return new Promise((resolve, reject) => {
      const asked = request({ method, agent: false, socketPath: this.socket, path, timeout }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (part) => {
          text += part;
        });
        response.on('error', reject).on('end', () => {
          if ((response.statusCode ?? 500) >= 300) return reject(new Error(`${what}: ${text}`));
          resolve(response.headers['content-type']?.startsWith('application/json') ? JSON.parse(text) : text);
        });
      });
      asked.on('timeout', () => asked.destroy(new Error(`${what}: no answer within ${timeout} ms`)));
      asked.on('error', reject).end();
    });
  }

  #flags(): string[] {
    return [
      ...['--config-file', this.#file('daemon.json'), '--containerd', CONTAINERD, '--storage-driver', 'vfs'],
      ...['--data-root', this.#file('docker'), '--exec-root', '/run/docker', '--pidfile', '/run/docker.pid'],
      ...['--host', `unix://${this.socket}`, '--cgroup-parent', this.#cgroup],
    ];
  }

  #file(name: string): string {
    return join(this.machine.disk, name);
  }
}

function containerdConfig(root: string): string {
  return `version = 2
root = ${JSON.stringify(root)}
state = "/run/containerd"
disabled_plugins = ["io.containerd.grpc.v1.cri"]
[grpc]
  address = ${JSON.stringify(CONTAINERD)}
`;
}
