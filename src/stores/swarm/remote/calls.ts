// What a worker's plugin asks a manager's, as JSON over TLS: the questions of swarm-api.ts, by their names.

/** Where managers listen, unless LIMPET_SWARM_PORT says otherwise: Swarm's own port is 2377. */
export const PORT = 2378;

export const PATH = '/limpet/v1/';
export const EVENTS = `${PATH}events`;

/** The largest question: a config with all its labels. */
export const MOST_BYTES = 4_000_000;

export type CallName = 'configs' | 'config' | 'createConfig' | 'updateConfig' | 'nodes';

export const CALLS: readonly CallName[] = ['configs', 'config', 'createConfig', 'updateConfig', 'nodes'];

/** What a manager says instead of an answer. */
export interface Refused {
  readonly error: string;
  /** Of a change: whether it can have been made. */
  readonly outcome: 'none' | 'unknown';
}
