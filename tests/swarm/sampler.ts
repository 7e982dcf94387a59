// Watches, all the time, that no two running containers have one address on a network. It reads the kernel's own table
// of local addresses in each container, and believes what it sees only when it has seen it: one has the address, then
// the other, then the first still has it.
import { readFileSync, readlinkSync } from 'node:fs';
import type { DockerNode } from './rig/docker-node.js';
import { sleep } from './rig/run.js';
import type { Swarm } from './rig/swarm.js';

const PAUSE = 100;

export interface Double {
  readonly at: Date;
  readonly address: string;
  readonly containers: readonly [string, string];
}

interface Watched {
  readonly name: string;
  readonly node: DockerNode;
  readonly pid: number;
  /** The network namespace that its process had when it was first seen: numbers of processes are used again. */
  readonly namespace: string;
}

export class Sampler {
  readonly doubles: Double[] = [];
  /** When each container was first seen with an address, by its ID: milliseconds since the epoch. */
  readonly arrived = new Map<string, number>();
  samples = 0;
  readonly #swarm: Swarm;
  readonly #networks: readonly string[];
  readonly #watched = new Map<string, Watched>();
  readonly #known = new Set<string>();
  #isStopped = false;
  #loops: Promise<unknown> = Promise.resolve();

  /** @param networks what the addresses begin with on the networks that are watched */
  constructor(swarm: Swarm, networks: readonly string[]) {
    this.#swarm = swarm;
    this.#networks = networks;
  }

  start(): void {
    const finding = this.#swarm.nodes.map((node) => this.#repeat(() => this.#find(node)));
    this.#loops = Promise.all([...finding, this.#repeat(async () => this.#sample())]);
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#loops;
  }

  async #repeat(action: () => Promise<void>): Promise<void> {
    for (; !this.#isStopped; await sleep(PAUSE)) await action();
  }

  /** Takes up the containers that are new on a node. A node that is down, or on its way, has none to tell of. */
  async #find(node: DockerNode): Promise<void> {
    if (!node.isUp) return;
    try {
      const list = await node.api<{ Id: string; Names: string[] }[]>('/containers/json');
      for (const { Id: id, Names } of list) {
        if (this.#watched.has(id)) continue;
        const { State } = await node.api<{ State: { Pid: number } }>(`/containers/${id}/json`);
        if (State.Pid === 0) continue;
        const namespace = readlinkSync(node.procFile(State.Pid, 'ns/net'));
        this.#watched.set(id, { name: `${node.name} ${Names[0]?.slice(1)}`, node, pid: State.Pid, namespace });
      }
    } catch {
      // The daemon is being killed or restarted, or the container has just gone: the next round asks again.
    }
  }

  #sample(): void {
    this.samples++;
    const owners = new Map<string, Watched>();
    for (const [id, watched] of this.#watched) {
      const addresses = this.#addresses(watched);
      if (addresses === undefined) this.#watched.delete(id);
      if (addresses?.length && !this.arrived.has(id)) this.arrived.set(id, Date.now());
      for (const address of addresses ?? []) {
        const other = owners.get(address);
        if (other !== undefined && this.#addresses(other)?.includes(address)) this.#note(address, other, watched);
        owners.set(address, watched);
      }
    }
  }

  /** On the networks that are watched; undefined when the container is gone. */
  #addresses({ node, pid, namespace }: Watched): string[] | undefined {
    try {
      if (readlinkSync(node.procFile(pid, 'ns/net')) !== namespace) return undefined;
      const table = readFileSync(node.procFile(pid, 'net/fib_trie'), 'utf8');
      const local = [...table.matchAll(/-- ([\d.]+)\n\s+\/32 host LOCAL/g)].map(([, address]) => address as string);
      return [...new Set(local)].filter((address) => this.#networks.some((network) => address.startsWith(network)));
    } catch {
      return undefined; // the process is no longer there, or its machine is not
    }
  }

  #note(address: string, one: Watched, other: Watched): void {
    const key = [address, one.name, other.name].join(' ');
    if (this.#known.has(key)) return;
    this.#known.add(key);
    this.doubles.push({ at: new Date(), address, containers: [one.name, other.name] });
  }
}
