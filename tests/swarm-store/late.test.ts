// A question of a worker that a manager has, and answers when the worker has long gone on. A manager puts what a worker
// wants into whatever is there by then, so that the version alone does not keep it out.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { DockerSwarm } from '../../src/docker/swarm-client.js';
import { AllocatorService, Deadline, type SubnetService, systemClock } from '../../src/service/index.js';
import { Answers } from '../../src/stores/swarm/remote/answers.js';
import type { CallName } from '../../src/stores/swarm/remote/calls.js';
import type { Line } from '../../src/stores/swarm/remote/line.js';
import { Managers } from '../../src/stores/swarm/remote/managers.js';
import { SwarmStore } from '../../src/stores/swarm/swarm-store.js';
import { type Manager, Swarm } from './dockerd.js';
import { eventually, type Opened, open, refuses } from './open.js';

const CIDR = '10.0.0.0/24';
const [W, M] = ['w', 'm'].map((letter) => letter.repeat(25)) as [string, string];

const within = (ms = 10_000) => ({ deadline: new Deadline(systemClock, ms) });

/** One manager whose plugin a worker asks, and the worker, each with its store. */
class World {
  /** The next change of the worker's is kept by the manager, which stands still for it: no answer comes. */
  isStill = false;
  /** What is to happen before the worker notices. */
  meanwhile: () => Promise<unknown> = async () => {};
  #kept: (() => Promise<unknown>) | undefined;

  private constructor(
    readonly swarm: Swarm,
    readonly manager: Opened,
    readonly net: SubnetService,
  ) {}

  static async make(context: TestContext): Promise<World> {
    const swarm = await Swarm.start(1);
    swarm.nodes = [W, M].map((ID) => ({ ID, Description: { Hostname: ID }, Status: { State: 'ready' } }));
    const manager = await open(swarm.managers[0] as Manager);
    context.after(async () => {
      await manager.service.close();
      await swarm.stop();
    });
    return new World(swarm, manager, await manager.service.subnet(CIDR));
  }

  async worker(context: TestContext): Promise<SubnetService> {
    const answers = new Answers(new DockerSwarm({ host: (this.swarm.managers[0] as Manager).socket }), systemClock);
    const ask = async (_host: string, call: CallName, input: unknown) => {
      const copy = JSON.parse(JSON.stringify(input ?? null));
      const question = async () => ({ answer: JSON.parse(JSON.stringify(await answers.answer(call, copy, W))) });
      if (call !== 'updateConfig' || !this.isStill) return question();
      this.isStill = false;
      this.#kept = question;
      await this.meanwhile();
      return { error: new Error('no answer in 6000 ms'), isHeard: true };
    };
    const listen: Line['listen'] = async (_host, signal, listener) => {
      await answers.tell(signal, listener);
      return true;
    };
    const connect = () => new Managers({ line: { ask, listen, close: () => {} }, managers: async () => ['manager'] });
    const service = await AllocatorService.open(new SwarmStore({ connect }));
    context.after(() => service.close());
    return service.find(CIDR) as SubnetService;
  }

  /** The manager goes on. What it answers, which nobody hears. */
  async goOn(): Promise<unknown> {
    assert.ok(this.#kept !== undefined, 'a question was kept');
    return ((await this.#kept()) as { answer: unknown }).answer;
  }

  label(address: string): string | undefined {
    return this.swarm.find('limpet.default.10.0.0.0-24')?.Spec.Labels[address];
  }
}

test('a release that was made anew meanwhile ends nothing that has started since', async (context) => {
  const world = await World.make(context);
  const net = await world.worker(context);
  const own = await net.allocate('web.3', { node: W, ...within() });
  world.isStill = true;
  world.meanwhile = () => world.net.hold('10.0.0.200'); // and so the version is another one
  assert.equal(await net.release('web.3', W, within()), true);
  await net.claim('web.3', { node: W, ...within() });
  assert.equal(await world.goOn(), 'stale');
  assert.equal(world.label(own), `live ${W}: web.3`);
  await assert.rejects(world.net.claim('web.3', { node: M, ...within() }), refuses('LIVE'));
});

test('one whose caller was told that it is not known stays out, however much others write since', async (context) => {
  const world = await World.make(context);
  const net = await world.worker(context);
  const own = await net.allocate('web.3', { node: W, ...within() });
  world.isStill = true;
  world.meanwhile = () => new Promise((resolve) => setTimeout(resolve, 400));
  await assert.rejects(net.release('web.3', W, within(200)), refuses('UNAVAILABLE', 'unknown'));
  const recent = () => world.swarm.find('limpet.default.10.0.0.0-24')?.Spec.Labels['limpet.recent'] ?? '';
  await eventually('it was shut out', () => recent().includes('!'));
  for (let n = 0; n < 40; n++) {
    await world.net.hold('10.0.0.201');
    await world.net.unhold('10.0.0.201');
  }
  assert.ok(!recent().includes('!'), 'its mark has been pushed out by others');
  assert.equal(await world.goOn(), 'stale');
  assert.equal(world.label(own), `live ${W}: web.3`);
});

test('a home is not ended if its owner came to the other one after the worker had read', async (context) => {
  const world = await World.make(context);
  const net = await world.worker(context);
  const [home, second] = ['web.3', '@second/web.3'];
  for (const identity of [home, second]) {
    await net.allocate(identity, { node: W, ...within() });
    await net.release(identity, W, within());
  }
  world.isStill = true;
  let answer: unknown;
  world.meanwhile = async () => {
    await world.net.claim(second, { node: M, ...within() });
    answer = await world.goOn();
  };
  await net.reclaim(home, within()); // a person's wish: it is tried again, by what is so now
  assert.equal(answer, 'stale');
});
