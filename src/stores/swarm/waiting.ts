// Who waits for a config to be changed (register.ts), and what he is told.

import { LimpetError } from '../../host/errors.js';
import type { Deadline } from '../../service/deadline.js';
import type { Commit } from '../../service/store.js';
import { MOST_BYTES, type Outcome } from './draft.js';

/** What is to be done to the config. */
export interface Work<C> {
  /** For messages. */
  readonly what: string;
  /** Answers `changed`, or leaves the draft as it was. */
  readonly apply: (draft: C) => Outcome;
  /** A mark of its own, where the change came from another process, which asks again when it gets no answer. */
  readonly mark?: string;
}

export interface Waiting<C> {
  readonly work: Work<C>;
  readonly deadline: Deadline;
  readonly settle: (answer: Answer) => void;
  /** The mark of the write that it went out with. */
  sent: string | undefined;
  /** Whether that write may be made without anybody knowing. */
  isUnsure: boolean;
  isOver: boolean;
}

export type Answer = { readonly commit: Commit } | { readonly error: Error };

export function end<C>(waiting: Waiting<C>, answer: Answer): void {
  if (waiting.isOver) return;
  waiting.isOver = true;
  waiting.settle(answer);
}

export function settleAll<C>(all: readonly Waiting<C>[], answer: Answer): void {
  for (const each of all) end(each, answer);
}

export function isGivenUp<C>({ isOver, deadline }: Waiting<C>): boolean {
  return isOver || deadline.passed;
}

export function outcomeOf(error: unknown): unknown {
  return error instanceof LimpetError && error.code === 'UNAVAILABLE' ? error.details.outcome : undefined;
}

/** Another version has written what is there: nothing that is tried again helps. */
export function isDamaged(error: unknown): boolean {
  return error instanceof LimpetError && error.code === 'DAMAGED';
}

/** Of a change that was not sent nothing was made, whatever else was. */
export function asNone(error: Error): Error {
  return outcomeOf(error) === 'none' || isDamaged(error)
    ? error
    : new LimpetError('UNAVAILABLE', error.message, { outcome: 'none' });
}

export function unknown(what: string, cause: unknown): LimpetError {
  const why = (cause as Error).message;
  const message = `it is not known what became of a change of the swarm's configs (${what}): ${why}`;
  return new LimpetError('UNAVAILABLE', message, { outcome: 'unknown', cause });
}

export function tooLate(what: string): LimpetError {
  return new LimpetError('UNAVAILABLE', `no time is left to ${what}: nothing was changed`, { outcome: 'none' });
}

export function tooBig(config: string): LimpetError {
  const message =
    `the config ${config} would have more than ${MOST_BYTES} bytes, and Swarm's raft takes 1.5 MB: free reserved ` +
    'addresses with limpet reclaim, use several networks, or etcd';
  return new LimpetError('FULL', message, {});
}
