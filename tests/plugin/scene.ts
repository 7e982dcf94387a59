// A swarm in which there is one of everything: tasks at both homes and none, a ticket, a load balancer's end, a
// container by hand, a pin, networks of the swarm, of one host and of IPv6. For requests that must change nothing.
import assert from 'node:assert/strict';
import { container, network, taskContainer } from '../docker/json.js';
import { type Node, type Swarm, subnet, swarm } from './nodes.js';

export const WEB = '10.77.0.0/26';
export const HOME = '10.6.0.0/28';
export const SIX = 'fd00:77::/64';
const GATEWAY = { RequestAddressType: 'com.docker.network.gateway' };
const NAME = 'com.docker.network.endpoint.name';

export class Scene {
  readonly run: Swarm;
  readonly leader: Node;
  readonly worker: Node;

  private constructor(run: Swarm) {
    this.run = run;
    [this.leader, this.worker] = run.nodes as [Node, Node];
  }

  static async make(): Promise<Scene> {
    const scene = new Scene(await swarm(2));
    await scene.#furnish();
    // By now the leader has said all that it has: what it holds beside its records is somebody's.
    await scene.run.time.pass(60_000);
    return scene;
  }

  get web() {
    return subnet(this.run.service, WEB);
  }

  /** What was so before and is no longer so. @param before `facts`, as they were then */
  lost(before: readonly string[]): string[] {
    const now = new Set(this.facts());
    return before.filter((fact) => !now.has(fact));
  }

  /** And what is so now and was not. */
  changes(before: readonly string[]): string[] {
    const then = new Set(before);
    const made = this.facts().filter((fact) => !then.has(fact));
    return [...this.lost(before).map((fact) => `- ${fact}`), ...made.map((fact) => `+ ${fact}`)];
  }

  /** Every address is in one state. */
  check(): void {
    for (const net of this.run.service.subnets()) {
      const { size, live, reserved, held, excluded, free } = net.stats;
      assert.equal(BigInt(live + reserved + held) + excluded + free, size, net.cidr);
    }
  }

  /** Whether a container of the node, or its end of a load balancer, is at the address or has it for its ticket. */
  has(node: Node, address: string): boolean {
    const ends = [...this.web.list()].filter(({ identity }) => identity.startsWith(`@endpoint/${node.name}/`));
    const shown = node.docker.containers.flatMap(({ NetworkSettings }) => Object.values<any>(NetworkSettings.Networks));
    return (
      ends.some((end) => end.address === address) ||
      shown.some(({ IPAddress, IPAMConfig }) => IPAddress === address || IPAMConfig?.IPv4Address === address)
    );
  }

  /** All that the service has, a line each. */
  facts(): string[] {
    return [...this.run.service.subnets()].flatMap((net) => {
      const about = `${net.spec.space} ${net.cidr}`;
      const bound = [...net.list()].map(({ identity, address, state, pinned }) => {
        const marks = [state, pinned && 'pinned', net.isHeld(address) && 'held'].filter(Boolean);
        return `${about}: ${identity} ${address} ${marks} ${net.lookup(identity)?.nodes}`;
      });
      const held = [...net.held()].map((address) => `${about}: ${address} held`);
      return [`${about}: ${JSON.stringify(net.spec)} of ${net.users}`, ...bound, ...held];
    });
  }

  async #furnish(): Promise<void> {
    const { leader, worker } = this;
    for (const node of [leader, worker]) node.docker.networks = [network('web', WEB, { gateway: '10.77.0.1' })];
    const G = await leader.pool('global', WEB, { Options: { 'limpet.reclaim': 'never' } });
    await leader.address(G, '10.77.0.1', GATEWAY);
    for (const node of [leader, worker]) await node.address(await node.pool('local', WEB), await leader.address(G));
    for (const [node, slot, task] of [
      [leader, 1, 'a1'],
      [worker, 2, 'a2'],
      [worker, 2, 'b2'],
      [worker, 3, 'a3'],
    ] as const)
      await this.#start(node, slot, task);
    const { address } = this.web.lookup('web.3')!;
    await worker.release(`local/swarm/${WEB}`, address);
    worker.docker.remove('web.3.a3');
    await leader.release(G, address);
    await this.web.pin('web.1', '10.77.0.50');
    await leader.address(G); // the ticket of a task that is about to come
    await leader.pool('global', SIX, { V6: true });
    leader.docker.networks.push(network('home', HOME, { scope: 'local' }));
    const own = await leader.pool('local', HOME);
    await leader.address(own, '10.6.0.1', GATEWAY);
    leader.docker.put(container('db', { network: 'home' }));
    const db = await leader.address(own, '', { [NAME]: 'db' });
    leader.docker.put(container('db', { network: 'home', address: db }));
  }

  async #start(node: Node, slot: number, task: string): Promise<void> {
    const asked = await this.leader.address(`global/swarm/${WEB}`);
    node.docker.put(taskContainer('web', slot, task, { asked }));
    const address = await node.address(`local/swarm/${WEB}`, asked);
    node.docker.put(taskContainer('web', slot, task, { asked, address }));
  }
}
