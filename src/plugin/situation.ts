// What the plugin knows of its surroundings while it runs: who its host is, its part in the swarm, and the open store.
// The socket is served before any of it is known; a call that needs what is not there yet says so.

import { createHash } from 'node:crypto';
import { hostname } from 'node:os';
import type { DockerHost } from '../docker/docker-host.js';
import type { DockerApi, Info } from '../docker/index.js';
import type { AddressSpace } from '../docker/spaces.js';
import { SWARM } from '../docker/spaces.js';
import { limitOf } from '../docker/versions.js';
import { LimpetError } from '../host/errors.js';
import { withoutSecrets } from '../host/secrets.js';
import type { Allocator, Clock } from '../service/index.js';
import { type HostState, newHostState, readHostState, writeHostState } from '../stores/host-state.js';
import type { InSpace } from '../tickets/environment.js';
import type { PoolRange } from '../tickets/ranges.js';
import { WishedAddresses } from '../tickets/wished.js';
import type { OpenStores, StoresAround } from './auto-stores.js';
import { type Log, logDecision, logStore } from './log.js';
import type { PluginOptions } from './options.js';
import { openStores } from './stores.js';

/** Between two attempts to open the store. */
const RETRY = 1000;

/** What outlives the process: who this host is, and the store. */
export interface Kept {
  /** Undefined at the first start. @throws LimpetError BAD_INPUT, UNAVAILABLE */
  read(): Promise<HostState | undefined>;
  /** @throws LimpetError BAD_INPUT; system errors */
  write(state: HostState): Promise<void>;
  /** @param host who asks. @throws LimpetError LOCKED, DAMAGED, UNAVAILABLE, BAD_INPUT */
  stores(host: string, around: StoresAround): Promise<OpenStores>;
}

/** As the options name them: files, and a store by its URL. */
export function keptBy(options: PluginOptions, docker: DockerHost): Kept {
  const { stateFile } = options;
  return {
    read: () => readHostState(stateFile),
    write: (state) => writeHostState(stateFile, state),
    stores: (host, around) => openStores({ options, docker, ...around }, host),
  };
}

export class Situation {
  readonly #options: PluginOptions;
  readonly #kept: Kept;
  readonly #docker: DockerApi;
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #ended = new AbortController();
  #host: HostState | undefined;
  #remembering: Promise<void> = Promise.resolve();
  #wished: WishedAddresses | undefined;
  /** Swarm's ID of this node before it joined, left or joined again. */
  #formerSwarmNode: string | undefined;
  /** Whether it was never here before. */
  #isNew = false;
  #info: Info | undefined;
  #stores: OpenStores | undefined;
  #limit: string | undefined;
  /** Why there is no service yet. */
  #missing = 'it is not known yet who this host is';
  onReclaim: (why: string) => void = () => {};
  /** The store says that what runs here has to be looked at. */
  onNews: () => void = () => {};

  constructor(options: PluginOptions, docker: DockerApi, log: Log, clock: Clock, kept: Kept) {
    this.#options = options;
    this.#kept = kept;
    this.#docker = docker;
    this.#log = log;
    this.#clock = clock;
  }

  readonly host = (): string => this.#state().id;

  readonly nodeOf = ({ spec }: InSpace): string => {
    const { id, swarmNode } = this.#state();
    return spec.space === SWARM ? (swarmNode ?? id) : id;
  };

  readonly formerNodeOf = ({ spec }: InSpace): string | undefined => {
    const { id, swarmNode } = this.#state();
    if (spec.space !== SWARM) return undefined;
    return this.#formerSwarmNode ?? (swarmNode === undefined ? undefined : id);
  };

  readonly service = (): Allocator => {
    if (this.#stores === undefined) throw this.#unavailable();
    return this.#stores.service;
  };

  readonly wished = (): WishedAddresses => {
    this.#wished ??= new WishedAddresses(this.#state().wished ?? [], (wished) => {
      this.#host = { ...this.#state(), wished };
      return this.#remember();
    });
    return this.#wished;
  };

  /** Learns whether this node has joined a swarm, where that would change what is answered. */
  readonly locate = async (): Promise<void> => {
    if (this.#stores === undefined || this.#stores.store.shared || this.#docker.silent) return;
    const info = await this.#docker.info().catch(() => undefined);
    if (info !== undefined) await this.#stores.follow(isInSwarm(info));
  };

  readonly isManager = (): boolean | undefined => this.#info?.swarm.manager;

  /** Where subnets are chosen from. Without a range for IPv6, one of this host's own (RFC 4193), as Docker 29 does. */
  pools(): Readonly<Record<AddressSpace, readonly PoolRange[]>> {
    const { global, local } = this.#options.pools;
    const own = uniqueLocal(this.host());
    const withIPv6 = (ranges: readonly PoolRange[]) =>
      ranges.some(({ base }) => base.includes(':')) ? ranges : [...ranges, own];
    return { global: withIPv6(global), local: withIPv6(local) };
  }

  /** What this Docker cannot say, for people. */
  get limit(): string | undefined {
    return this.#limit;
  }

  get dockerVersion(): string | undefined {
    return this.#info?.serverVersion;
  }

  get store(): OpenStores['store'] | undefined {
    return this.#stores?.store;
  }

  get openService(): Allocator | undefined {
    return this.#stores?.service;
  }

  get missing(): string | undefined {
    return this.#stores === undefined ? this.#missing : this.#stores.missing;
  }

  get isOpen(): boolean {
    return this.#stores !== undefined;
  }

  /**
   * Finds out who the host is and opens the store, for as long as it takes. Ends without either when it is called off.
   */
  async open(): Promise<void> {
    while (!this.#ended.signal.aborted) {
      await this.#attempt();
      if (this.#stores !== undefined) return;
      await this.#clock.sleep(RETRY, this.#ended.signal);
    }
  }

  /** Asks Docker what and where it is. @throws LimpetError UNAVAILABLE */
  async look(): Promise<Info> {
    const info = await this.#docker.info();
    const before = this.#info;
    this.#info = info;
    if (isOneOfMany(info) && !(before !== undefined && isOneOfMany(before))) this.#warnOfOwnStore();
    const limit = limitOf(info.serverVersion);
    if (limit !== undefined && limit !== this.#limit) this.#log.warn({ event: 'docker' }, limit);
    this.#limit = limit;
    await this.#stores?.follow(isInSwarm(info));
    await this.#meet(info);
    return info;
  }

  async close(): Promise<void> {
    this.#ended.abort();
    await this.#stores?.close();
    await this.#remembering;
  }

  #state(): HostState {
    if (this.#host === undefined) throw this.#unavailable();
    return this.#host;
  }

  /** What Docker says of this node, remembered for when it does not answer, and told to the other nodes. */
  async #meet({ name, swarm }: Info): Promise<void> {
    const { id, swarmNode } = this.#state();
    // Without a leader a node that starts is `pending`: it is who it was.
    const now = isInSwarm({ swarm }) === undefined ? swarmNode : swarm.nodeId || undefined;
    if (now !== swarmNode) {
      this.#formerSwarmNode = swarmNode;
      const { swarmNode: _, ...others } = this.#state();
      this.#host = now === undefined ? others : { ...others, swarmNode: now };
      this.#log.info(
        { event: 'node', host: id, node: now },
        now ? 'this node is of a swarm' : 'this node is of no swarm',
      );
      await this.#remember();
    }
    const called = this.#options.node ?? name;
    for (const each of [id, now])
      if (each !== undefined) await this.#stores?.service.introduce({ id: each, name: called });
  }

  /** One after the other. */
  #remember(): Promise<void> {
    this.#remembering = this.#remembering.then(() => this.#write());
    return this.#remembering;
  }

  async #write(): Promise<void> {
    try {
      await this.#kept.write(this.#state());
    } catch (error) {
      const line = { event: 'node', file: this.#options.stateFile, error: (error as Error).message };
      this.#log.warn(
        line,
        'who this host is cannot be kept: after the next start its own networks have other addresses',
      );
    }
  }

  async #attempt(): Promise<void> {
    try {
      if (this.#host === undefined) {
        const known = await this.#kept.read();
        this.#isNew = known === undefined;
        this.#host = known ?? (await this.#begun());
        this.#missing = 'the store is being opened';
      }
      const { id } = this.#host;
      const stores = await this.#kept.stores(id, this.#around());
      await stores.follow(await this.#isInSwarm());
      this.#stores = stores;
      this.#log.info({ event: 'store', store: stores.store.name, host: id, name: hostname() }, 'open');
      if (this.#ended.signal.aborted) await this.close();
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      if (message !== this.#missing) this.#log.warn({ event: 'store', code: (error as LimpetError).code }, message);
      this.#missing = message;
    }
  }

  /**
   * A host that was never here before. What is answered under an ID that is not kept is forgotten with the process: so
   * nothing is. @throws LimpetError UNAVAILABLE, BAD_INPUT
   */
  async #begun(): Promise<HostState> {
    const state = newHostState();
    try {
      await this.#kept.write(state);
    } catch (error) {
      const { stateFile, store } = this.#options;
      if (store === 'memory:') return state; // which forgets all the same
      if (error instanceof LimpetError) throw error;
      throw new LimpetError(
        'UNAVAILABLE',
        `who this host is cannot be kept in ${stateFile}: ${(error as Error).message}`,
      );
    }
    return state;
  }

  /** While Docker starts it does not answer: then as it was last heard; undefined when it was never heard. */
  async #isInSwarm(): Promise<boolean | undefined> {
    const info = await this.#docker.info().catch(() => undefined);
    const { swarmNode } = this.#state();
    const last = swarmNode === undefined && this.#isNew ? undefined : swarmNode !== undefined;
    return (info === undefined ? undefined : isInSwarm(info)) ?? last;
  }

  #around(): StoresAround {
    return {
      clock: this.#clock,
      service: {
        clock: this.#clock,
        log: (decision) => {
          if (decision.event === 'reclaim') this.onReclaim(decision.why);
          logDecision(this.#log, decision);
        },
        report: (event) => {
          logStore(this.#log, event);
          if (event.details?.look === true) this.onNews();
        },
      },
      tell: (level, message) => this.#log[level]({ event: 'store' }, message),
    };
  }

  #warnOfOwnStore(): void {
    if (this.#stores?.store.shared ?? !/^(file|memory):/.test(this.#options.store)) return;
    const why =
      'this node has a store of its own, and the swarm has other nodes: a task that moves does not keep its address, ' +
      'and two may get one address. Use the store swarm: (docs/SWARM.md)';
    this.#log.warn({ event: 'store', store: withoutSecrets(this.#options.store) }, why);
  }

  #unavailable(): LimpetError {
    // A store that is being opened is as one that is away.
    return new LimpetError('UNAVAILABLE', `Limpet is not ready: ${this.#missing}`, { outcome: 'none' });
  }
}

/** Whether Docker says that it is in a swarm; undefined while it is `pending`, `locked` or in `error`. */
function isInSwarm({ swarm }: Pick<Info, 'swarm'>): boolean | undefined {
  if (swarm.state === 'active' && swarm.nodeId !== '') return true;
  return swarm.state === 'inactive' || swarm.state === '' ? false : undefined;
}

/** Only managers know how many there are; a worker is never alone. */
function isOneOfMany({ swarm }: Info): boolean {
  return swarm.state === 'active' && (swarm.nodes > 1 || !swarm.manager);
}

/** 40 bits that are the host's own behind fd00::/8 (RFC 4193, 3.2), for subnets of 64 bits. */
function uniqueLocal(host: string): PoolRange {
  const digits = createHash('sha256').update(host).digest('hex');
  return { base: `fd${digits.slice(0, 2)}:${digits.slice(2, 6)}:${digits.slice(6, 10)}::/48`, size: 64 };
}
