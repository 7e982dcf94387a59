// The recorded swarm beside a Limpet that serves its network st1: Docker's API answers from the recording, and the
// store is what the nodes' plugins would have made of it.

import type { AllocatorService, SubnetService } from '../../src/service/index.js';
import { recordedState } from '../docker/recording.js';
import { ServedDocker } from '../docker/served.js';
import { upToDate } from '../fresh.js';
import type { Step } from '../host/recordings.js';
import { Rig } from './rig.js';

await upToDate('core');

export const CIDR = '10.77.0.0/24';

export class SwarmRig {
  readonly rig: Rig;
  readonly docker: ServedDocker;

  private constructor(rig: Rig, docker: ServedDocker) {
    this.rig = rig;
    this.docker = docker;
  }

  /** @param node whose API and plugin it is */
  static async start(step: Step = '2-drained', node = 1): Promise<SwarmRig> {
    const state = recordedState(step, node);
    state.networks.find(({ Name }) => Name === 'st1').IPAM.Driver = 'limpet:latest';
    const id = state.info.Swarm.NodeID;
    const rig = await Rig.start({ host: id, nodeOf: () => id });
    for (const { ID, Description } of state.nodes) await rig.service.introduce({ id: ID, name: Description.Hostname });
    return new SwarmRig(rig, await ServedDocker.start(state, rig.dockerSocket));
  }

  /** The ID of a node, by the name of its host; what is no host's name stays as it is. */
  id(name: string): string {
    return this.docker.nodes.find(({ Description }) => Description.Hostname === name)?.ID ?? name;
  }

  /** The running container of an identity, on whatever node. */
  container(identity: string): any {
    const all = [...this.docker.containers, ...this.docker.elsewhere];
    const found = all.find(({ State, Names }) => State === 'running' && Names[0].startsWith(`/${identity}.`));
    if (found === undefined) throw new Error(`no running container of ${identity}`);
    return found;
  }

  get service(): AllocatorService {
    return this.rig.service;
  }

  get net(): SubnetService {
    const net = this.service.find(CIDR, 'swarm');
    if (net === undefined) throw new Error(`no subnet ${CIDR}`);
    return net;
  }

  /** Everything held, bound and live as it should be. */
  async healthy(): Promise<this> {
    await this.rig.json('import', 'st1');
    for (const container of this.docker.elsewhere) {
      const endpoint = container.NetworkSettings.Networks.st1;
      if (container.State !== 'running' || endpoint === undefined) continue;
      const identity = container.Names[0].slice(1).replace(/\.[^.]+$/, '');
      await this.net.allocate(identity, { node: container.Labels['com.docker.swarm.node.id'] });
    }
    return this;
  }

  /** Another task of the slot runs beside the one that is there, as while a `start-first` update is under way. */
  beside(identity: string, ticket: string): void {
    const old = this.container(identity);
    const young = structuredClone(old);
    const before = old.Labels['com.docker.swarm.task.id'];
    const id = `${before.slice(0, -1)}0`;
    const name = old.Names[0].slice(1).replace(/[^.]+$/, id);
    young.Id = 'younger';
    young.Names = [`/${name}`];
    Object.assign(young.Labels, { 'com.docker.swarm.task.id': id, 'com.docker.swarm.task.name': name });
    young.NetworkSettings.Networks.st1.IPAddress = ticket;
    this.docker.containers.push(young);
    const task = { ...structuredClone(this.docker.tasks.find(({ ID }) => ID === before)), ID: id };
    task.Status.ContainerStatus.ContainerID = 'younger';
    task.NetworksAttachments[0].Addresses = [`${ticket}/24`];
    this.docker.tasks.push(task);
  }

  /**
   * Does what a command that mends says: Limpet's own by the command line, Docker's as Docker would with the plugin.
   */
  async mend(command: string): Promise<void> {
    const [program, ...args] = command.split(' ').map((word) => word.replace(/^'(.*)'$/, '$1'));
    if (program === 'limpet') {
      const { code, stderr } = await this.rig.limpet(...args);
      if (code !== 0) throw new Error(`${command}: ${code} ${stderr}`);
    } else if (command.startsWith('docker service update --force ')) {
      await this.#restart((identity) => identity.startsWith(`${args.at(-1)}.`));
    } else if (command.startsWith('docker restart ')) {
      await this.#restart((identity) => identity === args.at(-1));
    } else if (command.startsWith('docker rm --force ')) {
      this.docker.containers = this.docker.containers.filter(({ Id }) => !Id.startsWith(args.at(-1) as string));
    } else if (command.startsWith('docker rename ')) {
      const [, id, name] = args;
      this.docker.containers.find(({ Id }) => Id.startsWith(id as string)).Names = [`/${name}`];
      await this.rig.json('import', 'st1'); // as the plugin's next look
    } else {
      throw new Error(`what does ${command} do?`);
    }
  }

  /** As the plugin does before a start: an address that was chosen meanwhile is the home. */
  async #bringHome(identity: string): Promise<void> {
    if (!this.net.pinOf(identity)?.waits) return;
    const nodes = this.net.lookup(identity)?.nodes ?? [];
    for (const node of nodes) await this.net.release(identity, node);
    await this.net.comeHome(identity);
    for (const node of nodes) await this.net.allocate(identity, { node });
  }

  /** Every container goes to its own address, every task gets a new ticket. */
  async #restart(chosen: (identity: string) => boolean): Promise<void> {
    for (const { Names, State, NetworkSettings } of [...this.docker.containers, ...this.docker.elsewhere]) {
      const task = Names[0].slice(1).replace(/\.[0-9a-z]{25}$/, '');
      const endpoint = NetworkSettings.Networks.st1;
      if (State === 'running' && endpoint !== undefined && chosen(task)) {
        await this.#bringHome(task);
        endpoint.IPAddress = this.net.lookup(task)?.address;
      }
    }
    for (const task of this.docker.tasks) {
      const service = this.docker.services.find(({ ID }) => ID === task.ServiceID);
      const attachment = task.NetworksAttachments?.find(({ Network }: any) => Network.Spec.Name === 'st1');
      if (task.Status.State !== 'running' || attachment === undefined) continue;
      if (chosen(`${service.Spec.Name}.${task.Slot ?? task.NodeID}`))
        attachment.Addresses = [`${await this.net.holdNext()}/24`];
    }
    // The leader gives back what the tasks that have ended had.
    const used = new Set(
      this.docker.tasks.flatMap(({ NetworksAttachments = [], Status }: any) => {
        return Status.State === 'running' ? NetworksAttachments.flatMap(({ Addresses }: any) => Addresses) : [];
      }),
    );
    const virtual = this.docker.services.flatMap(({ Endpoint }) => Endpoint.VirtualIPs.map(({ Addr }: any) => Addr));
    for (const address of [...this.net.held()]) {
      if (address === '10.77.0.1' || used.has(`${address}/24`) || virtual.includes(`${address}/24`)) continue;
      await this.net.unhold(address);
    }
  }

  async stop(): Promise<void> {
    await this.docker.stop();
    await this.rig.stop();
  }
}
