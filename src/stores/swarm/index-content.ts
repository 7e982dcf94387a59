// The index: which subnets there are, and in which config each of them is; and what nodes are called. One config for
// all spaces: whether a subnet overlaps another is decided in this one place.

import type { SubnetKey } from '../../service/store.js';
import type { Content } from './content.js';
import { Recent } from './recent.js';

const RECENT = 'limpet.recent';
const SUBNET = 'subnet ';
const NODE = 'node ';

/** What Docker takes as the name of a config (swarmkit, manager/controlapi), and how long it may be. */
const CONFIG_NAME = /^[0-9A-Za-z](?:[\w.-]{0,62}[0-9A-Za-z])?$/;

export interface Listed {
  readonly key: SubnetKey;
  /** The name of its config. */
  readonly config: string;
}

export class IndexContent implements Content {
  readonly recent: Recent;
  readonly #labels: Map<string, string>;

  constructor(labels: Iterable<readonly [string, string]> = [], recent = new Recent()) {
    this.#labels = new Map(labels);
    this.recent = recent;
  }

  static read(labels: Readonly<Record<string, string>>): IndexContent {
    const { [RECENT]: recent, ...others } = labels;
    return new IndexContent(Object.entries(others), Recent.read(recent));
  }

  clone(): this {
    return new IndexContent(this.#labels, this.recent.clone()) as this;
  }

  print(): Record<string, string> {
    return { ...Object.fromEntries(this.#labels), [RECENT]: this.recent.print() };
  }

  /** The name of the subnet's config. */
  find({ space, cidr }: SubnetKey): string | undefined {
    return this.#labels.get(`${SUBNET}${space} ${cidr}`);
  }

  list({ space, cidr }: SubnetKey, config: string): void {
    this.#labels.set(`${SUBNET}${space} ${cidr}`, config);
  }

  unlist({ space, cidr }: SubnetKey): void {
    this.#labels.delete(`${SUBNET}${space} ${cidr}`);
  }

  *subnets(): IterableIterator<Listed> {
    for (const [name, config] of this.#labels) {
      const key = subnetIn(name, config);
      if (key !== undefined) yield { key, config };
    }
  }

  /** Labels that Limpet has not written; they stay as they are. */
  *strange(): IterableIterator<string> {
    for (const [name, text] of this.#labels)
      if (!name.startsWith(NODE) && subnetIn(name, text) === undefined) yield name;
  }

  /** All that says which subnets of a space there are: the same text, the same subnets. */
  spaceAsText(space: string): string {
    const listed = [...this.subnets()].filter(({ key }) => key.space === space);
    return listed
      .map(({ key, config }) => `${key.cidr} ${config}`)
      .sort()
      .join('\n');
  }

  nameOf(node: string): string | undefined {
    return this.#labels.get(NODE + node);
  }

  setName(node: string, name: string): void {
    this.#labels.set(NODE + node, name);
  }

  *names(): IterableIterator<{ readonly id: string; readonly name: string }> {
    for (const [label, name] of this.#labels) if (label.startsWith(NODE)) yield { id: label.slice(NODE.length), name };
  }
}

function subnetIn(label: string, config: string): SubnetKey | undefined {
  const end = label.lastIndexOf(' ');
  if (!label.startsWith(SUBNET) || end < SUBNET.length || !CONFIG_NAME.test(config)) return undefined;
  return { space: label.slice(SUBNET.length, end), cidr: label.slice(end + 1) };
}

export function indexNameOf(prefix: string): string {
  return `${prefix}.index`;
}

/** A name for the config of a subnet, which nobody has had before: at most 64 letters, digits, dots and dashes. */
export function configNameOf(prefix: string, { space, cidr }: SubnetKey, mark: string): string {
  const plain = (text: string, most: number) => text.replace(/[^0-9A-Za-z]+/g, '-').slice(0, most);
  return `${prefix}.${plain(space, 10) || 'x'}.${cidr.replace(/[/:]+/g, '-').slice(0, 30)}.${mark}`;
}
