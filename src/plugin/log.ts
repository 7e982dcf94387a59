// The log: one JSON line for each decision, with who, which address, where and why. Docker keeps a managed plugin's
// standard error in its own log. Whatever names are in it, a line is one line, and a terminal may show it.

import { type Logger, pino } from 'pino';
import { visibleJson } from '../host/visible.js';
import type { Decision, StoreEvent } from '../service/index.js';
import type { Told } from '../tickets/told.js';
import type { LogLevel } from './options.js';

export type Log = Logger;

export function openLog(level: LogLevel, to?: { write(line: string): void }): Log {
  const timestamp = pino.stdTimeFunctions.isoTime;
  const options = { level, base: null, timestamp, formatters: { level: name }, hooks: { streamWrite: visibleJson } };
  return pino(options, to ?? standardError());
}

/** What cannot be written, on a full disk or to a pipe that nobody reads, is lost: addresses are given all the same. */
function standardError() {
  return pino.destination({ dest: 2, sync: true }).on('error', () => {});
}

function name(label: string): { level: string } {
  return { level: label };
}

export function logTold(log: Log, { level, why, ...line }: Told): void {
  log[level](line, why);
}

/**
 * Decisions of the service: those that the plugin asked for are told by it, with what it knows beside; the others here.
 */
export function logDecision(log: Log, decision: Decision): void {
  const { why, event, ...rest } = decision;
  if (event === 'reclaim' || event === 'settings') log.info({ event, ...rest }, why);
  else if (event === 'sweep-failed') log.warn({ event, ...rest }, why);
  else log.debug({ event, ...rest }, why);
}

export function logStore(log: Log, { level, message, details }: StoreEvent): void {
  log[level]({ event: 'store', ...details }, message);
}
