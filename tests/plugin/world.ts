// A swarm as a model: what its leader has written down, what its nodes run. It asks the drivers as Docker does, answers
// their questions as Docker would, and knows what must hold whatever happens.
import assert from 'node:assert/strict';
import type { Container, DockerApi, NamedEndpoint, Network, Task } from '../../src/docker/index.js';
import { AllocatorService, MemoryStore, type SubnetService } from '../../src/entries/service.js';
import { LimpetError } from '../../src/host/errors.js';
import { upToDate } from '../fresh.js';
import { clock, Node, WAITS } from './nodes.js';

await upToDate('core');

/** Small, so that it is full now and then. */
const CIDR = '10.77.0.0/26';
const GATEWAY = '10.77.0.1';
const NETWORK = 'net-1';
const NODES = 3;

/** One task, from the leader's ticket to its end. `balancer` and `plain` containers go the same way. */
export interface Life {
  readonly id: number;
  readonly kind: 'task' | 'balancer' | 'plain';
  readonly identity: string;
  readonly name: string;
  readonly node: number;
  readonly ticket: string;
  state: 'created' | 'running' | 'ended';
  /** What its container has. */
  address?: string;
}

export class World {
  readonly service: AllocatorService;
  readonly nodes: readonly Node[];
  lives: Life[] = [];
  /** Every home, first and second: fixed by the first answer that was no guest's, since nothing here reclaims. */
  readonly homes = new Map<string, string>();
  leader = 0;
  requests = 0;
  #made = 0;
  readonly #global = `global/swarm/${CIDR}`;
  readonly #local = `local/swarm/${CIDR}`;

  private constructor(service: AllocatorService) {
    this.service = service;
    const waits = { ...WAITS, home: 0 };
    this.nodes = Array.from({ length: NODES }, (_, n) => new Node(`node-${n}`, this.#docker(n), service, waits));
  }

  static async make(): Promise<World> {
    clock.ahead = 0;
    const world = new World(await AllocatorService.open(new MemoryStore()));
    await world.#becomeLeader(0);
    return world;
  }

  get net(): SubnetService {
    return this.service.find(CIDR, 'swarm') as SubnetService;
  }

  /** The leader gets a ticket and writes the task down; its container is created on the node. */
  async schedule(kind: Life['kind'], slot: number, node: number): Promise<void> {
    if (kind === 'balancer' && this.lives.some((life) => life.kind === kind && life.node === node)) return;
    const ticket = await this.#mayBeFull(() => this.#address(this.leader, this.#global));
    if (ticket === undefined) return;
    const id = ++this.#made;
    const [identity, name] =
      kind === 'task'
        ? [`web.${slot}`, `web.${slot}.t${id}`]
        : kind === 'plain'
          ? [`db-${id}`, `db-${id}`]
          : ['', 'lb'];
    this.lives.push({ id, kind, identity, name, node, ticket, state: 'created' });
  }

  async start(life: Life): Promise<void> {
    if (life.state !== 'created') return;
    const address = await this.#address(life.node, this.#local, life.ticket);
    // Docker lost the answer and asks again.
    if (life.id % 7 === 0) assert.equal(await this.#address(life.node, this.#local, life.ticket), address);
    life.state = 'running';
    life.address = address;
    this.#judge(life, address);
  }

  async startAll(): Promise<void> {
    await Promise.all(this.lives.map((life) => this.start(life)));
  }

  async stop(life: Life): Promise<void> {
    if (life.state !== 'running') return;
    await this.#release(life.node, this.#local, life.address as string);
    life.state = 'ended';
    delete life.address;
  }

  /** The leader has heard of the end. */
  async end(life: Life): Promise<void> {
    await this.stop(life);
    await this.#release(this.leader, this.#global, life.ticket);
    this.lives = this.lives.filter((each) => each !== life);
  }

  /** A user wants this very address for a container: it is his, or the owner is named; nothing else changes. */
  async wish(address: string, node: number): Promise<void> {
    const id = ++this.#made;
    const life: Life = {
      id,
      kind: 'plain',
      identity: `ip-${id}`,
      name: `ip-${id}`,
      node,
      ticket: address,
      state: 'created',
    };
    const free = this.net.inspect(address).state === 'free';
    const accepted = await this.#refusable(() => this.#address(this.leader, this.#global, address));
    if (accepted === undefined) return assert.ok(!free, `${address} was free`);
    if (!free) {
      // Whoever has it keeps it. A user's wish for what only the leader knows is refused above, but for the first half
      // minute.
      if (this.net.inspect(address).identity === undefined) return;
      this.lives.push(life);
      const given = await this.#refusable(() => this.#address(node, this.#local, address));
      assert.equal(given, undefined, `${address} belongs to somebody`);
      this.lives.pop();
      await this.#release(this.leader, this.#global, address);
      return;
    }
    this.lives.push(life);
    await this.start(life);
    assert.equal(life.address, address);
  }

  /** The plugin's process of a node ends and comes back. */
  async restart(node: number): Promise<void> {
    this.nodes[node]!.restart();
    await this.look(node);
  }

  /** A node dies with all that runs on it: its lease runs out, Swarm gives its tasks up. */
  async lose(node: number): Promise<void> {
    const { name } = this.nodes[node]!;
    for (const { identity } of [...this.net.list()])
      if (this.net.lookup(identity)?.nodes.includes(name)) await this.net.release(identity, name);
    this.nodes[node]!.restart();
    for (const life of this.lives.filter((each) => each.node === node)) {
      life.state = 'ended';
      delete life.address;
    }
    if (this.leader === node) await this.#becomeLeader((node + 1) % NODES);
    for (const life of this.lives.filter((each) => each.node === node)) await this.end(life);
  }

  async elect(node: number): Promise<void> {
    await this.#becomeLeader(node);
  }

  async look(node: number): Promise<void> {
    clock.ahead += 11_000; // what has just left would not be looked at
    await this.nodes[node]!.reconciler.look();
  }

  async sweep(): Promise<void> {
    for (let n = 0; n < 2; n++) {
      await this.nodes[this.leader]!.sweeper.look(`node-${this.leader}`);
      clock.ahead += 61_000;
    }
  }

  /** A release that comes late, from a node that has nothing at this address. */
  async lateRelease(address: string, node: number): Promise<void> {
    const has = this.lives.some((life) => life.node === node && (life.address === address || life.ticket === address));
    if (!has) await this.#release(node, this.#local, address);
  }

  /** Anything at all: refused in words, and nothing has changed. */
  async noise(call: string, request: unknown, node: number): Promise<void> {
    const before = this.#picture();
    const refused = await this.#refusable(() => this.#call(node, call, request));
    if (refused === undefined) assert.equal(this.#picture(), before);
  }

  check(): void {
    const { size, live, reserved, held, excluded, free } = this.net.stats;
    assert.equal(BigInt(live + reserved + held) + excluded + free, size, 'every address is in one state');
    const bindings = [...this.net.list()];
    assert.equal(new Set(bindings.map(({ address }) => address)).size, bindings.length, 'no address is bound twice');
    assert.equal(new Set(bindings.map(({ identity }) => identity)).size, bindings.length, 'no identity is bound twice');
    for (const [identity, home] of this.homes)
      assert.equal(this.net.lookup(identity)?.address, home, `${identity} is sticky`);
    const used = new Map<string, Life>([[GATEWAY, {} as Life]]);
    for (const life of this.lives) this.#checkLife(life, used);
  }

  #checkLife(life: Life, used: Map<string, Life>): void {
    const { state } = this.net.inspect(life.ticket);
    assert.ok(state !== 'free', `the ticket ${life.ticket} of ${life.name} is ${state}`);
    if (life.address === undefined) return;
    const other = used.get(life.address);
    assert.equal(other, undefined, `${life.address} is shared by ${life.name} and ${other?.name}`);
    used.set(life.address, life);
    const { identity = '', state: now } = this.net.inspect(life.address);
    assert.equal(now, 'live', `${life.name} runs at ${life.address}, which is ${now}`);
    assert.deepEqual(this.net.lookup(identity)?.nodes, [`node-${life.node}`]);
  }

  #judge(life: Life, address: string): void {
    const { identity } = this.net.inspect(address);
    if (life.kind === 'balancer') assert.equal(address, life.ticket, "a balancer's end gets what Swarm has for it");
    else if (identity === life.identity || identity === `@second/${life.identity}`) {
      this.homes.set(identity, this.homes.get(identity) ?? address);
      assert.equal(address, this.homes.get(identity), `${identity} comes home`);
      if (identity !== life.identity) this.#isTaken(life, life.identity);
    } else {
      assert.equal(identity, `@guest/${life.ticket}`);
      assert.equal(address, life.ticket);
      for (const home of [life.identity, `@second/${life.identity}`]) this.#isTaken(life, home);
    }
  }

  #isTaken(life: Life, home: string): void {
    const others = this.lives.filter((other) => other !== life);
    const atHome = others.some(({ state, address }) => state === 'running' && address === this.homes.get(home));
    const starting = others.some(({ identity, state }) => identity === life.identity && state !== 'ended');
    assert.ok(atHome || starting, `${life.name} is not at ${home} though nobody is there`);
  }

  async #becomeLeader(node: number): Promise<void> {
    this.leader = node;
    await this.#call(node, 'RequestPool', {
      AddressSpace: 'limpet.global',
      Pool: CIDR,
      Options: { 'limpet.reclaim': 'never' },
    });
    const options = { RequestAddressType: 'com.docker.network.gateway' };
    assert.equal(await this.#address(node, this.#global, GATEWAY, options), GATEWAY);
    for (const { ticket } of this.lives) assert.equal(await this.#address(node, this.#global, ticket), ticket);
  }

  async #address(node: number, PoolID: string, Address = '', Options: object = {}): Promise<string> {
    const { Address: answer } = await this.#call(node, 'RequestAddress', { PoolID, Address, Options });
    assert.ok(answer.endsWith('/26'));
    return answer.slice(0, -3);
  }

  async #release(node: number, PoolID: string, Address: string): Promise<void> {
    await this.#call(node, 'ReleaseAddress', { PoolID, Address });
  }

  #call(node: number, call: string, request: unknown): Promise<any> {
    this.requests++;
    return this.nodes[node]!.call(call, request);
  }

  async #mayBeFull<T>(action: () => Promise<T>): Promise<T | undefined> {
    try {
      return await action();
    } catch (error) {
      if (!(error instanceof LimpetError) || error.code !== 'FULL') throw error;
      assert.equal(this.net.stats.free, 0n, error.message);
      return undefined;
    }
  }

  async #refusable<T>(action: () => Promise<T>): Promise<T | undefined> {
    try {
      return await action();
    } catch (error) {
      if (error instanceof LimpetError && error.message !== '') return undefined;
      throw error;
    }
  }

  #picture(): string {
    return JSON.stringify([[...this.net.list()], [...this.net.held()]]);
  }

  #docker(node: number): DockerApi {
    return {
      name: `docker-${node}`,
      containers: async () =>
        this.lives.filter((life) => life.node === node && life.kind !== 'balancer').map(containerOf),
      networks: async () => [NET],
      info: async () => ({
        name: `node-${node}`,
        serverVersion: '20.10.24',
        swarm: { nodeId: `node-${node}`, state: 'active', manager: true, nodes: NODES },
      }),
      tasks: async () => this.lives.filter(({ kind }) => kind === 'task' || kind === 'plain').map(taskOf),
      // What Docker does not tell of, the balancers' tickets, the model has written down as a virtual IP.
      services: async () => [{ id: 's', name: 'web', mode: 'replicated', virtual: this.#virtual(), ...LONG_AGO }],
      endpoints: async () => this.#ends(node),
      nodes: async () =>
        this.nodes.map((_, n) => ({
          id: `node-${n}`,
          hostname: `host-${n}`,
          state: 'ready',
          address: '',
          leader: n === this.leader,
        })),
    };
  }

  /** The load balancer's end of the network on a node, while it is there. */
  #ends(node: number): NamedEndpoint[] {
    const ends = this.lives.filter(({ kind, node: where }) => kind === 'balancer' && where === node);
    return ends.flatMap(({ address }) =>
      address === undefined ? [] : [{ name: `${NET.name}-endpoint`, address, here: true }],
    );
  }

  #virtual() {
    const balancers = this.lives.filter(({ kind }) => kind === 'balancer');
    return balancers.map(({ ticket }) => ({ networkId: NETWORK, address: ticket }));
  }
}

const LONG_AGO = { wantsVirtual: true, networks: [NETWORK], updatedAt: 0 };

const NET: Network = {
  id: NETWORK,
  name: 'web',
  scope: 'swarm',
  driver: 'overlay',
  ipam: 'limpet:latest',
  ipamOptions: {},
  isConfiguration: false,
  subnets: [{ subnet: CIDR, gateway: GATEWAY }],
};

function containerOf(life: Life): Container {
  const { id, kind, name, state, ticket, address } = life;
  const addresses = address === undefined ? [] : [address];
  const endpoint = { network: 'web', networkId: NETWORK, asked: [ticket], addresses };
  const base = {
    id: String(id),
    name,
    state: state === 'ended' ? 'exited' : state,
    created: id * 1000,
    endpoints: [endpoint],
  };
  if (kind === 'plain') return base;
  return { ...base, task: { id: `t${id}`, name, service: 'web', serviceId: 's' } };
}

function taskOf({ id, node, ticket, kind, identity }: Life): Task {
  return {
    id: `t${id}`,
    version: 1,
    serviceId: kind === 'task' ? 's' : '',
    slot: Number(/\d+$/.exec(identity)?.[0]),
    nodeId: `node-${node}`,
    state: 'running',
    desiredState: 'running',
    attachments: [{ networkId: NETWORK, addresses: [ticket] }],
    attached: kind === 'plain',
    networks: [NETWORK],
    updatedAt: 0,
  };
}
