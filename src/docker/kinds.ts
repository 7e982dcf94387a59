// Which of Docker's lists a list is, by the fields of its entries: so that the wrong file can be named for what it is.

import { isObject } from '../host/json.js';

/** A list by the question that it answers: `GET /tasks`. */
export type ListKind = 'tasks' | 'services' | 'networks' | 'nodes' | 'containers/json';

/** By the first entries that tell, since Docker's lists are of one kind each; compact records count as tasks. */
export function kindOfList(list: readonly unknown[]): ListKind | undefined {
  for (const entry of list.slice(0, 50)) {
    const kind = kindOfEntry(entry);
    if (kind !== undefined) return kind;
  }
  return undefined;
}

function kindOfEntry(entry: unknown): ListKind | undefined {
  if (!isObject(entry)) return undefined;
  if ('NetworksAttachments' in entry || 'DesiredState' in entry || 'identity' in entry) return 'tasks';
  if ('IPAM' in entry) return 'networks';
  if ('NetworkSettings' in entry) return 'containers/json';
  const { Spec } = entry;
  if (!isObject(Spec)) return undefined;
  if ('Endpoint' in entry || 'TaskTemplate' in Spec) return 'services';
  return 'Role' in Spec ? 'nodes' : undefined;
}

/** `this looks like GET /tasks, not GET /services` where the list is of another kind than wanted; else undefined. */
export function otherKind(list: readonly unknown[], wanted: ListKind): string | undefined {
  const kind = kindOfList(list);
  return kind === undefined || kind === wanted ? undefined : `this looks like GET /${kind}, not GET /${wanted}`;
}
