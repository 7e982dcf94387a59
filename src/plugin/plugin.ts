// Puts the plugin together and runs it: the socket at once, then who the host is and the store, then looks at what runs
// here.

import { mkdir } from 'node:fs/promises';
import type { Server } from 'node:http';
import { dirname } from 'node:path';
import { Docker } from '../docker/docker.js';
import { dockerHost } from '../docker/docker-host.js';
import { withoutSecrets } from '../host/secrets.js';
import { systemClock } from '../service/clock.js';
import { unreadableText } from '../service/store.js';
import type { Looks } from '../tickets/looks.js';
import type { Told } from '../tickets/told.js';
import { ArpWire } from './arp-wire.js';
import { Assembly, type Parts } from './assembly.js';
import { Connections } from './connections.js';
import { type Health, healthMount, serveMetrics } from './health.js';
import { logTold, openLog } from './log.js';
import { Metrics } from './metrics.js';
import type { PluginOptions } from './options.js';
import { listen, type Mount, makeServer } from './server.js';
import { keptBy, type Situation } from './situation.js';
import { checkStore } from './stores.js';

/** Subnets that health names. */
const MOST_NAMED = 20;

export interface RunningPlugin {
  readonly socket: string;
  /**
   * Ends at once what is not under way, and what is within the deadline of a call; the node's live marks end with it.
   */
  close(): Promise<void>;
}

/**
 * @param mount makes what else answers on the socket: the operators' operations
 * @throws LimpetError LOCKED (the socket is in use), BAD_INPUT (a setting that can never work); system errors of the
 * socket and the metrics' address
 */
export async function startPlugin(
  options: PluginOptions,
  mount: (parts: Parts) => Mount = () => () => false,
): Promise<RunningPlugin> {
  const clock = systemClock;
  const log = openLog(options.logLevel, options.logTo);
  const host = dockerHost(options.docker, (options.environment ?? process.env) as NodeJS.ProcessEnv);
  await checkStore({ options, docker: host });
  const docker = new Docker({ ...host, deadline: options.waits.docker, clock });
  const metrics = new Metrics(() => parts.situation.openService);
  const tell = (told: Told) => {
    metrics.count(told);
    logTold(log, told);
  };
  const parts = new Assembly({
    options,
    clock,
    log,
    docker,
    kept: keptBy(options, host),
    tell,
    wire: new ArpWire(clock),
  });
  const { situation, protocol } = parts;
  const { looks } = protocol;
  situation.onReclaim = (why) => metrics.reclaimed.inc({ why });
  const healthz = healthMount(metrics, () => healthOf(situation, looks));
  const server = makeServer({ protocol, log, metrics, mounts: [healthz, mount(parts)] });
  const connections = new Connections(server);
  await mkdir(dirname(options.socket), { recursive: true });
  await listen(server, options.socket);
  const watched = await metricsOf(options, healthz).catch((error: unknown) => {
    server.close();
    throw error;
  });
  log.info({ event: 'start', socket: options.socket, store: withoutSecrets(options.store) }, 'serving');
  const ended = new AbortController();
  const watching = docker.watch(ended.signal);
  const opening = parts.begin();
  return {
    socket: options.socket,
    close: async () => {
      watched?.close();
      watched?.closeAllConnections();
      const callOff = clock.after(options.waits.call, () => connections.cut());
      await connections.end();
      callOff();
      ended.abort();
      const atRest = protocol.end();
      await situation.close();
      await opening;
      await atRest;
      await watching;
      log.info({ event: 'stop' }, 'ended');
    },
  };
}

/** The store is asked first: while it is away no look is good, and what it says is the reason. */
async function healthOf(situation: Situation, looks: Looks): Promise<Health> {
  const service = situation.openService;
  const why = situation.missing ?? (await service?.whyAway()) ?? looks.failed;
  const damaged = service?.damaged() ?? [];
  const named = damaged.slice(0, MOST_NAMED).map(unreadableText);
  const more = damaged.length > named.length ? [`${damaged.length - named.length} more, see limpet status`] : [];
  return { why: why === undefined ? [] : [why], unreadable: [...named, ...more] };
}

async function metricsOf(
  { metrics, metricsNames = [] }: PluginOptions,
  healthz: ReturnType<typeof healthMount>,
): Promise<Server | undefined> {
  return metrics === undefined ? undefined : serveMetrics({ address: metrics, names: metricsNames }, healthz);
}
