// The simulated swarm in Docker's own JSON, as GET /tasks and GET /services answer it: what `limpet rebuild` reads, and
// what the simulator's own leaders rebuild from. Only that way: reading a real swarm's answers is src/docker's affair.

import type { Service, State, SwarmNode, Task } from './types.js';

/** The network's ID and name in the lists. */
export const NETWORK = { id: 'simulatednetwork000000000', name: 'simulated' } as const;

/**
 * Which addresses the tasks' records show: `stock`, Docker's own; `tickets`, as Swarm's records have them on a network
 * that Limpet serves; `sticky`, the containers' own addresses there, which only the nodes can tell. A task that is a
 * guest shows none in `sticky`: its address tells nothing of its identity's own.
 */
export type ListView = 'stock' | 'tickets' | 'sticky';

type Listed = Pick<State, 'services' | 'nodes'> & { readonly tasks: { values(): Iterable<Task> } };

/** GET /tasks. Records that JSON can hold, in the order in which the tasks were created. */
export function taskList({ tasks }: Pick<Listed, 'tasks'>, view: ListView, prefix = 24): object[] {
  return Array.from(tasks.values(), (task) => taskRecord(task, view, prefix));
}

/** GET /services. */
export function serviceList({ services }: Pick<Listed, 'services'>, view: ListView, prefix = 24): object[] {
  return services.map((service) => serviceRecord(service, view, prefix));
}

/** GET /nodes, as far as the simulation knows them. */
export function nodeList({ nodes, leader }: Pick<State, 'nodes' | 'leader'>): object[] {
  return nodes.map((node) => nodeRecord(node, leader));
}

function taskRecord(task: Task, view: ListView, prefix: number): object {
  const address = addressIn(task, view);
  return {
    ID: task.id,
    Version: { Index: task.version },
    CreatedAt: timestamp(task.createdAt),
    UpdatedAt: timestamp(task.updatedAt),
    ServiceID: task.serviceId,
    ...(task.slot > 0 ? { Slot: task.slot } : {}),
    ...(task.node === undefined ? {} : { NodeID: task.node }),
    Status: { Timestamp: timestamp(task.updatedAt), State: task.state, Message: task.message },
    DesiredState: task.desired,
    NetworksAttachments: [
      {
        Network: { ID: NETWORK.id, Spec: { Name: NETWORK.name } },
        ...(address === undefined ? {} : { Addresses: [`${address}/${prefix}`] }),
      },
    ],
  };
}

function addressIn(task: Task, view: ListView): string | undefined {
  if (view === 'stock') return task.stock;
  if (view === 'tickets') return task.ticket;
  return task.stay === 'guest' ? undefined : task.sticky;
}

function serviceRecord({ id, name, mode, replicas, virtualAddress }: Service, view: ListView, prefix: number): object {
  const address = view === 'stock' ? virtualAddress.stock : virtualAddress.sticky;
  const virtual = address === undefined ? [] : [{ NetworkID: NETWORK.id, Addr: `${address}/${prefix}` }];
  return {
    ID: id,
    Spec: { Name: name, Mode: mode === 'global' ? { Global: {} } : { Replicated: { Replicas: replicas } } },
    Endpoint: { VirtualIPs: virtual },
  };
}

function nodeRecord({ name, role, availability, status }: SwarmNode, leader: string | undefined): object {
  const manager = role === 'manager' ? { ManagerStatus: { Leader: name === leader } } : {};
  return {
    ID: name,
    Spec: { Role: role, Availability: availability },
    Description: { Hostname: name },
    Status: { State: status === 'down' ? 'down' : 'ready' },
    ...manager,
  };
}

/** A simulated second, as Docker writes times; the simulation begins with the year 2026. */
function timestamp(second: number): string {
  const days = Math.floor(second / 86_400);
  const [year, month, day] = dateOf(days);
  const two = (value: number) => String(value).padStart(2, '0');
  const clock = [Math.floor(second / 3600) % 24, Math.floor(second / 60) % 60, second % 60].map(two).join(':');
  return `${year}-${two(month)}-${two(day)}T${clock}Z`;
}

function dateOf(days: number): [year: number, month: number, day: number] {
  let year = 2026;
  let left = days;
  const isLeap = () => (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  for (; left >= (isLeap() ? 366 : 365); year++) left -= isLeap() ? 366 : 365;
  const lengths = [31, isLeap() ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
  let month = 0;
  for (; left >= (lengths[month] as number); month++) left -= lengths[month] as number;
  return [year, month + 1, left + 1];
}
