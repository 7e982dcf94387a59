// A service that cannot start: its image is missing, or a mount is refused. Swarm rejects each task at once, gives its
// ticket back, and keeps the record with the address, which is meant to be `ready` until its restart delay is over.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { network } from '../docker/json.js';
import { leads, type Node, type Swarm, subnet, swarm } from './nodes.js';

const CIDR = '10.77.0.0/26';
const REPLICAS = 10;

let run: Swarm;
let leader: Node;

beforeEach(async () => {
  run = await swarm(1);
  [leader] = run.nodes as [Node];
  leads(run.nodes, leader);
  leader.docker.networks = [network('web', CIDR, { gateway: '10.77.0.1' })];
  const TaskTemplate = { Networks: [{ Target: 'id-web' }] };
  const Spec = {
    Name: 'bad',
    Mode: { Replicated: { Replicas: REPLICAS } },
    EndpointSpec: { Mode: 'dnsrr' },
    TaskTemplate,
  };
  leader.docker.services = [{ ID: 'id-bad', Spec, UpdatedAt: '1970-01-01T00:00:00Z' }];
});

afterEach(() => run.stop());

test('its tickets are free again, however often it is tried', async () => {
  const G = await leader.pool('global', CIDR);
  await leader.address(G, '', { RequestAddressType: 'com.docker.network.gateway' });
  const net = subnet(run.service, CIDR);
  for (let round = 0; round < 24; round++) {
    const tickets: string[] = [];
    for (let slot = 1; slot <= REPLICAS; slot++) tickets.push(await leader.address(G));
    leader.docker.tasks = tickets.map((ticket, n) => rejected(`task-${round}-${n}`, n + 1, ticket));
    for (const ticket of tickets) await leader.release(G, ticket);
    await run.time.pass(5000);
    if (round % 6 === 5) await leader.sweep();
    assert.deepEqual([...net.held()], ['10.77.0.1'], `round ${round}`);
  }
  assert.deepEqual(
    leader.lines.filter(({ event }) => event === 'mend'),
    [],
  );
});

function rejected(ID: string, Slot: number, ticket: string): object {
  return {
    ...{ ID, Slot, ServiceID: 'id-bad', NodeID: leader.name, DesiredState: 'ready', Status: { State: 'rejected' } },
    Spec: { Networks: [{ Target: 'id-web' }] },
    UpdatedAt: new Date(run.time.now).toISOString(),
    NetworksAttachments: [{ Network: { ID: 'id-web' }, Addresses: [`${ticket}/26`] }],
  };
}
