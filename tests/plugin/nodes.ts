// Nodes of a swarm for tests: a driver each, with a Docker of its own, over one allocator service in this process.
// Memory cannot be shared between processes; what etcd adds to that has tests of its own.

import { ContainerList } from '../../src/docker/container-list.js';
import { type DockerApi, DockerodeApi } from '../../src/docker/index.js';
import { Networks } from '../../src/docker/networks.js';
import { limitOfShared } from '../../src/docker/versions.js';
import {
  AllocatorService,
  MemoryStore,
  type Store,
  type SubnetService,
  systemClock,
} from '../../src/entries/service.js';
import { logTold, openLog } from '../../src/plugin/log.js';
import { Metrics } from '../../src/plugin/metrics.js';
import { DEFAULTS, parsePools } from '../../src/plugin/options.js';
import { readRequest } from '../../src/plugin/protocol.js';
import { AskedWire, type Asking } from '../../src/plugin/wire.js';
import type { Call } from '../../src/tickets/calls.js';
import { Certainty } from '../../src/tickets/certain.js';
import type { Environment } from '../../src/tickets/environment.js';
import { Protocol } from '../../src/tickets/protocol.js';
import type { Told } from '../../src/tickets/told.js';
import type { Waits } from '../../src/tickets/waits.js';
import { upToDate } from '../fresh.js';
import { Docker, info } from './docker.js';

await upToDate('core');

export const WAITS: Waits = {
  docker: 400,
  home: 700,
  reconcile: 30_000,
  sweep: 60_000,
  store: 0,
  boot: 600,
  call: 10_000,
};

/** How far the nodes' clocks are ahead; for holds and releases to age in no time. */
export const clock = { ahead: 0 };

/** A node whose Docker is asked over its socket, or directly where a hundred thousand questions are put. */
export class Node {
  readonly name: string;
  readonly service: AllocatorService;
  readonly lines: any[] = [];
  readonly waits: Waits;
  manager = true;
  /** Its Docker's version. */
  version = '29.7.2';
  /** The name that it had before it joined a swarm, or left one. */
  former: string | undefined;
  /** How it asks the wire, from its next restart on. */
  wire: Asking | undefined;
  #protocol!: Protocol;

  readonly #docker: Docker | DockerApi;

  constructor(name: string, docker: Docker | DockerApi, service: AllocatorService, waits: Waits = WAITS) {
    this.name = name;
    this.#docker = docker;
    this.service = service;
    this.waits = waits;
    this.restart();
  }

  get docker(): Docker {
    return this.#docker as Docker;
  }

  /** A new process in the place of the old one: what was only in its memory is gone. */
  restart(): void {
    this.#protocol = new Protocol(this.#environment(), {
      part: () => ({ nodeId: this.name, manager: this.manager }),
      agreed: () => {},
      failed: () => {},
    });
  }

  get reconciler() {
    return this.#protocol.looks.reconciler;
  }

  get sweeper() {
    return this.#protocol.looks.sweeper;
  }

  get tenants() {
    return this.#protocol.tenants;
  }

  /** As Docker calls it. */
  async call(call: string, request: unknown = {}): Promise<any> {
    const name = (call === 'Activate' ? 'Plugin.Activate' : `IpamDriver.${call}`) as Call;
    return this.#protocol.answer(name, readRequest(name, JSON.stringify(request)));
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

  /** The last line of the log about an address. */
  said(address: string): any {
    return this.lines.filter((line) => line.address === address || line.ticket === address).at(-1);
  }

  #environment(): Environment {
    const docker =
      this.#docker instanceof Docker
        ? new DockerodeApi({ host: this.#docker.socket, deadline: this.waits.docker })
        : this.#docker;
    const log = openLog(this.#docker instanceof Docker ? 'debug' : 'silent', {
      write: (line) => void this.lines.push(JSON.parse(line)),
    });
    const metrics = new Metrics(() => this.service);
    const tell = (told: Told) => {
      metrics.count(told);
      logTold(log, told);
    };
    const made: Environment = {
      clock: ahead,
      service: () => this.service,
      host: () => this.name,
      nodeOf: () => this.name,
      formerNodeOf: () => this.former,
      isManager: () => this.manager,
      limitOfShared: () => limitOfShared(this.version),
      whoIsMeant: (said) => new Certainty(made, said),
      ...(this.wire === undefined ? {} : { wire: new AskedWire(this.wire, tell, () => this.name) }),
      docker,
      containers: new ContainerList(docker, ahead),
      networks: new Networks(docker),
      tell,
      waits: this.waits,
      pools: { global: parsePools(DEFAULTS.globalPools), local: parsePools(DEFAULTS.localPools) },
    };
    return made;
  }
}

export interface Swarm {
  readonly service: AllocatorService;
  readonly nodes: readonly Node[];
  stop(): Promise<void>;
}

/** Nodes `node-1` and on. */
export async function swarm(count: number, { store = new MemoryStore() as Store, waits = WAITS } = {}): Promise<Swarm> {
  clock.ahead = 0;
  const service = await AllocatorService.open(store, { clock: ahead });
  const names = Array.from({ length: count }, (_, n) => `node-${n + 1}`);
  const dockers = await Promise.all(names.map((name) => Docker.start({ info: info(name) })));
  const nodes = names.map((name, n) => new Node(name, dockers[n]!, service, waits));
  return {
    service,
    nodes,
    async stop() {
      await service.close();
      for (const docker of dockers) await docker.stop();
    },
  };
}

const ahead = {
  now: () => Date.now() + clock.ahead,
  elapsed: () => performance.now() + clock.ahead,
  after(delay: number, action: () => void) {
    const timer = setTimeout(action, Math.min(delay, 2 ** 31 - 1)).unref();
    return () => clearTimeout(timer);
  },
  sleep: systemClock.sleep,
  random: systemClock.random,
};

export function subnet(service: AllocatorService, cidr: string, space = 'swarm'): SubnetService {
  const found = service.find(cidr, space);
  if (found === undefined) throw new Error(`no subnet ${cidr} in ${space}`);
  return found;
}
