// Configs as they are read: what is not of this version is refused, what Limpet did not write is told once.

import type { Config } from '../../docker/swarm-api.js';
import { LimpetError } from '../../host/errors.js';
import type { StoreEvent, SubnetKey } from '../../service/store.js';
import { IndexContent } from './index-content.js';
import { SubnetContent } from './subnet-content.js';

/** The version of what the labels say: the config's data begins with it, and never changes. */
const FORMAT = 1;

/** The data of an index, or of a subnet. */
export function dataOf(subnet?: SubnetKey): string {
  const key = subnet === undefined ? {} : { space: subnet.space, cidr: subnet.cidr };
  return JSON.stringify({ limpet: FORMAT, ...key });
}

export class ConfigReader {
  readonly #report: (level: StoreEvent['level'], message: string) => void;
  readonly #told = new Set<string>();
  /** Names of configs whose settings cannot be read. */
  readonly #unreadable = new Set<string>();

  constructor(report: (level: StoreEvent['level'], message: string) => void) {
    this.#report = report;
  }

  /** @throws LimpetError DAMAGED when another version has written it */
  index(config: Config): IndexContent {
    refuseOther(config);
    return IndexContent.read(config.labels);
  }

  /** Undefined when it has ended, or cannot be read. @throws LimpetError DAMAGED when another version has written it */
  subnet(key: SubnetKey, config: Config): SubnetContent | undefined {
    refuseOther(config);
    const { name, labels } = config;
    const strange = (label: string) =>
      this.#tellOnce(`${name} ${label}`, 'warn', `the config ${name} has a label that Limpet did not write: ${label}`);
    const content = SubnetContent.read(key, labels, strange);
    if (content === undefined) {
      this.#unreadable.add(name);
      this.#tellOnce(name, 'error', `the config ${name} has no settings that can be read for ${key.cidr}`);
    } else this.#unreadable.delete(name);
    return content?.isRemoved ? undefined : content;
  }

  /**
   * @param config the name of the subnet's config, if the index has it
   * @throws LimpetError DAMAGED for a subnet that is there and cannot be read
   */
  refuseUnreadable({ space, cidr }: SubnetKey, config: string | undefined): void {
    if (config === undefined || !this.#unreadable.has(config)) return;
    const message = `the config ${config} has settings that cannot be read: remove it with docker config rm`;
    throw new LimpetError('DAMAGED', message, { space, subnet: cidr, key: config });
  }

  #tellOnce(what: string, level: StoreEvent['level'], message: string): void {
    if (this.#told.has(what)) return;
    this.#told.add(what);
    this.#report(level, message);
  }
}

function refuseOther({ name, data }: Config): void {
  if (data.startsWith(`{"limpet":${FORMAT}`)) return;
  const message =
    `the config ${name} was not written by this version of Limpet (${data.slice(0, 40)}): run the version that ` +
    'wrote it, or remove the config';
  throw new LimpetError('DAMAGED', message, { key: name });
}
