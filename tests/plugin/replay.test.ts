// The recorded traffic of a real swarm, all three nodes of it, against three of our drivers over one store: what Docker
// asked, in the order it asked. Tickets are ours, so they can differ; who comes home, and that nobody shares, may not.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, test } from 'node:test';
import { info, network, taskContainer } from '../docker/json.js';
import { recordedContainers } from '../docker/recording.js';
import { type Node, subnet, swarm } from './nodes.js';

const CIDR = '10.77.0.0/24';
const SPACES: Record<string, string> = { G: 'global', L: 'local' };
const LOST = 'node-1';

interface Call {
  readonly at: string;
  readonly node: number;
  readonly call: string;
  readonly request: any;
  readonly response: any;
}

const calls: Call[] = [];
for (const node of [1, 2, 3]) {
  const text = await readFile(new URL(`../fixtures/swarm/traffic-node-${node}.jsonl`, import.meta.url), 'utf8');
  for (const line of text.trim().split('\n')) calls.push({ node: node - 1, ...JSON.parse(line) });
}
calls.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));

/** Whose address is whose, as the recorded containers of all three steps show. */
const owners = new Map<string, { service: string; slot: string }>();
for (const [step, nodes] of [
  ['1-created', [1, 2, 3]],
  ['2-drained', [1, 2, 3]],
  ['3-leader-lost', [2, 3]],
] as const) {
  for (const node of nodes) {
    for (const { Labels, NetworkSettings } of recordedContainers(step, node)) {
      const address = NetworkSettings.Networks.st1?.IPAddress;
      const [, service, slot] = /^(.+)\.([^.]+)\.[^.]+$/.exec(Labels['com.docker.swarm.task.name'] ?? '') ?? [];
      if (address && service && slot) owners.set(address, { service, slot });
    }
  }
}

/** Answers that were not what was asked for: the prototype had somebody come home. */
const traded = calls.filter(({ call, request, response }) => {
  return call === 'RequestAddress' && request.Address !== '' && bare(response.Address) !== request.Address;
});

const run = await swarm(3);
after(() => run.stop());

test('every recorded call has its answer, every task that moves its address', async () => {
  for (const node of run.nodes) {
    node.docker.networks = [network('st1', CIDR, { gateway: '10.77.0.1' })];
    node.docker.info = info(node.name);
  }
  const replay = new Replay();
  for (const call of calls) await replay.play(call);
  assert.equal(replay.moved + replay.second.length, traded.length);
  assert.deepEqual(replay.second, ['late.30'], 'the one start-first update of the recording');
  assert.equal(replay.homes.size, owners.size + 2);
});

class Replay {
  /** The recording's tickets → ours. */
  readonly #tickets = new Map<string, string>();
  /** What our containers have: address → node and name. */
  readonly #running = new Map<string, { node: Node; name: string; recorded: string }>();
  readonly homes = new Map<string, string>();
  readonly second: string[] = [];
  moved = 0;
  #lost = false;
  #tasks = 0;

  async play({ node: index, call, request, response }: Call): Promise<void> {
    const node = run.nodes[index]!;
    if (call === 'RequestPool') {
      const side = SPACES[request.AddressSpace]!;
      if (side === 'global' && index === 2) await this.#loseLeader();
      const { PoolID, Pool } = await node.call(call, { ...request, AddressSpace: `limpet.${side}` });
      assert.deepEqual([PoolID, Pool], [`${side}/swarm/${CIDR}`, response.Pool]);
      return;
    }
    const side = SPACES[request.PoolID[0]]!;
    const pool = { ...request, PoolID: `${side}/swarm/${CIDR}` };
    if (call === 'ReleasePool') await node.call(call, pool);
    else if (call === 'ReleaseAddress') await this.#release(node, side, pool);
    else if (request.Options.RequestAddressType !== undefined) {
      assert.equal((await node.call(call, pool)).Address, response.Address, 'the same gateway everywhere');
    } else if (side === 'global') await this.#ticket(node, pool, bare(response.Address));
    else await this.#start(node, pool, bare(response.Address));
  }

  async #ticket(node: Node, request: any, recorded: string): Promise<void> {
    const net = subnet(run.service, CIDR);
    const taken = new Set([...net.held(), ...[...net.list()].map(({ address }) => address)]);
    if (request.Address !== '') {
      const ours = this.#tickets.get(request.Address) ?? request.Address;
      assert.equal(bare((await node.call('RequestAddress', { ...request, Address: ours })).Address), ours);
      return;
    }
    const ours = bare((await node.call('RequestAddress', request)).Address);
    assert.ok(!taken.has(ours), `${ours} was taken`);
    this.#tickets.set(recorded, ours);
  }

  async #start(node: Node, request: any, recorded: string): Promise<void> {
    const ticket = this.#tickets.get(request.Address)!;
    const owner =
      owners.get(recorded) ?? (recorded.endsWith('.30') || recorded.endsWith('.32') ? late(recorded) : undefined);
    if (owner === undefined) {
      const answer = await node.call('RequestAddress', { ...request, Address: ticket });
      assert.equal(bare(answer.Address), ticket, "a load balancer's end gets what Swarm has for it");
      this.#running.set(ticket, { node, name: 'balancer', recorded });
      return;
    }
    const identity = `${owner.service}.${owner.slot}`;
    const task = `t${++this.#tasks}`;
    const where = { network: 'st1', asked: ticket, created: this.#tasks };
    node.docker.put(taskContainer(owner.service, owner.slot, task, where));
    const address = bare((await node.call('RequestAddress', { ...request, Address: ticket })).Address);
    assert.ok(
      !this.#running.has(address),
      `${address} is shared by ${identity} and ${this.#running.get(address)?.name}`,
    );
    node.docker.put(taskContainer(owner.service, owner.slot, task, { ...where, address }));
    this.#running.set(address, { node, name: `${identity}.${task}`, recorded });
    this.#judge(node, identity, address);
  }

  #judge(node: Node, identity: string, address: string): void {
    const home = this.homes.get(identity);
    if (node.said(address).outcome === 'second') this.second.push(identity);
    else if (home === undefined) this.homes.set(identity, address);
    else {
      assert.equal(address, home, `${identity} came home`);
      this.moved++;
    }
  }

  async #release(node: Node, side: string, request: any): Promise<void> {
    if (side === 'global') {
      await node.call('ReleaseAddress', { ...request, Address: this.#tickets.get(request.Address) ?? request.Address });
      return;
    }
    const [ours] = [...this.#running].find(([, at]) => at.node === node && at.recorded === request.Address) ?? [
      request.Address,
    ];
    await node.call('ReleaseAddress', { ...request, Address: ours });
    const ended = this.#running.get(ours);
    if (ended !== undefined) node.docker.remove(ended.name);
    this.#running.delete(ours);
  }

  /** The leader is killed with its containers; its lease runs out before Swarm starts them elsewhere. */
  async #loseLeader(): Promise<void> {
    if (this.#lost) return;
    this.#lost = true;
    const net = subnet(run.service, CIDR);
    for (const { identity } of [...net.list()])
      if (net.lookup(identity)?.nodes.includes(LOST)) await net.release(identity, LOST);
    for (const [address, { node }] of [...this.#running]) if (node.name === LOST) this.#running.delete(address);
  }
}

function late(address: string): { service: string; slot: string } {
  return { service: 'late', slot: address.split('.')[3]! };
}

function bare(address: string): string {
  return address.replace(/\/.*$/, '');
}
