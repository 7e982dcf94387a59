// JSON as Docker writes it, as far as anybody here reads it.

export function info(name: string, { manager = true } = {}): any {
  return {
    Name: name,
    ServerVersion: '20.10.24',
    Swarm: { NodeID: `id-${name}`, LocalNodeState: 'active', ControlAvailable: manager, Nodes: 3 },
  };
}

export function network(
  name: string,
  subnet: string,
  { scope = 'swarm', driver = 'limpet:latest', gateway = '' } = {},
): any {
  const config = gateway === '' ? { Subnet: subnet } : { Subnet: subnet, Gateway: gateway };
  return { Id: `id-${name}`, Name: name, Scope: scope, Driver: 'overlay', IPAM: { Driver: driver, Config: [config] } };
}

interface Where {
  network?: string;
  /** What its configuration asks for: a task's ticket, or a user's `--ip`. */
  asked?: string | undefined;
  /** What it has. */
  address?: string | undefined;
  state?: string;
  created?: number;
}

const isV6 = (address: string | undefined) => address?.includes(':') === true;

/** A container as `GET /containers/json` lists it. */
export function container(
  name: string,
  { network: on = 'web', asked, address, state, created = 1e9 }: Where = {},
): any {
  const family = isV6(asked ?? address) ? 'IPv6Address' : 'IPv4Address';
  return {
    Id: `id-of-${name}`,
    Names: [`/${name}`],
    State: state ?? (address === undefined ? 'created' : 'running'),
    Created: created,
    Labels: {},
    NetworkSettings: {
      Networks: {
        [on]: {
          IPAMConfig: asked === undefined ? null : { [family]: asked },
          NetworkID: `id-${on}`,
          IPAddress: isV6(address) ? '' : (address ?? ''),
          GlobalIPv6Address: isV6(address) ? address : '',
        },
      },
    },
  };
}

/** The container of a task: `web.3.<task ID>`. */
export function taskContainer(service: string, slot: number | string, task: string, where: Where = {}): any {
  const name = `${service}.${slot}.${task}`;
  return {
    ...container(name, where),
    Labels: {
      'com.docker.swarm.task.id': task,
      'com.docker.swarm.task.name': name,
      'com.docker.swarm.service.name': service,
      'com.docker.swarm.service.id': `id-${service}`,
    },
  };
}
