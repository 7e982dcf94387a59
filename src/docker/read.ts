// Docker's JSON → the shapes of types.ts. Go writes unset lists and maps as null or leaves them out: both are read as empty;
// what is of another type than Docker's is read as absent, so that one odd record never hides the others.

import { dig, isObject } from '../host/json.js';
import type { Attachment, Container, Endpoint, Info, NamedEndpoint, Network, Node, Service, Task } from './shapes.js';

export function readContainer(value: unknown): Container {
  const labels = dig(value, 'Labels');
  const task = dig(labels, 'com.docker.swarm.task.id');
  const container = {
    id: text(value, 'Id'),
    name: String(list(dig(value, 'Names'))[0] ?? '').replace(/^\//, ''),
    state: text(value, 'State'),
    created: number(value, 'Created') * 1000,
    endpoints: Object.entries(record(dig(value, 'NetworkSettings', 'Networks'))).map(readEndpoint),
  };
  if (typeof task !== 'string' || task === '') return container;
  return {
    ...container,
    task: {
      id: task,
      name: text(labels, 'com.docker.swarm.task.name'),
      service: text(labels, 'com.docker.swarm.service.name'),
      serviceId: text(labels, 'com.docker.swarm.service.id'),
    },
  };
}

function readEndpoint([network, value]: [string, unknown]): Endpoint {
  const asked = dig(value, 'IPAMConfig');
  return {
    network,
    networkId: text(value, 'NetworkID'),
    asked: [text(asked, 'IPv4Address'), text(asked, 'IPv6Address')].filter(isGiven),
    addresses: [text(value, 'IPAddress'), text(value, 'GlobalIPv6Address')].filter(isGiven),
  };
}

export function readTask(value: unknown): Task {
  const attached = dig(value, 'Spec', 'NetworkAttachmentSpec', 'ContainerID');
  const container = attached ?? dig(value, 'Status', 'ContainerStatus', 'ContainerID');
  return {
    id: text(value, 'ID'),
    version: number(dig(value, 'Version'), 'Index'),
    serviceId: text(value, 'ServiceID'),
    slot: number(value, 'Slot'),
    nodeId: text(value, 'NodeID'),
    state: text(dig(value, 'Status'), 'State'),
    desiredState: text(value, 'DesiredState'),
    attachments: list(dig(value, 'NetworksAttachments')).map(readAttachment),
    attached: typeof attached === 'string',
    ...(typeof container === 'string' && container !== '' ? { container } : {}),
  };
}

function readAttachment(value: unknown): Attachment {
  const addresses = list(dig(value, 'Addresses')).filter((each) => typeof each === 'string');
  return { networkId: text(dig(value, 'Network'), 'ID'), addresses: addresses.map(bare).filter(isGiven) };
}

export function readService(value: unknown): Service {
  const mode = record(dig(value, 'Spec', 'Mode'));
  return {
    id: text(value, 'ID'),
    name: text(dig(value, 'Spec'), 'Name'),
    mode: isObject(mode.Global) || isObject(mode.GlobalJob) ? 'global' : 'replicated',
    virtual: list(dig(value, 'Endpoint', 'VirtualIPs')).map((each) => ({
      networkId: text(each, 'NetworkID'),
      address: bare(text(each, 'Addr')),
    })),
  };
}

export function readNode(value: unknown): Node {
  return {
    id: text(value, 'ID'),
    hostname: text(dig(value, 'Description'), 'Hostname'),
    state: text(dig(value, 'Status'), 'State'),
    leader: dig(value, 'ManagerStatus', 'Leader') === true,
  };
}

export function readNetwork(value: unknown): Network {
  const subnets = list(dig(value, 'IPAM', 'Config')).map((each) => {
    const gateway = bare(text(each, 'Gateway'));
    return { subnet: text(each, 'Subnet'), ...(gateway === '' ? {} : { gateway }) };
  });
  const options = Object.entries(record(dig(value, 'IPAM', 'Options')));
  return {
    id: text(value, 'Id'),
    name: text(value, 'Name'),
    scope: text(value, 'Scope'),
    driver: text(value, 'Driver'),
    ipam: text(dig(value, 'IPAM'), 'Driver'),
    ipamOptions: Object.fromEntries(options.map(([name, each]) => [name, String(each)])),
    subnets: subnets.filter(({ subnet }) => isGiven(subnet)),
  };
}

/** Containers are this node's, Services what the nodes tell each other: those without a service are under the empty name. */
export function readEndpoints(value: unknown): NamedEndpoint[] {
  const here = Object.values(record(dig(value, 'Containers'))).flatMap((each) => {
    const addresses = [bare(text(each, 'IPv4Address')), bare(text(each, 'IPv6Address'))].filter(isGiven);
    return addresses.map((address) => ({ name: text(each, 'Name'), address, here: true }));
  });
  const tasks = Object.values(record(dig(value, 'Services'))).flatMap((service) => list(dig(service, 'Tasks')));
  const heard = tasks.map((task) => ({ name: text(task, 'Name'), address: text(task, 'EndpointIP'), here: false }));
  return [...here, ...heard.filter(({ address }) => isGiven(address))];
}

export function readInfo(value: unknown): Info {
  const swarm = dig(value, 'Swarm');
  return {
    name: text(value, 'Name'),
    serverVersion: text(value, 'ServerVersion'),
    swarm: {
      nodeId: text(swarm, 'NodeID'),
      state: text(swarm, 'LocalNodeState'),
      manager: dig(swarm, 'ControlAvailable') === true,
      nodes: number(swarm, 'Nodes'),
    },
  };
}

function text(value: unknown, key: string): string {
  const found = dig(value, key);
  return typeof found === 'string' ? found : '';
}

function number(value: unknown, key: string): number {
  const found = dig(value, key);
  return typeof found === 'number' ? found : 0;
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return isObject(value) ? value : {};
}

function isGiven(value: string): boolean {
  return value !== '';
}

/** An address without the prefix length that Swarm writes behind it. */
function bare(address: string): string {
  return address.replace(/\/.*$/, '');
}
