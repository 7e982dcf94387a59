// The containers of one Docker, as it keeps them, and as it lists them: the list shows more and less than is true.

import type { Container } from '../../docker/shapes.js';

export interface EngineContainer {
  readonly id: string;
  name: string;
  /** The name that it was made with. */
  readonly bornAs: string;
  /** As it is listed. */
  state: 'created' | 'running' | 'exited';
  readonly created: number;
  readonly task: Container['task'];
  /** The network as its user or Swarm named it. */
  readonly network: string;
  readonly networkId: string;
  /** What its configuration asks for: a task's ticket, a user's `--ip`, or empty. */
  asked: string;
  /** Whether the list says what it asks for: Docker before 29 keeps what Swarm gave a plain container to itself. */
  tellsAsked: boolean;
  /** What is listed; stale after a start that has failed. Empty while it is being started. */
  shown: string;
  /** What its interface has, from the plugin's answer to the end of its process: the truth, which no list tells. */
  has: string;
  /** When it last began to ask for an address: true time. */
  asks: number;
  /** When the plugin has answered with that: milliseconds since the epoch, true time. */
  since: number;
  /** When it gave the last one back, before the plugin had answered: true time. */
  until: number;
  /** It comes back when Docker does. */
  readonly restarts: boolean;
  readonly labels?: Readonly<Record<string, string>> | undefined;
  /** It was asked to run, and not to stop. */
  isWanted: boolean;
  /** It is being started or stopped: Docker lets nobody else do anything with it. */
  isBusy: boolean;
}

/** As `GET /containers/json?all=1`, read by `src/docker/read.ts`. */
export function listed(container: EngineContainer): Container {
  const { id, name, state, created, task, network, networkId, asked, tellsAsked, shown, labels } = container;
  const wasStarted = state !== 'created' || shown !== '' || task !== undefined;
  const endpoint = {
    network,
    networkId: wasStarted ? networkId : '',
    asked: asked !== '' && tellsAsked ? [asked] : [],
    addresses: shown === '' ? [] : [shown],
  };
  const said = labels === undefined ? {} : { labels };
  const read = { id, name, state, created: Math.floor(created / 1000) * 1000, endpoints: [endpoint], ...said };
  return task === undefined ? read : { ...read, task };
}
