// A swarm to try the page with: what Docker would say of the classic test's swarm at its end, with Docker's own
// addresses, as GET /tasks and GET /services answer.

import { Simulation, type State, scenarios, type Task } from 'limpet/simulator';
import type { Bytes } from './intake.js';

const NETWORK = { ID: 'samplenetwork000000000000', Name: 'sample' };
const BEGINNING = Date.UTC(2026, 0, 1);

export async function sampleLists(): Promise<Bytes[]> {
  const simulation = await Simulation.open(scenarios.classic);
  const born = new Map<number, number>();
  while (!simulation.ended) {
    const { tasks, time } = await simulation.step();
    for (const [number] of tasks.entries()) if (!born.has(number)) born.set(number, time);
  }
  const { state, network } = simulation;
  await simulation.close();
  const tasks = [...state.tasks.values()].map((task) => taskRecord(task, network, born.get(task.number) ?? 0));
  return [
    { name: 'the sample’s tasks', bytes: encoded(tasks) },
    { name: 'its services', bytes: encoded(serviceRecords(state, network.prefix)) },
  ];
}

function taskRecord(task: Task, { subnet, gateway, prefix }: Simulation['network'], born: number): object {
  const { id, number, service, slot, node, state, desired, stock } = task;
  return {
    ID: id,
    Version: { Index: number + 10 },
    CreatedAt: new Date(BEGINNING + born * 1000).toISOString(),
    ServiceID: service,
    Slot: slot,
    NodeID: node,
    Status: { State: state },
    DesiredState: desired,
    NetworksAttachments: [
      {
        Network: {
          ID: NETWORK.ID,
          Spec: { Name: NETWORK.Name },
          IPAMOptions: { Configs: [{ Subnet: subnet, Gateway: gateway }] },
        },
        Addresses: stock === undefined ? [] : [`${stock}/${prefix}`],
      },
    ],
  };
}

function serviceRecords({ services }: State, prefix: number): object[] {
  return services.map(({ name, replicas, virtualAddress: { stock } }) => ({
    ID: name,
    Spec: { Name: name, Mode: { Replicated: { Replicas: replicas } } },
    Endpoint: { VirtualIPs: stock === undefined ? [] : [{ NetworkID: NETWORK.ID, Addr: `${stock}/${prefix}` }] },
  }));
}

function encoded(list: readonly object[]): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(list));
}
