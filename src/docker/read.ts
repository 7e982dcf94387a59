// Docker's JSON → the shapes of shapes.ts, read with zod. Go writes unset lists and maps as null or leaves them out:
// both are read as empty. What is of another type than Docker's is read as absent, so that one odd record never hides
// the others.
//
// Containers are read by hand, by the same rules: their list is read at every call of Docker's, and zod takes three
// times as long.

import { z } from 'zod';
import { isObject, type Json } from '../host/json.js';
import { labelsOf } from './choices.js';
import type { Attachment, Container, Endpoint, Info, NamedEndpoint, Network, Node, Service, Task } from './shapes.js';

// Each leaf is one step of zod's, and none can fail.
export const text = z.transform(textIn);
export const count = z.transform(countIn);
export const yes = z.transform((value) => value === true);
const texts = z.transform(textsIn);
/** An address without the prefix length that Swarm writes behind it. */
const address = z.transform((value) => (typeof value === 'string' ? value.replace(/\/.*$/, '') : ''));

/** Milliseconds since the epoch. What is no time may have been just now. */
const time = z.transform((value) => {
  const read = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return Number.isNaN(read) ? Number.POSITIVE_INFINITY : read;
});

/** An object of which every field can be missing, and the object too. */
export function objectOf<S extends z.ZodRawShape>(shape: S) {
  return z.preprocess(mapIn, z.object(shape));
}

export function listOf<S extends z.ZodType>(each: S) {
  return z.preprocess((value) => (Array.isArray(value) ? value : []), z.array(each));
}

/** A map by name. Not `z.record`, which leaves out what is called `__proto__`. */
function mapOf<S extends z.ZodType>(each: S) {
  return z.transform((value) =>
    Object.entries(mapIn(value)).map(([name, entry]): [string, z.output<S>] => [name, each.parse(entry)]),
  );
}

const LABEL = {
  id: 'com.docker.swarm.task.id',
  name: 'com.docker.swarm.task.name',
  service: 'com.docker.swarm.service.name',
  serviceId: 'com.docker.swarm.service.id',
  project: 'com.docker.compose.project',
  oneOff: 'com.docker.compose.oneoff',
} as const;

export function readContainer(value: unknown): Container {
  const { Id, Names, State, Created, Labels, NetworkSettings } = mapIn(value);
  const given = mapIn(Labels);
  const labels = labelsOf(given);
  const isOneOff = textIn(given[LABEL.oneOff]) === 'True'; // of `docker compose run`
  const project = isOneOff ? '' : textIn(given[LABEL.project]);
  const task = readLabelledTask(given);
  return {
    id: textIn(Id),
    name: nameIn(textsIn(Names)),
    state: textIn(State),
    created: countIn(Created) * 1000,
    endpoints: Object.entries(mapIn(mapIn(NetworkSettings).Networks)).map(readEndpoint),
    ...(labels === undefined ? {} : { labels }),
    ...(project === '' ? {} : { project }),
    ...(task === undefined ? {} : { task }),
  };
}

/** Names are sorted, and `/app/db` among them is what the container `app` calls it that is linked to it. */
function nameIn(names: readonly string[]): string {
  return (names.find((name) => name.lastIndexOf('/') <= 0) ?? names[0] ?? '').replace(/^\//, '');
}

function readLabelledTask(labels: Json): Container['task'] {
  const id = textIn(labels[LABEL.id]);
  if (id === '') return undefined;
  const [name, service, serviceId] = [LABEL.name, LABEL.service, LABEL.serviceId];
  return { id, name: textIn(labels[name]), service: textIn(labels[service]), serviceId: textIn(labels[serviceId]) };
}

function readEndpoint([network, value]: [string, unknown]): Endpoint {
  const { NetworkID, IPAMConfig, IPAddress, GlobalIPv6Address } = mapIn(value);
  const { IPv4Address, IPv6Address } = mapIn(IPAMConfig);
  return {
    network,
    networkId: textIn(NetworkID),
    asked: [IPv4Address, IPv6Address].filter(isText),
    addresses: [IPAddress, GlobalIPv6Address].filter(isText),
  };
}

const targets = listOf(objectOf({ Target: text }));

function idsOf(networks: z.output<typeof targets>): string[] {
  return networks.map(({ Target }) => Target).filter(isGiven);
}

const task = objectOf({
  ID: text,
  UpdatedAt: time,
  Version: objectOf({ Index: count }),
  ServiceID: text,
  Slot: count,
  NodeID: text,
  Status: objectOf({ State: text, ContainerStatus: objectOf({ ContainerID: text }) }),
  DesiredState: text,
  Spec: objectOf({
    Networks: targets,
    NetworkAttachmentSpec: z.object({ ContainerID: z.string() }).optional().catch(undefined),
  }),
  NetworksAttachments: listOf(objectOf({ Network: objectOf({ ID: text }), Addresses: texts })),
});

export function readTask(value: unknown): Task {
  const { Status, Spec, ...read } = task.parse(value);
  const attached = Spec.NetworkAttachmentSpec?.ContainerID;
  const id = attached ?? Status.ContainerStatus.ContainerID;
  return {
    id: read.ID,
    version: read.Version.Index,
    serviceId: read.ServiceID,
    slot: read.Slot,
    nodeId: read.NodeID,
    state: Status.State,
    desiredState: read.DesiredState,
    attachments: read.NetworksAttachments.map(
      ({ Network, Addresses }): Attachment => ({
        networkId: Network.ID,
        addresses: Addresses.map((each) => address.parse(each)).filter(isGiven),
      }),
    ),
    networks: idsOf(Spec.Networks),
    updatedAt: read.UpdatedAt,
    attached: attached !== undefined,
    ...(id === '' ? {} : { container: id }),
  };
}

const mode = z.looseObject({}).optional().catch(undefined);
const service = objectOf({
  ID: text,
  UpdatedAt: time,
  Spec: objectOf({
    Name: text,
    Mode: objectOf({ Global: mode, GlobalJob: mode, ReplicatedJob: mode }),
    EndpointSpec: objectOf({ Mode: text }),
    Networks: targets,
    TaskTemplate: objectOf({ Networks: targets }),
  }),
  Endpoint: objectOf({ VirtualIPs: listOf(objectOf({ NetworkID: text, Addr: address })) }),
});

export function readService(value: unknown): Service {
  const { ID, Spec, Endpoint, UpdatedAt } = service.parse(value);
  const { Global, GlobalJob, ReplicatedJob } = Spec.Mode;
  return {
    id: ID,
    name: Spec.Name,
    mode:
      (Global ?? GlobalJob) !== undefined ? 'global' : ReplicatedJob !== undefined ? 'replicated job' : 'replicated',
    virtual: Endpoint.VirtualIPs.map(({ NetworkID, Addr }) => ({ networkId: NetworkID, address: Addr })),
    wantsVirtual: Spec.EndpointSpec.Mode !== 'dnsrr',
    networks: [...new Set([...idsOf(Spec.TaskTemplate.Networks), ...idsOf(Spec.Networks)])],
    updatedAt: UpdatedAt,
  };
}

const node = objectOf({
  ID: text,
  Description: objectOf({ Hostname: text }),
  Status: objectOf({ State: text, Addr: text }),
  ManagerStatus: objectOf({ Leader: yes }),
});

export function readNode(value: unknown): Node {
  const { ID, Description, Status, ManagerStatus } = node.parse(value);
  const { State: state, Addr: address } = Status;
  return { id: ID, hostname: Description.Hostname, state, address, leader: ManagerStatus.Leader };
}

const network = objectOf({
  Id: text,
  Name: text,
  Scope: text,
  Driver: text,
  ConfigOnly: yes,
  IPAM: objectOf({
    Driver: text,
    Config: listOf(objectOf({ Subnet: text, Gateway: address })),
    Options: mapOf(text),
  }),
});

export function readNetwork(value: unknown): Network {
  const { Id, Name, Scope, Driver, ConfigOnly, IPAM } = network.parse(value);
  return {
    id: Id,
    name: Name,
    scope: Scope,
    driver: Driver,
    isConfiguration: ConfigOnly,
    ipam: IPAM.Driver,
    ipamOptions: Object.fromEntries(IPAM.Options),
    subnets: IPAM.Config.filter(({ Subnet }) => isGiven(Subnet)).map(({ Subnet, Gateway }) => ({
      subnet: Subnet,
      ...(Gateway === '' ? {} : { gateway: Gateway }),
    })),
  };
}

const endpoints = objectOf({
  Containers: mapOf(objectOf({ Name: text, IPv4Address: address, IPv6Address: address })),
  Services: mapOf(objectOf({ Tasks: listOf(objectOf({ Name: text, EndpointIP: text })) })),
});

/**
 * Containers are this node's, Services what the nodes tell each other: those without a service are under the empty
 * name.
 */
export function readEndpoints(value: unknown): NamedEndpoint[] {
  const { Containers, Services } = endpoints.parse(value);
  const here = Containers.flatMap(([, { Name, IPv4Address, IPv6Address }]) =>
    [IPv4Address, IPv6Address].map((each) => ({ name: Name, address: each, here: true })),
  );
  const heard = Services.flatMap(([, { Tasks }]) =>
    Tasks.map(({ Name, EndpointIP }) => ({ name: Name, address: EndpointIP, here: false })),
  );
  return [...here, ...heard].filter((each) => isGiven(each.address));
}

const info = objectOf({
  Name: text,
  ServerVersion: text,
  Swarm: objectOf({ NodeID: text, LocalNodeState: text, ControlAvailable: yes, Nodes: count }),
});

export function readInfo(value: unknown): Info {
  const { Name, ServerVersion, Swarm } = info.parse(value);
  return {
    name: Name,
    serverVersion: ServerVersion,
    swarm: {
      nodeId: Swarm.NodeID,
      state: Swarm.LocalNodeState,
      manager: Swarm.ControlAvailable,
      nodes: Swarm.Nodes,
    },
  };
}

function isGiven(value: string): boolean {
  return value !== '';
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function textIn(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function textsIn(value: unknown): string[] {
  return Array.isArray(value) ? value.filter(isText) : [];
}

function countIn(value: unknown): number {
  return typeof value === 'number' ? value : 0;
}

function mapIn(value: unknown): Json {
  return isObject(value) ? value : {};
}
