// What a manager's plugin answers a worker's, whatever way the question came: who is a node of this swarm, and what it
// may write.

import { isSwarmId } from '../../../docker/identities.js';
import type { Config, NewConfig, SwarmApi, SwarmListener } from '../../../docker/swarm-api.js';
import type { Clock } from '../../../service/clock.js';
import { idsOfThere, isGone } from '../down-nodes.js';
import type { CallName } from './calls.js';
import { type WorkersChange, wantedOn } from './merge.js';
import { refusalOfCreation, refusalOfUpdate } from './permitted.js';

/** Milliseconds for which the list of nodes is believed. */
const FRESH = 2000;
/** Writes of one change, each on what is newest. */
const ATTEMPTS = 20;

export class Refusal extends Error {
  constructor(
    /** As HTTP has it. */
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/** As Swarm had them a moment ago, by ID. */
interface KnownNodes {
  readonly at: number;
  readonly all: ReadonlySet<string>;
  /** Those that are not gone. */
  readonly there: ReadonlySet<string>;
}

export class Answers {
  readonly #api: SwarmApi;
  readonly #clock: Clock;
  #nodes: KnownNodes | undefined;

  constructor(api: SwarmApi, clock: Clock) {
    this.#api = api;
    this.#clock = clock;
  }

  /** @throws Refusal for who is no node of this swarm any more; LimpetError UNAVAILABLE */
  async admit(node: string): Promise<void> {
    if (!(await this.#known()).all.has(node)) throw new Refusal(403, `the swarm does not know the node ${node}`);
  }

  /** @throws Refusal for what a worker may not ask; LimpetError UNAVAILABLE */
  async answer(call: CallName, input: unknown, worker: string): Promise<unknown> {
    switch (call) {
      case 'configs':
        return (await this.#api.configs(textOf(input))).filter(isLimpets);
      case 'config':
        return (await this.#config(input)) ?? null;
      case 'nodes':
        return this.#api.nodes();
      case 'createConfig': {
        const config = configOf<NewConfig>(input);
        demand(refusalOfCreation(config));
        return this.#api.createConfig(config);
      }
      case 'updateConfig': {
        const { config, labels } = input as { config: Config; labels: Config['labels'] };
        return this.#update(
          { config: { ...config, labels: labelsOf(config?.labels) }, labels: labelsOf(labels) },
          worker,
        );
      }
    }
  }

  /** What happens, for as long as the worker listens. */
  tell(signal: AbortSignal, listener: SwarmListener): Promise<void> {
    return this.#api.events(signal, listener);
  }

  /** Every node that the swarm knows, and those that are not gone. */
  async #known(): Promise<KnownNodes> {
    if (this.#nodes === undefined || this.#clock.elapsed() - this.#nodes.at > FRESH) {
      const nodes = await this.#api.nodes();
      const all = new Set(nodes.map(({ id }) => id));
      this.#nodes = { at: this.#clock.elapsed(), all, there: idsOfThere(nodes) };
    }
    return this.#nodes;
  }

  /** As the worker read it, or put into what others have written since. */
  async #update(change: WorkersChange, worker: string): Promise<'done' | 'stale' | 'gone'> {
    for (let n = 0; n < ATTEMPTS; n++) {
      const now = await this.#config(change.config.id);
      if (now === undefined) return 'gone';
      const wanted = wantedOn(now, change);
      if (typeof wanted === 'string') return wanted;
      const { there } = await this.#known();
      demand(refusalOfUpdate(now, wanted, { worker, isDown: (other) => isGone(other, there) }));
      const answer = await this.#api.updateConfig(now, wanted);
      if (answer !== 'stale') return answer;
    }
    return 'stale';
  }

  /** Others keep what is none of a worker's business in configs of their own. */
  async #config(named: unknown): Promise<Config | undefined> {
    const config = await this.#api.config(textOf(named));
    return config !== undefined && isLimpets(config) ? config : undefined;
  }
}

function isLimpets({ data }: Config): boolean {
  return data.startsWith('{"limpet":');
}

function demand(refusal: string | undefined): void {
  if (refusal !== undefined) throw new Refusal(403, `a worker may not write that: ${refusal}`);
}

function textOf(value: unknown): string {
  if (typeof value === 'string' && value.startsWith('limpet')) return value;
  if (typeof value === 'string' && isSwarmId(value)) return value;
  throw new Refusal(400, 'it names no config of Limpet');
}

function labelsOf(value: unknown): Config['labels'] {
  const isLabels =
    typeof value === 'object' && value !== null && Object.values(value).every((each) => typeof each === 'string');
  if (!isLabels) throw new Refusal(400, 'these are not labels');
  return value as Config['labels'];
}

function configOf<T extends NewConfig>(value: unknown): T {
  const { name, labels, data } = (value ?? {}) as Partial<NewConfig>;
  textOf(name);
  labelsOf(labels);
  if (typeof data !== 'string') throw new Refusal(400, 'it has no data');
  return value as T;
}
