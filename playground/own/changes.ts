// Which replicas have changed their address, as a task list tells: one slot's tasks, from the oldest to the newest.

import type { Given } from './rebuild.js';

export interface AddressChange {
  readonly identity: string;
  /** The addresses one after the other, at least two. */
  readonly addresses: readonly string[];
}

interface TaskLike {
  readonly ServiceID?: unknown;
  readonly Slot?: unknown;
  readonly NodeID?: unknown;
  readonly CreatedAt?: unknown;
  readonly NetworksAttachments?: unknown;
}

interface Had {
  readonly at: string;
  readonly address: string;
}

/** The replicas of a network whose newest task has another address than an older one, by name. */
export function addressChanges({ tasks, services }: Given, networkId: string): AddressChange[] {
  const names = namesOf(services?.list ?? []);
  const had = new Map<string, Had[]>();
  for (const record of tasks?.records ?? []) {
    const task = (record ?? {}) as TaskLike;
    const address = addressOn(task, networkId);
    if (address === undefined || typeof task.ServiceID !== 'string') continue;
    const key = typeof task.Slot === 'number' && task.Slot > 0 ? task.Slot : String(task.NodeID ?? '');
    const identity = `${names.get(task.ServiceID) ?? task.ServiceID}.${key}`;
    const list = had.get(identity) ?? [];
    list.push({ at: String(task.CreatedAt ?? ''), address });
    had.set(identity, list);
  }
  return [...had]
    .flatMap(([identity, list]) => {
      const inTime = list.sort((a, b) => (a.at < b.at ? -1 : 1)).map(({ address }) => address);
      const addresses = inTime.filter((address, n) => address !== inTime[n - 1]);
      return addresses.length < 2 ? [] : [{ identity, addresses }];
    })
    .sort((a, b) => a.identity.localeCompare(b.identity, 'en', { numeric: true }));
}

function namesOf(services: readonly unknown[]): Map<string, string> {
  const names = new Map<string, string>();
  for (const service of services) {
    const { ID, Spec } = (service ?? {}) as { ID?: unknown; Spec?: { Name?: unknown } };
    if (typeof ID === 'string' && typeof Spec?.Name === 'string') names.set(ID, Spec.Name);
  }
  return names;
}

function addressOn({ NetworksAttachments }: TaskLike, networkId: string): string | undefined {
  if (!Array.isArray(NetworksAttachments)) return undefined;
  const found = NetworksAttachments.find((attachment) => attachment?.Network?.ID === networkId);
  const address = found?.Addresses?.[0];
  return typeof address === 'string' ? address.replace(/\/\d+$/, '') : undefined;
}
