// What the steps act on: two overlay networks, one of Limpet's and one of Docker's own IPAM, and every service twice,
// once on each, so that the same thing happens to both.
import { type Picture, pictureOf } from './picture.js';
import { DRIVER } from './plugin.js';
import type { DockerNode } from './rig/docker-node.js';
import { IMAGE, STAY } from './rig/image.js';
import type { Rig } from './rig/rig.js';
import type { Swarm } from './rig/swarm.js';
import { type Replica, running, settled } from './services.js';

export interface Net {
  readonly name: string;
  /** What its addresses begin with. */
  readonly prefix: string;
}

/** A service and the one like it on Docker's own IPAM. */
export interface Twins {
  readonly limpet: string;
  readonly stock: string;
}

export interface Pictures {
  readonly limpet: Picture;
  readonly stock: Picture;
}

export class World {
  readonly rig: Rig;
  readonly say: (line: string) => void;
  readonly sticky: Net = { name: 'sticky', prefix: '10.77.0.' };
  readonly stock: Net = { name: 'stock', prefix: '10.78.0.' };
  /** A macvlan network on all nodes, of the steps that make one. */
  readonly lan: Net = { name: 'lan', prefix: '10.79.0.' };
  /** The address that each replica on Limpet's network was first seen with. */
  readonly homes = new Map<string, string>();
  readonly #twins = new Map<string, Twins>();

  constructor(rig: Rig, say: (line: string) => void) {
    this.rig = rig;
    this.say = say;
  }

  get swarm(): Swarm {
    return this.rig.swarm;
  }

  /** The services that every step's table and checks are about. */
  get twins(): Twins[] {
    return [...this.#twins.values()];
  }

  /** Docker's CLI on the leader. */
  async docker(...args: string[]): Promise<string> {
    return (await this.swarm.leader()).docker(args, { timeout: 180_000 });
  }

  async makeNetworks(): Promise<void> {
    const create = ['network', 'create', '--driver', 'overlay', '--attachable'];
    await this.docker(...create, '--ipam-driver', DRIVER, '--subnet', '10.77.0.0/24', this.sticky.name);
    await this.docker(...create, '--subnet', '10.78.0.0/24', this.stock.name);
  }

  /** Creates a service on both networks, and waits for neither. */
  async create(name: string, ...options: string[]): Promise<Twins> {
    const twins = { limpet: name, stock: `${name}-stock` };
    await Promise.all([
      this.createAlone(twins.limpet, this.sticky.name, ...options),
      this.createAlone(twins.stock, this.stock.name, ...options),
    ]);
    this.#twins.set(name, twins);
    return twins;
  }

  /** The service of ten replicas that most steps play with; made when it is first asked for. */
  async web(): Promise<Twins> {
    const made = this.#twins.get('web');
    if (made !== undefined) return made;
    const twins = await this.create('web', '--replicas', '10', '--update-parallelism', '5', '--update-monitor', '1s');
    await this.settle();
    return twins;
  }

  /** Runs `docker service ...` for both twins, and waits for neither. */
  async both(twins: Twins, ...args: string[]): Promise<void> {
    const [command, ...options] = args as [string, ...string[]];
    const names = [twins.limpet, twins.stock];
    await Promise.all(
      names.map((name) =>
        command === 'scale'
          ? this.docker('service', 'scale', '--detach', `${name}=${options[0]}`)
          : this.docker('service', command, ...options, name),
      ),
    );
  }

  find(name: string): Twins | undefined {
    return this.#twins.get(name);
  }

  async remove(twins: Twins): Promise<void> {
    await this.both(twins, 'rm');
    this.#twins.delete(twins.limpet);
  }

  /** A node that does not lead and has containers of the service; the leader when no other has. */
  async worker({ limpet }: Twins): Promise<DockerNode> {
    const leader = await this.swarm.leader();
    const hosts = (await running(this.swarm, limpet)).map(({ node }) => node);
    const node = hosts.find((host) => host !== leader) ?? hosts[0];
    if (node === undefined) throw new Error(`no node has containers of ${limpet}`);
    return node;
  }

  /** Kills a container of each twin, Limpet's on that node; Swarm starts others. */
  async killOne({ limpet, stock }: Twins, node: DockerNode): Promise<void> {
    const victims = [
      (await running(this.swarm, limpet)).find((replica) => replica.node === node),
      (await running(this.swarm, stock))[0],
    ];
    for (const victim of victims) {
      if (victim === undefined) throw new Error(`no container to kill on ${node.name}`);
      await victim.node.docker(['kill', victim.container]);
    }
  }

  async drain(node: DockerNode): Promise<void> {
    await this.docker('node', 'update', '--availability', 'drain', node.name);
  }

  async activateAll(): Promise<void> {
    for (const { name } of this.swarm.nodes) await this.docker('node', 'update', '--availability', 'active', name);
  }

  /** Waits until all services run as they should. */
  async settle(within = 150_000): Promise<Map<string, Replica[]>> {
    const names = this.twins.flatMap(({ limpet, stock }) => [limpet, stock]);
    const found = await Promise.all(
      names.map(async (name) => [name, await settled(this.swarm, name, within)] as const),
    );
    return new Map(found);
  }

  /** Asks every container for its address, when all has settled. */
  async look(): Promise<Pictures> {
    const replicas = await this.settle();
    const on = ({ prefix }: Net, of: (twins: Twins) => string) =>
      pictureOf(
        this.twins.flatMap((twins) => replicas.get(of(twins)) ?? []),
        prefix,
      );
    const [limpet, stock] = await Promise.all([
      on(this.sticky, (twins) => twins.limpet),
      on(this.stock, (twins) => twins.stock),
    ]);
    for (const { identity, address } of limpet.values()) {
      if (!this.homes.has(identity)) this.homes.set(identity, address);
    }
    return { limpet, stock };
  }

  /** Creates a service on one network, which the steps' table says nothing of. */
  async createAlone(name: string, network: string, ...options: string[]): Promise<void> {
    const flags = ['--detach', '--quiet', '--no-resolve-image', '--name', name, '--network', network];
    await this.docker('service', 'create', ...flags, '--restart-delay', '1s', ...options, IMAGE, ...STAY);
  }
}
