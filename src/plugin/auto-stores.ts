// `auto`, the store that needs no setting, which is two: in a swarm the swarm's subnets are in the swarm's own store,
// all others in the file store of this node.

import { isHostSpace } from '../docker/spaces.js';
import {
  type Allocator,
  AllocatorService,
  type Clock,
  type ServiceOptions,
  SplitService,
  type Store,
} from '../service/index.js';

/** Between two attempts to open the swarm's store. */
const RETRY = 1000;

export interface OpenStores {
  readonly service: Allocator;
  readonly store: { readonly name: string; readonly shared: boolean };
  /** Docker has said whether this node is in a swarm; undefined: nobody knows. */
  follow(isInSwarm: boolean | undefined): Promise<void>;
  /** Why not everything can be answered; undefined when it can. */
  readonly missing: string | undefined;
  close(): Promise<void>;
}

/** What stores need of the process that they are opened in. */
export interface StoresAround {
  readonly clock: Clock;
  readonly service: ServiceOptions;
  readonly tell: (level: 'info' | 'warn', message: string) => void;
}

/** One store for everything. @throws LimpetError LOCKED, DAMAGED, UNAVAILABLE */
export async function single(store: Store, options: ServiceOptions): Promise<OpenStores> {
  const service = await AllocatorService.open(store, options);
  return { service, store, follow: async () => {}, missing: undefined, close: () => service.close() };
}

/** What the two are made of. */
export interface AutoParts extends StoresAround {
  /** The URL of the node's own store, for people. */
  readonly ownName: string;
  readonly own: () => Promise<Store>;
  readonly cluster: () => Promise<Store>;
  /** What is remembered of a swarm that is over. */
  readonly forget: () => Promise<void>;
}

export class AutoStores implements OpenStores {
  readonly service: SplitService;
  readonly #parts: AutoParts;
  /** Ends the attempts to open the swarm's store, or closes it. */
  #leave: (() => Promise<void>) | undefined;

  private constructor(own: AllocatorService, parts: AutoParts) {
    this.service = new SplitService(own, isHostSpace);
    this.#parts = parts;
  }

  /** @throws LimpetError LOCKED, DAMAGED, UNAVAILABLE: of the node's own store */
  static async open(parts: AutoParts): Promise<AutoStores> {
    return new AutoStores(await AllocatorService.open(await parts.own(), parts.service), parts);
  }

  get store(): OpenStores['store'] {
    const { ownName: own } = this.#parts;
    const isInSwarm = this.service.cluster.kind !== 'none';
    return { name: isInSwarm ? `auto: swarm:, ${own}` : `auto: ${own}`, shared: isInSwarm };
  }

  get missing(): string | undefined {
    const { cluster } = this.service;
    return cluster.kind === 'away' ? `the store of the swarm: ${cluster.why}` : undefined;
  }

  async follow(isInSwarm: boolean | undefined): Promise<void> {
    const { cluster } = this.service;
    if (isInSwarm === undefined) {
      if (cluster.kind === 'none')
        this.service.cluster = { kind: 'away', why: 'Docker has not said what this node is' };
    } else if (isInSwarm && this.#leave === undefined) this.#join();
    else if (!isInSwarm && cluster.kind !== 'none') {
      await this.#leave?.();
      this.#leave = undefined;
      this.service.cluster = { kind: 'none' };
      await this.#parts.forget();
      this.#parts.tell('info', 'this node is in no swarm: all subnets are in its own store');
    }
  }

  async close(): Promise<void> {
    await this.#leave?.();
    await this.service.close();
  }

  #join(): void {
    const { tell, ownName } = this.#parts;
    this.service.cluster = { kind: 'away', why: 'it is being opened' };
    const ended = new AbortController();
    const opening = this.#openCluster(ended.signal);
    this.#leave = async () => {
      ended.abort();
      await opening;
      const { cluster } = this.service;
      if (cluster.kind === 'open') await cluster.service.close();
      this.service.cluster = { kind: 'away', why: 'it is closed' };
    };
    tell(
      'info',
      "this node is in a swarm: the swarm's subnets are in Swarm's own store, those of this node in its own",
    );
    const left = this.service.shadowed.map(({ cidr }) => cidr);
    if (left.length === 0) return;
    const copy = `limpet store copy ${ownName} swarm: takes them over`;
    tell('warn', `subnets that this node shared before it joined stay in its own store (${left.join(', ')}): ${copy}`);
  }

  /** For as long as it takes. */
  async #openCluster(signal: AbortSignal): Promise<void> {
    const { clock, tell } = this.#parts;
    let last = '';
    while (!signal.aborted) {
      try {
        const service = await AllocatorService.open(await this.#parts.cluster(), this.#parts.service);
        if (signal.aborted) return await service.close();
        this.service.cluster = { kind: 'open', service };
        tell('info', 'the store of the swarm is open');
        return;
      } catch (error) {
        const { message } = error as Error;
        this.service.cluster = { kind: 'away', why: message };
        if (message !== last) tell('warn', message);
        last = message;
        await clock.sleep(RETRY, signal);
      }
    }
  }
}
