// etcd on machines of its own, one member each, so that a member can be killed and the whole cluster cut off the
// network.
import type { Machine, Service } from './machine.js';

const CLIENT = 2379;
const PEER = 2380;
// Node, because Debian's static busybox dies of its own wget.
const ASK = `fetch(process.argv[1], { signal: AbortSignal.timeout(2000) }).then(async (answer) => {
  if (!answer.ok) throw new Error(await answer.text());
})`;

export class EtcdCluster {
  readonly members: readonly EtcdMember[];

  private constructor(members: readonly EtcdMember[]) {
    this.members = members;
  }

  /** Starts a member on every machine; answers when all are healthy. */
  static async make(machines: readonly Machine[]): Promise<EtcdCluster> {
    const initial = machines.map(({ name, address }) => `${name}=http://${address}:${PEER}`).join(',');
    const cluster = new EtcdCluster(machines.map((machine) => new EtcdMember(machine, initial)));
    for (const member of cluster.members) await member.launch();
    await cluster.healthy();
    return cluster;
  }

  /** For LIMPET_STORE. */
  get url(): string {
    return `etcd://${this.members.map(({ machine }) => `${machine.address}:${CLIENT}`).join(',')}`;
  }

  /** Every member's machine is switched off: who asks etcd gets no answer at all. */
  async halt(): Promise<void> {
    await Promise.all(this.members.map((member) => member.halt()));
  }

  /** Starts all members over what is on their disks. */
  async launch(): Promise<void> {
    await Promise.all(this.members.map((member) => member.launch()));
    await this.healthy();
  }

  async healthy(): Promise<void> {
    await Promise.all(this.members.map((member) => member.healthy()));
  }
}

export class EtcdMember {
  readonly machine: Machine;
  readonly #initial: string;
  #service: Service | undefined;

  constructor(machine: Machine, initial: string) {
    this.machine = machine;
    this.#initial = initial;
  }

  /** Starts it, also again, over what is on its disk. */
  async launch(): Promise<void> {
    if (!this.machine.isUp) await this.machine.boot();
    const { name, address, disk } = this.machine;
    const client = `http://${address}:${CLIENT}`;
    const peer = `http://${address}:${PEER}`;
    this.#service = this.machine.start(
      'etcd.log',
      ...(['etcd', '--name', name, '--data-dir', `${disk}/data`, '--logger', 'zap', '--log-level', 'warn'] as const),
      ...['--listen-client-urls', client, '--advertise-client-urls', client],
      ...['--listen-peer-urls', peer, '--initial-advertise-peer-urls', peer],
      ...['--initial-cluster', this.#initial, '--initial-cluster-state', 'new'],
    );
  }

  /** Waits until it answers that the cluster has a leader. */
  async healthy(): Promise<void> {
    const url = `http://${this.machine.address}:${CLIENT}/health`;
    await this.#service?.ready(30_000, () => this.machine.run(process.execPath, '-e', ASK, url));
  }

  halt(): Promise<void> {
    return this.machine.halt();
  }
}
