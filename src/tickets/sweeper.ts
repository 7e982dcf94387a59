// Frees what the swarm's leader was given and nobody in the swarm has: it died between the answer and its records, or a
// release got lost. Only the leader's own plugin does it, since only managers can say who has what.

import type { Network, Node, Service, Task } from '../docker/index.js';
import { ofSubnet } from '../docker/networks.js';
import { SWARM } from '../docker/spaces.js';
import { bindingStateOf } from '../docker/states.js';
import type { SubnetService } from '../service/subnet-service.js';
import { canonical } from './asker.js';
import type { Context } from './context.js';

/** Everything that the swarm's records say. */
interface Records {
  readonly networks: readonly Network[];
  readonly tasks: readonly Task[];
  readonly services: readonly Service[];
  readonly nodes: readonly Node[];
}

export class Sweeper {
  readonly #context: Context;
  /** Held addresses that nobody had at the last look, and since when: milliseconds since the epoch. */
  #unknown = new Map<string, number>();

  constructor(context: Context) {
    this.#context = context;
  }

  /** One look; does nothing unless this node leads. @throws LimpetError UNAVAILABLE */
  async look(nodeId: string): Promise<void> {
    const { docker, networks } = this.#context;
    const nodes = await docker.nodes();
    if (!nodes.some(({ id, leader }) => leader && id === nodeId)) {
      this.#unknown.clear();
      return;
    }
    const [tasks, services, all] = await Promise.all([docker.tasks(), docker.services(), networks.all()]);
    const records = { tasks, services, nodes, networks: all };
    const unknown = new Map<string, number>();
    for (const net of [...this.#context.service().subnets()])
      if (net.spec.space === SWARM) await this.#sweep(net, records, unknown);
    this.#unknown = unknown;
  }

  async #sweep(net: SubnetService, records: Records, unknown: Map<string, number>): Promise<void> {
    const ids = new Set(ofSubnet(records.networks, net.cidr).map(({ id }) => id));
    const tasks = records.tasks.filter(
      ({ state, attachments }) =>
        bindingStateOf(state) !== 'reserved' && attachments.some(({ networkId }) => ids.has(networkId)),
    );
    const waiting = withoutBalancer(net, tasks, records.nodes);
    if (waiting.length > 0) {
      const line = { event: 'sweep', subnet: net.cidr, nodes: waiting };
      this.#context.log.debug(line, 'not swept: the load balancers of these nodes have not asked for their addresses');
      return;
    }
    const known = addressesIn(ids, tasks, records);
    const { now, waits } = this.#context;
    for (const address of [...net.held()]) {
      if (known.has(address)) continue;
      const key = `${net.cidr} ${address}`;
      const since = this.#unknown.get(key) ?? now();
      if (now() - since < waits.sweep) unknown.set(key, since);
      else await this.#free(net, address);
    }
  }

  async #free(net: SubnetService, address: string): Promise<void> {
    if (address === net.spec.gateway || !(await net.unhold(address))) return;
    this.#context.metrics.swept.inc();
    const line = { event: 'sweep', subnet: net.cidr, ticket: address };
    this.#context.log.warn(line, 'unheld: no task, virtual IP, load balancer or gateway has it');
  }
}

/**
 * Nodes with a task on the network whose load balancer has not been seen here. Docker does not say which address it has for
 * it: until the node's plugin has been asked for it, it looks like a leak.
 */
function withoutBalancer(net: SubnetService, tasks: readonly Task[], nodes: readonly Node[]): string[] {
  const seen = new Set<string>();
  for (const { identity } of net.list()) {
    const node = /^@endpoint\/(.+)\/[^/]+$/.exec(identity)?.[1];
    if (node !== undefined) seen.add(node);
  }
  const needed = new Set(tasks.map(({ nodeId }) => nodeId).filter((id) => id !== ''));
  return nodes.filter(({ id, hostname }) => needed.has(id) && !seen.has(hostname)).map(({ hostname }) => hostname);
}

function addressesIn(ids: ReadonlySet<string>, tasks: readonly Task[], { networks, services }: Records): Set<string> {
  const attached = tasks.flatMap(({ attachments }) => attachments).filter(({ networkId }) => ids.has(networkId));
  const virtual = services.flatMap((service) => service.virtual).filter(({ networkId }) => ids.has(networkId));
  const gateways = networks.filter(({ id }) => ids.has(id)).flatMap(({ subnets }) => subnets);
  return new Set(
    [
      ...attached.flatMap(({ addresses }) => addresses),
      ...virtual.map(({ address }) => address),
      ...gateways.flatMap(({ gateway }) => gateway ?? []),
    ].map(canonical),
  );
}
