// The way from one plugin to another, as a worker's end (managers.ts) and a manager's (node-swarm.ts) need it. Over TLS
// it is tls-line.ts and gateway.ts; a simulation has another.

import type { SwarmListener } from '../../../docker/swarm-api.js';
import type { Answers } from './answers.js';
import type { CallName } from './calls.js';

/** What went wrong with one manager. */
export interface Failure {
  readonly error: Error;
  /** Whether it can have done what it was asked. */
  readonly isHeard: boolean;
}

/** A worker's end. */
export interface Line {
  /** Asks the plugin of one manager. Never rejects. */
  ask(host: string, call: CallName, input: unknown): Promise<{ readonly answer: unknown } | Failure>;
  /** What happens, as that manager hears of it, until one of them ends it. False when it does not tell. */
  listen(host: string, signal: AbortSignal, listener: SwarmListener): Promise<boolean>;
  close(): void;
}

/** A manager's end. */
export interface Gate {
  /** @throws LimpetError UNAVAILABLE (the certificates); system errors of the address. Answers where it listens */
  listen(address: string): Promise<string>;
  /** Takes what Docker has renewed. @throws LimpetError UNAVAILABLE */
  renew(): Promise<void>;
  close(): Promise<void>;
}

/** Who makes the two ends. */
export interface Lines {
  readonly line: Line;
  /** Undefined for a process that answers nobody: a command of an operator's. */
  readonly gate: ((answers: Answers) => Gate) | undefined;
}
