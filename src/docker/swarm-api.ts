// What the swarm store asks of Docker: Swarm's configs, which any manager reads and changes by compare-and-swap, what
// happens to them, and which nodes are down. Managers only.

import type { Node } from './shapes.js';

/** One of Swarm's configs. Its data never changes, its labels do. */
export interface Config {
  readonly id: string;
  readonly name: string;
  /** Grows with every change, of this config and of all others. */
  readonly version: number;
  /** When it was made: milliseconds since the epoch, by the clock of Swarm's leader. */
  readonly created: number;
  readonly labels: Readonly<Record<string, string>>;
  /** As text. */
  readonly data: string;
}

export type NewConfig = Pick<Config, 'name' | 'labels' | 'data'>;

export interface SwarmNode extends Node {
  /** Swarm calls it down, and its Docker does not answer. */
  readonly isGone: boolean;
}

/** Something that Docker tells of the swarm while it happens. */
export interface SwarmEvent {
  readonly type: 'config' | 'node';
  readonly id: string;
  /** `create`, `update`, `remove`. */
  readonly action: string;
}

/** Who listens to what happens. */
export interface SwarmListener {
  /** It is listened for from now on. */
  readonly begun: () => void;
  readonly event: (event: SwarmEvent) => void;
}

/** What this node is in a swarm, and whom it can ask. */
export interface Membership {
  /** `active` inside a swarm. */
  readonly state: string;
  readonly isManager: boolean;
  /** This node's, as the others reach it. An IPv6 address may be in brackets. */
  readonly address: string;
  /** Hosts of the managers as this node knows them; some may be none any more. */
  readonly managers: readonly string[];
}

/**
 * Every method throws LimpetError UNAVAILABLE when there is no answer; of a change `details.outcome` says whether it
 * can have been made.
 */
export interface SwarmApi {
  /** For messages. */
  readonly name: string;
  /** All whose names begin so, as of one moment. */
  configs(prefix: string): Promise<readonly Config[]>;
  /** By ID or whole name; undefined when there is none. */
  config(idOrName: string): Promise<Config | undefined>;
  /** `exists` when the name is taken. */
  createConfig(config: NewConfig): Promise<'done' | 'exists'>;
  /** Other labels, if the config is still as it was read: `stale` when it is not, `gone` when it is not there. */
  updateConfig(config: Config, labels: Config['labels']): Promise<'done' | 'stale' | 'gone'>;
  /** Whatever its version is. One that is not there is as good as removed. */
  removeConfig(id: string): Promise<void>;
  nodes(): Promise<readonly SwarmNode[]>;
  /** Tells `begun` when it listens, and then every event, until the connection or the signal ends. */
  events(signal: AbortSignal, told: SwarmListener): Promise<void>;
  /** Lets go of what it has opened. */
  close?(): Promise<void>;
}
