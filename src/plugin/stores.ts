// The store that a setting names, open; and `auto`, which is two: in a swarm its subnets are in the swarm's own store,
// all others are in the file store of this node.

import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { DockerHost } from '../docker/docker-host.js';
import {
  type Allocator,
  AllocatorService,
  type Clock,
  type ServiceOptions,
  SplitService,
  type Store,
} from '../service/index.js';
import { openStore, type StoreUrlOptions } from '../stores/open-store.js';
import type { PluginOptions } from './options.js';

/** The setting that needs no setting. */
const AUTO = 'auto';

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

export interface StoresParts extends StoresAround {
  readonly options: PluginOptions;
  readonly docker: DockerHost;
}

/**
 * Whether a store of that setting can ever be opened: the URL, and the files and names that belong to it.
 * @throws LimpetError BAD_INPUT
 */
export async function checkStore(parts: Pick<StoresParts, 'options' | 'docker'>): Promise<void> {
  const { store } = parts.options;
  const urls = store === AUTO ? ['swarm:', ownUrl(parts.options)] : [store];
  for (const url of urls) await openStore(url, urlOptions(parts, 'nobody')).then((made) => made.close());
}

/** @param node the host's own ID. @throws LimpetError LOCKED, DAMAGED, UNAVAILABLE */
export async function openStores(parts: StoresParts, node: string): Promise<OpenStores> {
  const { store: url } = parts.options;
  if (url === AUTO) return AutoStores.open(parts, node);
  return single(await openStore(url, urlOptions(parts, node)), parts.service);
}

/** One store for everything. @throws LimpetError LOCKED, DAMAGED, UNAVAILABLE */
export async function single(store: Store, options: ServiceOptions): Promise<OpenStores> {
  const service = await AllocatorService.open(store, options);
  return { service, store, follow: async () => {}, missing: undefined, close: () => service.close() };
}

class AutoStores implements OpenStores {
  readonly service: SplitService;
  readonly #parts: StoresParts;
  readonly #node: string;
  /** Ends the attempts to open the swarm's store, or closes it. */
  #leave: (() => Promise<void>) | undefined;

  private constructor(own: AllocatorService, parts: StoresParts, node: string) {
    this.service = new SplitService(own, (space) => space.startsWith('node:'));
    this.#parts = parts;
    this.#node = node;
  }

  static async open(parts: StoresParts, node: string): Promise<AutoStores> {
    const store = await openStore(ownUrl(parts.options), urlOptions(parts, node));
    return new AutoStores(await AllocatorService.open(store, parts.service), parts, node);
  }

  get store(): OpenStores['store'] {
    const own = ownUrl(this.#parts.options);
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
      await rm(keptFile(this.#parts.options), { force: true }); // of a swarm that is over
      this.#parts.tell('info', 'this node is in no swarm: all subnets are in its own store');
    }
  }

  async close(): Promise<void> {
    await this.#leave?.();
    await this.service.close();
  }

  #join(): void {
    const { tell } = this.#parts;
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
    const copy = `limpet store copy ${ownUrl(this.#parts.options)} swarm: takes them over`;
    tell('warn', `subnets that this node shared before it joined stay in its own store (${left.join(', ')}): ${copy}`);
  }

  /** For as long as it takes. */
  async #openCluster(signal: AbortSignal): Promise<void> {
    const { clock, tell } = this.#parts;
    let last = '';
    while (!signal.aborted) {
      try {
        const store = await openStore('swarm:', urlOptions(this.#parts, this.#node));
        const service = await AllocatorService.open(store, this.#parts.service);
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

/** The folder of what this node remembers is that of its own store. */
function ownUrl({ stateFile }: PluginOptions): string {
  return `file://${encodeURI(dirname(stateFile))}`;
}

function keptFile({ stateFile }: PluginOptions): string {
  return join(dirname(stateFile), 'swarm.json');
}

function urlOptions({ options, docker }: Pick<StoresParts, 'options' | 'docker'>, node: string): StoreUrlOptions {
  const { environment } = options;
  return {
    node,
    docker,
    answers: 'workers',
    kept: keptFile(options),
    ...(environment === undefined ? {} : { environment }),
  };
}
