// Configs as they are read: what is not of this version is refused, what Limpet did not write is told once.

import type { Config } from '../../docker/swarm-api.js';
import { LimpetError } from '../../host/errors.js';
import { visible } from '../../host/visible.js';
import { type DamagedSubnet, type StoreEvent, type SubnetKey, unreadableText } from '../../service/store.js';
import { IndexContent } from './index-content.js';
import { SubnetContent } from './subnet-content.js';

/** The version of what the labels say: the config's data begins with it, and never changes. */
const FORMAT = 1;

/** Characters of a label that are shown. */
const SHOWN = 120;

/** The data of an index, or of a subnet. */
export function dataOf(subnet?: SubnetKey): string {
  const key = subnet === undefined ? {} : { space: subnet.space, cidr: subnet.cidr };
  return JSON.stringify({ limpet: FORMAT, ...key });
}

export class ConfigReader {
  readonly #report: (level: StoreEvent['level'], message: string) => void;
  readonly #told = new Set<string>();
  /** Configs whose settings cannot be read, by name. */
  readonly #unreadable = new Map<string, DamagedSubnet>();

  constructor(report: (level: StoreEvent['level'], message: string) => void) {
    this.#report = report;
  }

  /** @throws LimpetError DAMAGED when another version has written it */
  index(config: Config): IndexContent {
    const wrong = writtenByOther(config);
    if (wrong !== undefined) throw new LimpetError('DAMAGED', wrong, { key: config.name });
    const index = IndexContent.read(config.labels);
    this.#tellStrange(config.name, [...index.strange()]);
    return index;
  }

  /** Undefined when it has ended, or cannot be read. */
  subnet(key: SubnetKey, config: Config): SubnetContent | undefined {
    const { name, labels } = config;
    const strange: string[] = [];
    const other = writtenByOther(config);
    const read =
      other === undefined ? SubnetContent.read(key, labels, (label) => strange.push(label)) : { wrong: other };
    this.#tellStrange(name, strange);
    if ('wrong' in read) {
      const damaged = { ...key, key: name, why: read.wrong };
      this.#unreadable.set(name, damaged);
      this.#tellOnce(name, 'error', unreadableText(damaged));
      return undefined;
    }
    this.#unreadable.delete(name);
    return read.value.isRemoved ? undefined : read.value;
  }

  isUnreadable(name: string): boolean {
    return this.#unreadable.has(name);
  }

  /**
   * @param config the name of the subnet's config, if the index has it
   * @throws LimpetError DAMAGED for a subnet that is there and cannot be read
   */
  refuseUnreadable({ space, cidr }: SubnetKey, config: string | undefined): void {
    const damaged = config === undefined ? undefined : this.#unreadable.get(config);
    if (damaged === undefined) return;
    const message = `${unreadableText(damaged)} (${damaged.key}): remove it with docker config rm`;
    throw new LimpetError('DAMAGED', message, { space, subnet: cidr, key: damaged.key });
  }

  damaged(): Iterable<DamagedSubnet> {
    return this.#unreadable.values();
  }

  /** Those that are there no more are not unreadable either. */
  keepOnly(names: ReadonlySet<string>): void {
    for (const name of this.#unreadable.keys()) if (!names.has(name)) this.#unreadable.delete(name);
  }

  /** One line for all that are new. */
  #tellStrange(config: string, labels: readonly string[]): void {
    const news = labels.filter((label) => !this.#told.has(`${config} ${label}`));
    const [first] = news;
    if (first === undefined) return;
    for (const label of news) this.#told.add(`${config} ${label}`);
    const shown = visible(first.length > SHOWN ? `${first.slice(0, SHOWN)}…` : first);
    const which =
      news.length === 1
        ? `a label that Limpet did not write: `
        : `${news.length} labels that Limpet did not write, such as `;
    this.#report('warn', `the config ${config} has ${which}${shown}`);
  }

  #tellOnce(what: string, level: StoreEvent['level'], message: string): void {
    if (this.#told.has(what)) return;
    this.#told.add(what);
    this.#report(level, message);
  }
}

/** Why nothing in it can be believed, if so. */
function writtenByOther({ name, data }: Config): string | undefined {
  if (data.startsWith(`{"limpet":${FORMAT}`)) return undefined;
  const begin = visible(data.slice(0, 40));
  return (
    `the config ${name} was not written by this version of Limpet (${begin}): run the version that wrote it, or ` +
    'remove the config'
  );
}
