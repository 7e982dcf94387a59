// The networks of one Docker: it asks the plugin for their pools and gateways when they are made, or when the first
// task of a swarm's network arrives, and gives them back with the last.

import type { Network } from '../../docker/shapes.js';
import type { NetworkRecord } from './records.js';
import type { PluginSocket } from './socket.js';
import type { Timeline } from './timeline.js';

const GATEWAY = { RequestAddressType: 'com.docker.network.gateway' };
const NAME = 'com.docker.network.endpoint.name';

export interface EngineNetwork {
  readonly id: string;
  readonly name: string;
  readonly cidr: string;
  readonly scope: 'swarm' | 'local';
  readonly options: Readonly<Record<string, string>>;
  /** `--ip-range`; empty: the whole subnet. */
  readonly range: string;
  pool: string;
  gateway: string;
  /** This node's end of the load balancer; empty where there is none. */
  end: string;
  users: number;
  ready: Promise<void> | undefined;
  /** Of a swarm's network. */
  readonly endOf?: EndOf;
}

/** What the leader has given the node for its end of the load balancer. */
export type EndOf = () => string | undefined;

export class EngineNetworks {
  readonly #all = new Map<string, EngineNetwork>();
  readonly #socket: PluginSocket;
  readonly #timeline: Timeline;
  readonly #names: boolean;

  constructor(socket: PluginSocket, timeline: Timeline, names: boolean) {
    this.#socket = socket;
    this.#timeline = timeline;
    this.#names = names;
  }

  named(name: string): EngineNetwork | undefined {
    return [...this.#all.values()].find((network) => network.name === name);
  }

  /** `docker network create` on this host. @throws Error in the plugin's words: what was asked for is given back */
  async create(name: string, cidr: string, options: Readonly<Record<string, string>> = {}, range = ''): Promise<void> {
    const id = this.#timeline.chance.id();
    const network: EngineNetwork = {
      ...{ id, name, cidr, options, range, scope: 'local', pool: '', gateway: '', end: '', users: 0, ready: undefined },
    };
    await this.#ask(network);
    const twin = [...this.#all.values()].find((other) => other.cidr === cidr && other.scope === 'local');
    if (twin === undefined) return void this.#all.set(id, network);
    await this.#giveBack(network); // Docker itself refuses a second bridge with one subnet
    throw new Error(`networks have overlapping IPv4: ${name} and ${twin.name}`);
  }

  async remove(name: string): Promise<void> {
    const network = this.named(name);
    if (network === undefined || network.users > 0) throw new Error('network has active endpoints');
    this.#all.delete(network.id);
    await this.#giveBack(network);
  }

  /** Dockerd starts: nobody is on a network yet, and the swarm's are made again for their first tasks. */
  begin(): void {
    for (const network of [...this.#all.values()]) {
      network.users = 0;
      network.ready = undefined;
      if (network.scope === 'swarm') this.#all.delete(network.id);
    }
  }

  /** What it had is asked for again. */
  async restore(): Promise<void> {
    for (const network of [...this.#all.values()]) {
      if (network.scope === 'swarm') continue; // tasks may have come already
      await this.#ask(network).catch(() => {}); // such a network comes up without its driver; a start asks again
    }
  }

  /** A container is to be on it. @throws Error in the plugin's words */
  async join(network: EngineNetwork): Promise<void> {
    network.users++;
    try {
      if (network.pool === '') network.ready ??= this.#ask(network);
      await network.ready;
    } catch (error) {
      network.users--;
      network.ready = undefined;
      throw error;
    }
  }

  /**
   * The first task on a swarm's network makes it here. @param endOf this node's end of its load balancer, as it is now
   */
  async joinSwarm(record: NetworkRecord, endOf: EndOf): Promise<EngineNetwork> {
    let network = this.#all.get(record.id);
    if (network === undefined) {
      const { id, name, cidr, gateway } = record;
      const none = { pool: '', end: '', users: 0, ready: undefined };
      network = { id, name, cidr, scope: 'swarm', options: {}, range: '', gateway, endOf, ...none };
      this.#all.set(id, network);
    }
    await this.join(network);
    return network;
  }

  /** The last one to leave a swarm's network ends it here. */
  async leave(network: EngineNetwork): Promise<void> {
    network.users--;
    if (network.users > 0 || network.scope === 'local' || this.#all.get(network.id) !== network) return;
    this.#all.delete(network.id);
    await this.#giveBack(network);
  }

  /** @throws Error in the plugin's words */
  async address(network: EngineNetwork, asked: string, name: string): Promise<string> {
    const Options = this.#names ? { [NAME]: name } : {};
    return this.#address(network, asked, Options);
  }

  async release({ pool }: EngineNetwork, address: string): Promise<void> {
    await this.#call('ReleaseAddress', { PoolID: pool, Address: address }).catch(() => {}); // said once
  }

  listed(records: Iterable<NetworkRecord>): Network[] {
    const known = new Map([...this.#all.values()].map((network) => [network.id, asListed(network)]));
    for (const record of records) {
      const { id, name, cidr, gateway, pool } = record;
      if (pool !== '') known.set(id, asListed({ id, name, cidr, gateway, scope: 'swarm' }));
    }
    return [...known.values()];
  }

  /** Names and addresses of the ends of load balancers here. */
  ends(): { readonly networkId: string; readonly name: string; readonly address: string }[] {
    return [...this.#all.values()]
      .filter(({ end, pool }) => end !== '' && pool !== '')
      .map(({ id, name, end }) => ({ networkId: id, name: `${name}-endpoint`, address: end }));
  }

  async #ask(network: EngineNetwork): Promise<void> {
    const answer = await this.#call('RequestPool', {
      ...{ AddressSpace: 'limpet.local', Pool: network.cidr, SubPool: network.range, Options: network.options },
    });
    const pool = String(answer.PoolID);
    const asked = { ...network, pool };
    const gateway = await this.#address(asked, network.gateway, GATEWAY);
    network.end = network.endOf?.() ?? '';
    if (network.endOf !== undefined && network.end === '') throw new Error('the node has no load balancer there');
    if (network.end !== '') {
      const name = this.#names ? { [NAME]: `${network.name}-endpoint` } : {};
      await this.#address(asked, network.end, name);
    }
    network.pool = pool;
    network.gateway = gateway;
  }

  async #giveBack(network: EngineNetwork): Promise<void> {
    const { pool, gateway, end } = network;
    network.pool = '';
    network.ready = undefined;
    if (end !== '') await this.release({ ...network, pool }, end);
    if (gateway !== '') await this.release({ ...network, pool }, gateway);
    await this.#call('ReleasePool', { PoolID: pool }).catch(() => {});
  }

  async #address({ pool }: EngineNetwork, asked: string, Options: object): Promise<string> {
    const { Address } = await this.#call('RequestAddress', { PoolID: pool, Address: asked, Options });
    return String(Address).replace(/\/\d+$/, '');
  }

  #call(call: string, request: object): Promise<Readonly<Record<string, unknown>>> {
    return this.#socket.caller.call(`IpamDriver.${call}`, request);
  }
}

function asListed({
  id,
  name,
  cidr,
  gateway,
  scope,
}: Pick<EngineNetwork, 'id' | 'name' | 'cidr' | 'gateway' | 'scope'>): Network {
  return {
    ...{ id, name, scope, driver: scope === 'swarm' ? 'overlay' : 'bridge', ipam: 'limpet:latest', ipamOptions: {} },
    isConfiguration: false,
    subnets: [gateway === '' ? { subnet: cidr } : { subnet: cidr, gateway }],
  };
}
