// What the plugin knows of its surroundings while it runs: its node, whether that is a manager or the leader, and the open
// store. The socket is served before any of it is known; a call that needs what is not there yet says so.

import { setTimeout as pause } from 'node:timers/promises';
import type { DockerApi, Info } from '../docker/index.js';
import { LimpetError } from '../host/errors.js';
import { AllocatorService, type Store } from '../service/index.js';
import { openStore } from '../stores/open-store.js';
import { type Log, logDecision, logStore } from './log.js';
import { rememberedName, rememberName } from './node-name.js';
import type { PluginOptions } from './options.js';

/** Between two attempts to open the store, or to hear of Docker for the first time. */
const RETRY = 1000;

export class Situation {
  readonly #options: PluginOptions;
  readonly #docker: DockerApi;
  readonly #log: Log;
  readonly #ended = new AbortController();
  #node: string | undefined;
  #info: Info | undefined;
  #store: Store | undefined;
  #service: AllocatorService | undefined;
  /** Why there is no service yet. */
  #missing = "the node's name is not known yet: Docker has not answered, and LIMPET_NODE is not set";
  onReclaim: (why: string) => void = () => {};

  constructor(options: PluginOptions, docker: DockerApi, log: Log) {
    this.#options = options;
    this.#docker = docker;
    this.#log = log;
  }

  readonly node = (): string => {
    if (this.#node === undefined) throw this.#unavailable();
    return this.#node;
  };

  readonly service = (): AllocatorService => {
    if (this.#service === undefined) throw this.#unavailable();
    return this.#service;
  };

  readonly isManager = (): boolean => this.#info?.swarm.manager === true;

  /** What Docker said last; undefined before the first time. */
  get info(): Info | undefined {
    return this.#info;
  }

  get store(): Store | undefined {
    return this.#store;
  }

  get openService(): AllocatorService | undefined {
    return this.#service;
  }

  get missing(): string | undefined {
    return this.#service === undefined ? this.#missing : undefined;
  }

  /** Finds out the node's name and opens the store, for as long as it takes. Ends without either when it is called off. */
  async open(): Promise<void> {
    this.#node = this.#options.node ?? (await rememberedName(this.#options.stateFile));
    if (this.#node !== undefined) this.#missing = 'the store is being opened';
    while (!this.#ended.signal.aborted) {
      await this.#attempt();
      if (this.#service !== undefined) return;
      await pause(RETRY, undefined, { signal: this.#ended.signal }).catch(() => {}); // called off: the loop sees it
    }
  }

  /** Asks Docker what and where it is. @throws LimpetError UNAVAILABLE */
  async look(): Promise<Info> {
    const info = await this.#docker.info();
    const before = this.#info;
    this.#info = info;
    if (isOneOfMany(info) && !(before !== undefined && isOneOfMany(before))) this.#warnOfOwnStore();
    if (this.#options.node === undefined && info.name !== '' && info.name !== this.#node) {
      if (this.#node !== undefined)
        this.#log.warn(
          { event: 'node', node: this.#node, docker: info.name },
          'the node has another name now: restart the plugin',
        );
      this.#node ??= info.name;
      await rememberName(this.#options.stateFile, info.name, this.#log);
    }
    return info;
  }

  async close(): Promise<void> {
    this.#ended.abort();
    await this.#service?.close();
  }

  async #attempt(): Promise<void> {
    try {
      if (this.#node === undefined) await this.look();
      const node = this.node();
      const { environment, store: url } = this.#options;
      const store = await openStore(url, environment === undefined ? { node } : { node, environment });
      this.#service = await AllocatorService.open(store, {
        log: (decision) => {
          if (decision.event === 'reclaim') this.onReclaim(decision.why);
          logDecision(this.#log, decision);
        },
        report: (event) => logStore(this.#log, event),
      });
      this.#store = store;
      this.#log.info({ event: 'store', store: store.name, node }, 'open');
      if (this.#ended.signal.aborted) await this.#service.close();
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      if (message !== this.#missing) this.#log.warn({ event: 'store', code: (error as LimpetError).code }, message);
      this.#missing = message;
    }
  }

  #warnOfOwnStore(): void {
    if (this.#store?.shared ?? this.#options.store.startsWith('etcd:')) return;
    const why =
      'this node has a store of its own, and the swarm has other nodes: a task that moves does not keep its address, and ' +
      'two may get one address. Use etcd (docs/SWARM.md)';
    this.#log.warn({ event: 'store', store: this.#options.store }, why);
  }

  #unavailable(): LimpetError {
    // A store that is being opened is as one that is away; Docker, which may be waiting for the plugin, is not waited for.
    const details = this.#node === undefined ? {} : { outcome: 'none' as const };
    return new LimpetError('UNAVAILABLE', `Limpet is not ready: ${this.#missing}`, details);
  }
}

/** Only managers know how many there are; a worker is never alone. */
function isOneOfMany({ swarm }: Info): boolean {
  return swarm.state === 'active' && (swarm.nodes > 1 || !swarm.manager);
}
