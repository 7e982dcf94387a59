// All configs that Limpet has in the swarm: the index, and one for each subnet that it lists. A subnet is there when
// the index lists it and its config is there and has not ended. It is made by listing it, once its config is there; it
// ends in its own config, so that whoever comes to need it at the same moment meets its end there.

import type { Config, SwarmApi } from '../../docker/swarm-api.js';
import { LimpetError } from '../../host/errors.js';
import type { Clock } from '../../service/clock.js';
import { Deadline } from '../../service/deadline.js';
import type {
  Commit,
  DamagedSubnet,
  NodeName,
  StoreEvent,
  StoreListener,
  SubnetKey,
  SubnetSpec,
} from '../../service/store.js';
import { ConfigReader, dataOf } from './config-reader.js';
import { configNameOf, type IndexContent, indexNameOf } from './index-content.js';
import { leftOvers } from './left-overs.js';
import { type Figures, newMark, Register } from './register.js';
import { SubnetContent } from './subnet-content.js';
import { changesBetween } from './telling.js';

/** Milliseconds for what nobody waits for. */
const PATIENCE = 12_000;

export interface ConfigsParts {
  readonly api: SwarmApi;
  readonly clock: Clock;
  readonly figures: Figures;
  /** What all names begin with, before a dot. */
  readonly prefix: string;
  readonly listener: () => StoreListener;
  /** Something is known that was not. */
  readonly learnt: () => void;
  /** Somebody was told that nobody knows what became of a change; `shutOut` keeps it from coming any more. */
  readonly lost: (mark: string, shutOut: (deadline: Deadline) => Promise<unknown>) => void;
  readonly report: (level: StoreEvent['level'], message: string, details?: Record<string, unknown>) => void;
}

interface Known {
  readonly key: SubnetKey;
  readonly register: Register<SubnetContent>;
}

export class Configs {
  readonly #parts: ConfigsParts;
  readonly #index: Register<IndexContent>;
  /** By the name of the config. */
  readonly #subnets = new Map<string, Known>();
  /** Names that the index lists, of configs that are not known here. */
  readonly #unmet = new Map<string, SubnetKey>();
  readonly #reader: ConfigReader;

  constructor(parts: ConfigsParts) {
    this.#parts = parts;
    this.#reader = new ConfigReader(parts.report);
    const config = indexNameOf(parts.prefix);
    this.#index = new Register<IndexContent>(
      {
        ...{ config, api: parts.api, clock: parts.clock },
        read: (read) => this.#reader.index(read),
        make: () => parts.api.createConfig({ name: config, labels: {}, data: dataOf() }),
        learnt: (before, after) => this.#learnIndex(before, after),
        lost: (mark) => parts.lost(mark, (deadline) => this.#index.shutOut(mark, deadline)),
      },
      parts.figures,
    );
  }

  find({ space, cidr }: SubnetKey): Register<SubnetContent> | undefined {
    for (const { key, register } of this.#subnets.values())
      if (key.space === space && key.cidr === cidr && register.content !== undefined) return register;
    return undefined;
  }

  *registers(): IterableIterator<Register<SubnetContent>> {
    for (const { register } of this.#subnets.values()) yield register;
  }

  /** See IndexContent: undefined before the index was read. */
  spaceAsText(space: string): string {
    return this.#index.content?.spaceAsText(space) ?? '';
  }

  /** Forgets everything and tells all that there is. @throws LimpetError UNAVAILABLE, DAMAGED */
  async readAll(): Promise<void> {
    this.install(await this.#parts.api.configs(`${this.#parts.prefix}.`));
  }

  /** Everything as it is known. */
  get kept(): readonly Config[] {
    const all = [this.#index.kept, ...[...this.registers()].map((register) => register.kept)];
    return all.filter((config) => config !== undefined);
  }

  /** Forgets everything, and tells what these say. @throws LimpetError DAMAGED */
  install(configs: readonly Config[]): void {
    this.#subnets.clear();
    this.#unmet.clear();
    this.#parts.listener().reset();
    this.#index.learn(configs.find(({ name }) => name === this.#index.config));
    for (const { id, name } of this.#index.content?.names() ?? []) this.#parts.listener().introduced({ id, name });
    for (const { key, config } of this.#index.content?.subnets() ?? []) this.#unmet.set(config, key);
    this.#meet(configs);
  }

  /** Everything anew, telling only what has changed; and what was left over goes. @throws LimpetError UNAVAILABLE */
  async readChanges(): Promise<void> {
    const configs = await this.#readEach();
    if (configs !== 'old') await this.#tidy(configs);
  }

  /** The config with that ID or name has changed. @throws LimpetError UNAVAILABLE */
  async readOne(id: string): Promise<void> {
    const config = await this.#parts.api.config(id);
    if (config === undefined) return;
    if (config.name === this.#index.config) {
      this.#index.learn(config);
      await this.#meetUnmet();
      return;
    }
    this.#subnets.get(config.name)?.register.learn(config);
    this.#meetOne(config.name, config);
  }

  /** Which subnets there are, and who uses them, as each one's own config says. @throws LimpetError UNAVAILABLE */
  async refresh(): Promise<void> {
    await this.#readEach();
  }

  /**
   * @param space what the index said of the subnet's space when it was proposed
   * @throws LimpetError UNAVAILABLE, DAMAGED
   */
  async create(spec: SubnetSpec, space: string, deadline: Deadline): Promise<Commit> {
    const there = this.find(spec)?.content;
    if (there !== undefined) return JSON.stringify(there.spec) === JSON.stringify(spec) ? 'done' : 'conflict';
    this.#reader.refuseUnreadable(spec, this.#index.content?.find(spec));
    const name = configNameOf(this.#parts.prefix, spec, newMark(this.#parts.clock));
    await deadline.wait(this.#makeConfig(name, spec), `make the config ${name}`);
    const apply = (index: IndexContent) => {
      if (index.find(spec) === name) return 'same';
      if (index.spaceAsText(spec.space) !== space) return 'conflict';
      index.list(spec, name);
      return 'changed';
    };
    const commit = await this.#index.submit({ what: `make ${spec.cidr}`, apply }, deadline);
    if (commit === 'conflict') await this.#parts.api.removeConfig(name).catch(() => {}); // else #tidy does it
    await deadline.wait(this.#meetUnmet(), `read what is there beside ${spec.cidr}`);
    return commit;
  }

  /** Takes a subnet that has ended out of the index. Should that fail, the next reading does it. */
  async forget(subnet: SubnetKey, { config }: Register<SubnetContent>, deadline: Deadline): Promise<void> {
    this.#subnets.delete(config);
    const apply = (index: IndexContent) => {
      if (index.find(subnet) !== config) return 'same';
      index.unlist(subnet);
      return 'changed';
    };
    try {
      await this.#index.submit({ what: `forget ${subnet.cidr}`, apply }, deadline);
      await this.#parts.api.removeConfig(config);
    } catch {
      // it has ended all the same
    }
  }

  async introduce({ id, name }: NodeName, deadline: Deadline): Promise<void> {
    const apply = (index: IndexContent) => {
      if (index.nameOf(id) === name) return 'same';
      index.setName(id, name);
      return 'changed';
    };
    await this.#index.submit({ what: `keep the name of ${id}`, apply }, deadline);
  }

  /** @throws LimpetError UNAVAILABLE when nothing could be committed now */
  async answers(): Promise<void> {
    await this.#index.read();
  }

  damaged(): Iterable<DamagedSubnet> {
    return this.#reader.damaged();
  }

  async idle(): Promise<void> {
    await Promise.all([this.#index.idle(), ...[...this.registers()].map((register) => register.idle())]);
  }

  async #readEach(): Promise<readonly Config[] | 'old'> {
    const configs = await this.#parts.api.configs(`${this.#parts.prefix}.`);
    const index = configs.find(({ name }) => name === this.#index.config);
    // What was made since the list was is not missing in it.
    const isOld = index !== undefined && this.#index.isPast(index);
    this.#index.learn(index);
    const byName = new Map(configs.map((config) => [config.name, config]));
    for (const [name, { register }] of [...this.#subnets]) {
      const config = byName.get(name);
      if (config !== undefined || !isOld) register.learn(config);
    }
    this.#meet(configs);
    return isOld ? 'old' : configs;
  }

  async #makeConfig(name: string, spec: SubnetSpec): Promise<void> {
    const data = dataOf(spec);
    try {
      await this.#parts.api.createConfig({ name, labels: SubnetContent.of(spec).print(), data });
    } catch (error) {
      // It may be there now, where nobody looks: nothing was made that counts.
      throw new LimpetError('UNAVAILABLE', (error as Error).message, { outcome: 'none' });
    }
  }

  #learnIndex(before: IndexContent | undefined, after: IndexContent | undefined): void {
    this.#parts.learnt();
    this.#reader.keepOnly(new Set([...(after?.subnets() ?? [])].map(({ config }) => config)));
    const listed = new Map([...(after?.subnets() ?? [])].map(({ key, config }) => [config, key]));
    for (const [name, { key, register }] of [...this.#subnets]) {
      if (listed.has(name)) continue;
      this.#subnets.delete(name);
      if (register.content !== undefined) this.#parts.listener().apply(key, { op: 'remove' });
    }
    this.#unmet.clear();
    for (const [name, key] of listed) if (!this.#subnets.has(name)) this.#unmet.set(name, key);
    for (const { id, name } of after?.names() ?? [])
      if (before?.nameOf(id) !== name) this.#parts.listener().introduced({ id, name });
  }

  /** Of a list that has every config. */
  #meet(configs: readonly Config[]): void {
    for (const config of configs) this.#meetOne(config.name, config);
  }

  async #meetUnmet(): Promise<void> {
    // One that could not be read is read again when it changes.
    for (const name of [...this.#unmet.keys()])
      if (!this.#reader.isUnreadable(name)) this.#meetOne(name, await this.#parts.api.config(name));
  }

  #meetOne(name: string, config: Config | undefined): void {
    const key = this.#unmet.get(name);
    if (key === undefined || config === undefined || this.#subnets.has(name)) return;
    const { api, clock, figures, lost } = this.#parts;
    const register: Register<SubnetContent> = new Register<SubnetContent>(
      {
        ...{ config: name, api, clock },
        read: (read) => this.#reader.subnet(key, read),
        learnt: (before, after) => this.#learnSubnet(key, before, after),
        lost: (mark) => lost(mark, (deadline) => register.shutOut(mark, deadline)),
      },
      figures,
    );
    this.#subnets.set(name, { key, register });
    register.learn(config);
    if (register.content === undefined) this.#subnets.delete(name);
    else this.#unmet.delete(name);
  }

  #learnSubnet(key: SubnetKey, before: SubnetContent | undefined, after: SubnetContent | undefined): void {
    this.#parts.learnt();
    for (const change of changesBetween(before, after, this.#parts.clock.now())) {
      try {
        this.#parts.listener().apply(key, change);
      } catch (error) {
        const message = `what the swarm says of ${key.cidr} cannot be: ${(error as Error).message}`;
        this.#parts.report('error', message, { ...key, change });
      }
    }
  }

  /** What nobody made to the end or removed to the end: whichever manager reads everything next does it. */
  async #tidy(configs: readonly Config[]): Promise<void> {
    const { api, clock, prefix } = this.#parts;
    const index = this.#index.content;
    if (index === undefined) return;
    const { abandoned, dangling } = leftOvers(prefix, index, configs, clock.now());
    if (dangling.length > 0) {
      const apply = (draft: IndexContent) => {
        const left = dangling.filter(({ key, config }) => draft.find(key) === config);
        for (const { key } of left) draft.unlist(key);
        return left.length > 0 ? 'changed' : 'same';
      };
      await this.#index.submit({ what: 'tidy the index', apply }, new Deadline(clock, PATIENCE)).catch(() => {});
    }
    for (const { id } of abandoned) await api.removeConfig(id).catch(() => {});
  }
}
