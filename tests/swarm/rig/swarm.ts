// Nodes that are one swarm, and the question who leads.
import type { DockerNode } from './docker-node.js';
import { RunError, until } from './run.js';

interface SwarmNode {
  readonly ID: string;
  readonly Description: { readonly Hostname: string };
  readonly Status: { readonly State: string };
  readonly ManagerStatus?: { readonly Leader?: boolean; readonly Reachability: string };
}

export class Swarm {
  readonly managers: readonly DockerNode[];
  /** The managers first, then the workers. */
  readonly nodes: readonly DockerNode[];

  private constructor(managers: readonly DockerNode[], workers: readonly DockerNode[]) {
    this.managers = managers;
    this.nodes = [...managers, ...workers];
  }

  /** The first node begins the swarm, the others join it, all as managers but the workers. */
  static async make(managers: readonly DockerNode[], workers: readonly DockerNode[] = []): Promise<Swarm> {
    const [first, ...others] = managers as [DockerNode, ...DockerNode[]];
    await first.docker(['swarm', 'init', '--advertise-addr', first.machine.address]);
    const swarm = new Swarm(managers, workers);
    for (const node of [...others, ...workers]) await swarm.join(node, first);
    await swarm.complete();
    return swarm;
  }

  /** Nodes that have been made a swarm by other hands. */
  static async of(managers: readonly DockerNode[], workers: readonly DockerNode[] = []): Promise<Swarm> {
    const swarm = new Swarm(managers, workers);
    await swarm.complete();
    return swarm;
  }

  /** As what it is to be in this swarm. @param by one of its managers */
  async join(node: DockerNode, by: DockerNode): Promise<void> {
    const role = this.managers.includes(node) ? 'manager' : 'worker';
    const token = (await by.docker(['swarm', 'join-token', '--quiet', role])).trim();
    const { address } = node.machine;
    try {
      await node.docker(['swarm', 'join', '--token', token, '--advertise-addr', address, by.machine.address]);
    } catch (error) {
      // Docker goes on with it. What comes of it is waited for with the whole swarm.
      if (!(error instanceof RunError) || !error.stderr.includes('continue in the background')) throw error;
    }
  }

  get up(): DockerNode[] {
    return this.nodes.filter((node) => node.isUp);
  }

  node(name: string): DockerNode {
    const node = this.nodes.find((candidate) => candidate.name === name);
    if (node === undefined) throw new Error(`there is no node ${name}`);
    return node;
  }

  /** The leader, as soon as those that are up agree on one that is up itself. */
  leader(within = 60_000): Promise<DockerNode> {
    return until('a leader', within, async () => {
      const managers = this.up.filter((node) => this.managers.includes(node));
      const names = await Promise.all(managers.map(leaderAsSeenBy));
      const [name] = names;
      if (name === undefined || names.some((other) => other !== name)) return undefined;
      const leader = this.node(name);
      return leader.isUp ? leader : undefined;
    });
  }

  /** Waits until the leader calls every node that is up ready, and every other one down. */
  async complete(within = 90_000): Promise<void> {
    const wanted = this.nodes.map((node) => `${node.name} ${node.isUp ? 'ready' : 'down'}`).sort();
    await until(`nodes: ${wanted.join(', ')}`, within, async () => {
      const nodes = await (await this.leader()).api<SwarmNode[]>('/nodes');
      const states = nodes.map(({ Description, Status }) => `${Description.Hostname} ${Status.State}`).sort();
      return states.join() === wanted.join();
    });
  }

  /** Whether this Docker says whom an address is for: from version 29 on. What is built from sources has no number. */
  async saysWhoAsks(): Promise<boolean> {
    const { Version } = await (await this.leader()).api<{ Version: string }>('/version');
    return !(Number.parseInt(Version, 10) < 29);
  }

  /** Node names by Swarm's node IDs. */
  async names(): Promise<Map<string, string>> {
    const nodes = await (await this.leader()).api<SwarmNode[]>('/nodes');
    return new Map(nodes.map(({ ID, Description }) => [ID, Description.Hostname]));
  }
}

async function leaderAsSeenBy(node: DockerNode): Promise<string | undefined> {
  const nodes = await node.api<SwarmNode[]>('/nodes');
  return nodes.find(({ ManagerStatus }) => ManagerStatus?.Leader)?.Description.Hostname;
}
