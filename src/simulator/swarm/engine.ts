// One node's Docker: its containers start and stop, it dies and boots. While it boots its API is silent, and it asks
// the plugin all the same.

import { type EngineContainer, listed } from './containers.js';
import { type EndOf, type EngineNetwork, EngineNetworks } from './engine-networks.js';
import type { WallClock } from './process.js';
import type { NetworkRecord } from './records.js';
import type { PluginSocket } from './socket.js';
import type { Timeline } from './timeline.js';

/** What a container is made of. */
export type Wanted = Pick<EngineContainer, 'name' | 'network' | 'networkId'> & {
  readonly asked?: string;
  readonly tellsAsked?: boolean;
  readonly task?: EngineContainer['task'];
  readonly restarts?: boolean;
  readonly labels?: EngineContainer['labels'];
};

export class Engine {
  readonly networks: EngineNetworks;
  readonly containers = new Map<string, EngineContainer>();
  /** Whether dockerd runs, and whether its API answers. */
  state: 'down' | 'boots' | 'up' = 'up';
  /** When its API answered first: milliseconds since the epoch, true time. */
  upSince = 0;
  /** Milliseconds that an answer of its API is on its way, at the most. */
  slowest = 2;
  /** Counts the lives of dockerd: what one has begun, the next knows nothing of. */
  life = 0;
  readonly #socket: PluginSocket;
  readonly #timeline: Timeline;
  readonly #wall: WallClock;
  readonly #onNetwork = new Map<string, EngineNetwork>();
  /** Dockerd has come up, or has gone. */
  onChange: () => void = () => {};
  /** A container has got its address. */
  onAddress: (container: EngineContainer) => void = () => {};

  constructor(socket: PluginSocket, timeline: Timeline, wall: WallClock, names: boolean) {
    this.networks = new EngineNetworks(socket, timeline, names);
    this.#socket = socket;
    this.#timeline = timeline;
    this.#wall = wall;
  }

  named(name: string): EngineContainer | undefined {
    return [...this.containers.values()].find((container) => container.name === name);
  }

  /** @throws Error the name is taken */
  create({ asked = '', tellsAsked = true, task, restarts = false, ...more }: Wanted): EngineContainer {
    if (this.named(more.name) !== undefined) throw new Error(`the name ${more.name} is in use`);
    const id = this.#timeline.chance.id() + this.#timeline.chance.id();
    const created = this.#timeline.now + this.#wall.ahead;
    const container: EngineContainer = {
      ...{
        id,
        state: 'created',
        created,
        shown: '',
        has: '',
        asks: 0,
        since: 0,
        until: 0,
        isWanted: false,
        isBusy: false,
      },
      ...{ ...more, bornAs: more.name, asked, tellsAsked, task, restarts },
    };
    this.containers.set(id, container);
    return container;
  }

  /**
   * Answers whether it runs. @param join the network, made ready
   * @param fails its process cannot be started after it has got its address
   */
  async start(container: EngineContainer, join: () => Promise<EngineNetwork>, fails = false): Promise<boolean> {
    if (container.isBusy || container.state === 'running') return container.state === 'running';
    const { life } = this;
    container.isBusy = true;
    const runs = await this.#start(container, join, fails);
    if (life === this.life) container.isBusy = false;
    return runs;
  }

  async #start(container: EngineContainer, join: () => Promise<EngineNetwork>, fails: boolean): Promise<boolean> {
    const { life } = this;
    container.isWanted = true;
    container.shown = '';
    let network: EngineNetwork | undefined;
    try {
      network = await join();
      container.asks = this.#timeline.now;
      const address = await this.networks.address(network, container.asked, container.name);
      if (life !== this.life) return false; // a dockerd that has died knows of no answer
      container.has = address;
      container.since = this.#timeline.now;
      this.onAddress(container);
    } catch {
      if (life === this.life && network !== undefined) await this.networks.leave(network);
      return false;
    }
    await this.#timeline.sleep(20 + this.#timeline.chance.below(400));
    if (life !== this.life) return false;
    container.shown = container.has;
    if (!fails) {
      container.state = 'running';
      this.#onNetwork.set(container.id, network);
      return true;
    }
    await this.#letGo(container, network); // and it stays `created`, with the address that it has no more
    return false;
  }

  async stop(container: EngineContainer): Promise<void> {
    container.isWanted = false;
    const network = this.#onNetwork.get(container.id);
    if (container.isBusy || container.state !== 'running' || network === undefined) return;
    this.#onNetwork.delete(container.id);
    const { life } = this;
    container.isBusy = true;
    await this.#letGo(container, network);
    if (life !== this.life) return;
    await this.#timeline.sleep(this.#timeline.chance.below(50)); // the list shows the end after the release
    container.state = 'exited';
    container.shown = '';
    container.isBusy = false;
  }

  async remove(container: EngineContainer): Promise<void> {
    while (container.isBusy) await this.#timeline.sleep(50);
    await this.stop(container);
    this.containers.delete(container.id);
  }

  /** The machine loses its power, or dockerd is killed with all that runs: nothing is given back. */
  die(): void {
    this.life++;
    this.state = 'down';
    this.#socket.hangUp();
    this.#onNetwork.clear();
    for (const container of this.containers.values()) {
      container.has = '';
      container.isBusy = false;
      if (container.state === 'running') container.state = 'exited';
    }
    this.onChange();
  }

  /** Dockerd is stopped in good order; false when something else has ended it meanwhile. */
  async shutDown(): Promise<boolean> {
    const { life } = this;
    const running = [...this.containers.values()].filter(({ state }) => state === 'running');
    for (const container of running) {
      await this.stop(container);
      if (life !== this.life) return false;
      container.isWanted = true;
    }
    this.die();
    return true;
  }

  /** Dockerd starts: its networks, then what comes back by itself, then its API. */
  async boot(): Promise<void> {
    const { life } = this;
    this.state = 'boots';
    this.networks.begin();
    await this.#timeline.sleep(200 + this.#timeline.chance.below(500));
    await this.networks.restore();
    const again = [...this.containers.values()].filter(({ restarts, isWanted }) => restarts && isWanted);
    for (const container of again) {
      if (container.state === 'running') continue;
      await this.startHere(container);
    }
    if (life !== this.life) return;
    for (const container of [...this.containers.values()]) if (container.task) container.shown = '';
    this.state = 'up';
    this.upSince = this.#timeline.now;
    this.onChange();
  }

  /** A container on one of this host's own networks. */
  startHere(container: EngineContainer): Promise<boolean> {
    return this.start(container, async () => {
      const network = this.networks.named(container.network);
      if (network === undefined) throw new Error(`network ${container.network} not found`);
      await this.networks.join(network);
      return network;
    });
  }

  startInSwarm(container: EngineContainer, record: NetworkRecord, endOf: EndOf, fails: boolean): Promise<boolean> {
    return this.start(container, () => this.networks.joinSwarm(record, endOf), fails);
  }

  list() {
    return [...this.containers.values()].map(listed);
  }

  async #letGo(container: EngineContainer, network: EngineNetwork): Promise<void> {
    const address = container.has;
    container.has = '';
    container.until = this.#timeline.now;
    await this.networks.release(network, address);
    await this.networks.leave(network);
  }
}
