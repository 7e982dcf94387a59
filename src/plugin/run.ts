// Runs the plugin as a process: settings as text, until a signal ends it. The one module that the command line loads,
// and only when it is asked for the plugin: Docker's client, etcd's and the rest come with it.

import { quote } from '../host/address.js';
import { LimpetError } from '../host/errors.js';
import { parseDuration } from '../service/policy.js';
import { DEFAULT_WAITS } from '../tickets/waits.js';
import type { Parts } from './assembly.js';
import { LOG_LEVELS, type LogLevel, type PluginOptions, parsePools } from './options.js';
import { startPlugin } from './plugin.js';
import type { Mount } from './server.js';

/** Everything as an operator writes it. */
export interface Settings {
  readonly store: string;
  readonly socket: string;
  readonly docker: string;
  readonly state: string;
  readonly logLevel: string;
  readonly globalPools: string;
  readonly localPools: string;
  readonly homeWait: string;
  readonly dockerWait: string;
  readonly sweepAfter: string;
  readonly node?: string;
  readonly metrics?: string;
  readonly metricsNames?: string;
}

/**
 * Serves until SIGTERM or SIGINT, then ends in good order.
 * @param mount what else is to answer on the plugin's socket
 * @throws LimpetError BAD_INPUT naming the setting, LOCKED; system errors of the socket
 */
export async function run(settings: Settings, mount: (parts: Parts) => Mount): Promise<void> {
  const plugin = await startPlugin(optionsOf(settings), mount);
  await new Promise<void>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve());
  });
  await plugin.close();
}

function optionsOf(settings: Settings): PluginOptions {
  const { node, metrics, metricsNames } = settings;
  return {
    store: settings.store,
    socket: settings.socket,
    docker: settings.docker,
    stateFile: settings.state,
    logLevel: levelOf(settings.logLevel),
    pools: { global: parsePools(settings.globalPools), local: parsePools(settings.localPools) },
    waits: {
      ...DEFAULT_WAITS,
      home: homeWaitOf(settings.homeWait),
      docker: dockerWaitOf(settings.dockerWait),
      sweep: durationOf(settings.sweepAfter),
    },
    ...(node === undefined ? {} : { node }),
    ...(metrics === undefined ? {} : { metrics }),
    ...(metricsNames === undefined ? {} : { metricsNames: metricsNames.split(',').map((name) => name.trim()) }),
  };
}

function levelOf(text: string): LogLevel {
  const level = LOG_LEVELS.find((each) => each === text);
  if (level !== undefined) return level;
  throw new LimpetError('BAD_INPUT', `${quote(text)} is not a valid log level: there are ${LOG_LEVELS.join(', ')}`, {
    value: text,
  });
}

/** Docker waits 30 s for an address. */
const MOST_HOME_WAIT = 20_000;

function homeWaitOf(text: string): number {
  const wait = durationOf(text);
  if (wait <= MOST_HOME_WAIT) return wait;
  const message = `${quote(text)} is too long to wait for the first container: at most 20s, since Docker waits 30 s`;
  throw new LimpetError('BAD_INPUT', message, { value: text });
}

/** A call of Docker's asks it more than once, and has to end before Docker gives up. */
const MOST_DOCKER_WAIT = 5000;

function dockerWaitOf(text: string): number {
  const wait = durationOf(text);
  if (wait > 0 && wait <= MOST_DOCKER_WAIT) return wait;
  const message = `${quote(text)} is no time to wait for an answer of Docker's: more than 0, and at most 5s`;
  throw new LimpetError('BAD_INPUT', message, { value: text });
}

function durationOf(text: string): number {
  const duration = parseDuration(text);
  if (duration !== undefined) return duration;
  throw new LimpetError('BAD_INPUT', `${quote(text)} is not a valid duration: write it like 500ms, 5s or 1m`, {
    value: text,
  });
}
