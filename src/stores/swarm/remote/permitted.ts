// What a worker may write. It speaks for itself alone: it says what lives on itself and on no other node. It gives and
// takes addresses as every node does; the subnets of Swarm's leader it neither changes nor ends.

import { isSwarmId } from '../../../docker/identities.js';
import type { Config, NewConfig } from '../../../docker/swarm-api.js';
import type { SubnetKey } from '../../../service/store.js';
import { dataOf } from '../config-reader.js';
import { IndexContent } from '../index-content.js';
import type { Entry } from '../labels.js';
import { SubnetContent } from '../subnet-content.js';

/** The user that stands for Swarm's leader. */
const LEADER = 'swarm';

export interface Asker {
  /** The node that asks. */
  readonly worker: string;
  /** What is live on such a node may be ended by anybody. */
  readonly isDown: (node: string) => boolean;
}

/** Why the worker may not; undefined when it may. */
export function refusalOfUpdate(before: Config, labels: Config['labels'], asker: Asker): string | undefined {
  const key = keyOf(before);
  if (key === undefined) return refusalOfIndex(IndexContent.read(before.labels), IndexContent.read(labels), asker);
  const [old, now] = [before.labels, labels].map((each) => contentOf(key, each));
  if (old === undefined || now === undefined) return 'it cannot be read';
  const isLeaders = old.users.has(LEADER);
  if (isLeaders && now.isRemoved) return 'it would end a subnet of the leader';
  if (isLeaders && JSON.stringify(old.spec) !== JSON.stringify(now.spec))
    return 'it would change a subnet of the leader';
  if (isLeaders !== now.users.has(LEADER)) return 'it would speak for the leader';
  const addresses = new Set([...old.entries(), ...now.entries()].map(({ address }) => address));
  for (const address of addresses) {
    const why = refusalOfEntry(old.entry(address), now.entry(address), asker);
    if (why !== undefined) return `${why} (${address})`;
  }
  return undefined;
}

/** An index, or a subnet, with nothing in it yet, and each under a name that is for such a one. */
export function refusalOfCreation({ name, labels, data }: NewConfig): string | undefined {
  const key = keyOf({ data });
  const [isCalledIndex, isIndex] = [name.endsWith('.index'), data === dataOf()];
  if (isCalledIndex || isIndex) {
    const isGood = isCalledIndex && isIndex && Object.keys(labels).length === 0;
    return isGood ? undefined : 'it is not an index with nothing in it';
  }
  if (key === undefined || data !== dataOf(key)) return 'it is not a subnet';
  const content = contentOf(key, labels);
  if (content === undefined) return 'it is not a subnet';
  return content.users.size > 0 || content.entries().next().done !== true ? 'it is not empty' : undefined;
}

function refusalOfEntry(old: Entry | undefined, now: Entry | undefined, asker: Asker): string | undefined {
  if (old === now) return undefined;
  const were = (old?.nodes ?? []).filter((node) => !asker.isDown(node));
  const are = now?.nodes ?? [];
  if (old?.identity !== now?.identity && were.length > 0) return 'it would end what is live';
  const [begun, ended] = [are.filter((node) => !old?.nodes.includes(node)), were.filter((node) => !are.includes(node))];
  return [...begun, ...ended].some((node) => node !== asker.worker) ? 'it would speak for another node' : undefined;
}

/**
 * It may add subnets, say what it is called itself, and take out nothing. A host is named by an ID of its own as well.
 */
function refusalOfIndex(old: IndexContent, now: IndexContent, { worker }: Asker): string | undefined {
  for (const { key, config } of old.subnets()) if (now.find(key) !== config) return 'it would take out a subnet';
  for (const { id } of [...old.names(), ...now.names()])
    if (isSwarmId(id) && id !== worker && old.nameOf(id) !== now.nameOf(id)) return 'it would name another node';
  return undefined;
}

function contentOf(key: SubnetKey, labels: Config['labels']): SubnetContent | undefined {
  const read = SubnetContent.read(key, labels, () => {});
  return 'wrong' in read ? undefined : read.value;
}

/** The subnet whose config it is; undefined for the index. */
export function keyOf({ data }: Pick<Config, 'data'>): SubnetKey | undefined {
  try {
    const { space, cidr } = JSON.parse(data) as Partial<SubnetKey>;
    return typeof space === 'string' && typeof cidr === 'string' ? { space, cidr } : undefined;
  } catch {
    return undefined;
  }
}
