// The sticky allocator of a state made anew, as a leader would that knows only what Docker's API says: the task list,
// the services, the nodes. By the package's own rebuild, but with a hand of its own for what is held: shares no code
// with src/simulator.

import { Limpet, NETWORK, type Simulation, type State, serviceList, taskList } from './library.js';
import { hasContainer, isDead, type Observer } from './observer.js';

const limpet = await Limpet.load();

export interface Rebuilt {
  /** Identity → `live 10.0.0.3` or `reserved …`. */
  readonly bindings: Map<string, string>;
  readonly held: Set<string>;
  readonly conflicts: number;
}

export function rebuilt(state: State, { network }: Pick<Simulation, 'network'>, observer: Observer): Rebuilt {
  const net = limpet.subnet(network.subnet, { gateway: network.gateway });
  const tasks = [...state.tasks.values()];
  const alive = tasks.filter((task) => task.ticket !== undefined && !isDead(task));
  const isOwn = (task: (typeof tasks)[number]) => task.stay === 'home' && task.sticky === task.ticket;
  for (const { virtualAddress } of state.services) if (virtualAddress.sticky) net.hold(virtualAddress.sticky);
  for (const { loadBalancer } of state.nodes) if (loadBalancer.sticky) net.hold(loadBalancer.sticky);
  for (const task of alive) if (!isOwn(task)) net.hold(task.ticket as string);
  const text = taskList(state, 'sticky', network.prefix).map((task) => `${JSON.stringify(task)}\n`);
  const report = net.rebuild(text.join(''), { network: NETWORK.id, services: serviceList(state, 'sticky') });
  for (const task of alive) if (isOwn(task)) net.rehold(task.ticket as string);
  const ended = tasks.filter((task) => hasContainer(task) && observer.leaseEnded(task.node, state.time));
  for (const { identity } of ended) {
    const elsewhere = tasks.some(
      (task) =>
        task.identity === identity &&
        task.stay === 'home' &&
        hasContainer(task) &&
        !observer.leaseEnded(task.node, state.time),
    );
    if (!elsewhere && net.lookup(identity) !== undefined) net.release(identity);
  }
  // A lease outlives the leader, whatever the newest record of the slot says.
  for (const task of tasks) {
    const { identity, sticky, stay, node } = task;
    if (!hasContainer(task) || stay !== 'home' || observer.leaseEnded(node, state.time)) continue;
    if (net.lookup(identity)?.address === sticky) net.allocate(identity);
  }
  const bindings = new Map([...net.bindings()].map((one) => [one.identity, `${one.state} ${one.address}`]));
  const held = new Set(net.held());
  net.destroy();
  return { bindings, held, conflicts: report.conflicts.length };
}
