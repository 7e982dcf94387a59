// Nodes of a swarm for tests: a driver each, with a Docker of its own, over one allocator service, in virtual time.
// What is more than one process has tests of its own: tests/etcd, tests/swarm-store, tests/simulation.

import { DockerClient } from '../../src/docker/client.js';
import { ContainerList } from '../../src/docker/container-list.js';
import { Networks } from '../../src/docker/networks.js';
import { AllocatorService, MemoryStore, type Store, type SubnetService } from '../../src/entries/service.js';
import { logTold, openLog } from '../../src/plugin/log.js';
import { Metrics } from '../../src/plugin/metrics.js';
import { DEFAULTS, parsePools } from '../../src/plugin/options.js';
import { readRequest } from '../../src/plugin/protocol.js';
import { AskedWire, type Asking } from '../../src/plugin/wire.js';
import type { Clock } from '../../src/service/index.js';
import type { Process } from '../../src/simulator/swarm/process.js';
import type { Call } from '../../src/tickets/calls.js';
import { Certainty } from '../../src/tickets/certain.js';
import type { Environment } from '../../src/tickets/environment.js';
import { Protocol } from '../../src/tickets/protocol.js';
import type { Told } from '../../src/tickets/told.js';
import { DEFAULT_WAITS, type Waits } from '../../src/tickets/waits.js';
import { type WishedAddress, WishedAddresses } from '../../src/tickets/wished.js';
import { Docker } from '../docker/docker.js';
import { info } from '../docker/json.js';
import { upToDate } from '../fresh.js';
import { Time } from './time.js';

await upToDate('core');

/** What the nodes have in common. */
interface Around {
  readonly time: Time;
  readonly service: AllocatorService;
  readonly waits: Waits;
}

export class Node {
  readonly name: string;
  readonly docker: Docker;
  readonly lines: any[] = [];
  /** Its Docker's version, for what that cannot say. */
  version = '29.7.2';
  /** The name that it had before it joined a swarm, or left one. */
  former: string | undefined;
  /** How it asks the wire, from its next restart on. */
  wire: Asking | undefined;
  /** What users wanted, as its state file has it. */
  #wished: readonly WishedAddress[] = [];
  readonly #around: Around;
  #process!: Process;
  #environment!: Environment;
  #protocol!: Protocol;

  constructor(name: string, around: Around) {
    this.name = name;
    this.docker = new Docker({ info: info(name) });
    this.#around = around;
    this.restart();
  }

  /** A new process in the place of the old one: what was only in its memory is gone. */
  restart(): void {
    this.#process?.die();
    this.#process = this.#around.time.process();
    this.#environment = this.#surroundings(this.#process.clock);
    this.#protocol = new Protocol(this.#environment, {
      part: () => ({ nodeId: this.name, manager: this.manager }),
      agreed: () => {},
      failed: () => {},
    });
  }

  get environment(): Environment {
    return this.#environment;
  }

  get isStarting() {
    const { tenants } = this.#protocol;
    return tenants.isStarting.bind(tenants);
  }

  get manager(): boolean {
    return this.docker.info.Swarm.ControlAvailable;
  }

  set manager(is: boolean) {
    this.docker.info.Swarm.ControlAvailable = is;
  }

  /** As Docker calls it. @param gone Docker has died, or does not wait any longer */
  call(call: string, request: unknown = {}, gone?: AbortSignal): Promise<any> {
    return this.raw(call, JSON.stringify(request), gone);
  }

  /** The same, with whatever for a body. */
  async raw(call: string, body: string, gone?: AbortSignal): Promise<any> {
    const name = (call === 'Activate' ? 'Plugin.Activate' : `IpamDriver.${call}`) as Call;
    return this.#around.time.until(this.#protocol.answer(name, readRequest(name, body), gone));
  }

  async pool(side: 'global' | 'local', Pool: string, more: object = {}): Promise<string> {
    return (await this.call('RequestPool', { AddressSpace: `limpet.${side}`, Pool, ...more })).PoolID;
  }

  /** The address, without its prefix length. */
  async address(PoolID: string, Address = '', Options: object | null = null): Promise<string> {
    return (await this.call('RequestAddress', { PoolID, Address, Options })).Address.replace(/\/\d+$/, '');
  }

  async release(PoolID: string, Address: string): Promise<void> {
    await this.call('ReleaseAddress', { PoolID, Address });
  }

  /** Looks at what runs here. */
  look(): Promise<void> {
    return this.#around.time.until(this.#protocol.looks.reconciler.look());
  }

  /** Looks at what the swarm has. @param as Swarm's ID of this node */
  sweep(as = this.name): Promise<void> {
    return this.#around.time.until(this.#protocol.looks.sweeper.look(as));
  }

  /** The last line of the log about an address. */
  said(address: string): any {
    return this.lines.filter((line) => line.address === address || line.ticket === address).at(-1);
  }

  #surroundings(clock: Clock): Environment {
    const { service, waits } = this.#around;
    const docker = new DockerClient(this.docker, { deadline: waits.docker, clock });
    const log = openLog('debug', { write: (line) => void this.lines.push(JSON.parse(line)) });
    const metrics = new Metrics(() => service);
    const tell = (told: Told) => {
      metrics.count(told);
      logTold(log, told);
    };
    const wished = new WishedAddresses(this.#wished, async (all) => {
      this.#wished = all;
    });
    const made: Environment = {
      clock,
      wished: () => wished,
      service: () => service,
      host: () => this.name,
      nodeOf: () => this.name,
      formerNodeOf: () => this.former,
      isManager: () => this.manager,
      dockerVersion: () => this.version,
      whoIsMeant: (said) => new Certainty(made, said),
      ...(this.wire === undefined ? {} : { wire: new AskedWire(this.wire, tell, () => this.name) }),
      docker,
      containers: new ContainerList(docker, clock),
      networks: new Networks(docker),
      tell,
      waits,
      pools: { global: parsePools(DEFAULTS.globalPools), local: parsePools(DEFAULTS.localPools) },
    };
    return made;
  }
}

export interface Swarm {
  readonly time: Time;
  readonly service: AllocatorService;
  readonly nodes: readonly Node[];
  stop(): Promise<void>;
}

/** Nodes `node-1` and on. */
export async function swarm(count: number, { store = new MemoryStore() as Store, waits = {} } = {}): Promise<Swarm> {
  const time = new Time();
  const service = await AllocatorService.open(store, { clock: time.process().clock });
  const around = { time, service, waits: { ...DEFAULT_WAITS, ...waits } };
  const nodes = Array.from({ length: count }, (_, n) => new Node(`node-${n + 1}`, around));
  return { time, service, nodes, stop: () => service.close() };
}

/** What Swarm says of its managers, on every one of them. */
export function leads(nodes: readonly Node[], leader: Node): void {
  for (const { docker } of nodes)
    docker.nodes = nodes.map((node) => ({
      ID: node.name,
      Description: { Hostname: `host of ${node.name}` },
      ManagerStatus: { Leader: node === leader },
    }));
}

export function subnet(service: AllocatorService, cidr: string, space = 'swarm'): SubnetService {
  const found = service.find(cidr, space);
  if (found === undefined) throw new Error(`no subnet ${cidr} in ${space}`);
  return found;
}
