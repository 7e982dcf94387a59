// Puts the plugin together and runs it: the socket at once, then who the host is and the store, then looks at what runs
// here.

import { mkdir } from 'node:fs/promises';
import type { Server } from 'node:http';
import { dirname } from 'node:path';
import { DockerodeApi } from '../docker/client.js';
import { ContainerList } from '../docker/container-list.js';
import { dockerHost } from '../docker/docker-host.js';
import { Networks } from '../docker/networks.js';
import { withoutSecrets } from '../host/secrets.js';
import { systemClock } from '../service/clock.js';
import { unreadableText } from '../service/store.js';
import { Driver } from '../tickets/driver.js';
import type { Environment } from '../tickets/environment.js';
import { Tenants } from '../tickets/tenants.js';
import { type Health, healthMount, serveMetrics } from './health.js';
import { type Log, logTold, openLog } from './log.js';
import { Looks } from './looks.js';
import { Metrics } from './metrics.js';
import type { PluginOptions } from './options.js';
import { listen, type Mount, makeServer } from './server.js';
import { keptBy, Situation } from './situation.js';
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

/** What else is to be on the plugin's socket stands on this. */
export interface Parts {
  readonly situation: Situation;
  readonly environment: Environment;
  readonly tenants: Tenants;
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
  const docker = new DockerodeApi({ ...host, deadline: options.waits.docker, clock });
  const situation = new Situation(options, docker, log, clock, keptBy(options, host));
  const metrics = new Metrics(() => situation.openService);
  situation.onReclaim = (why) => metrics.reclaimed.inc({ why });
  const environment: Environment = {
    clock,
    service: situation.service,
    host: situation.host,
    nodeOf: situation.nodeOf,
    formerNodeOf: situation.formerNodeOf,
    isManager: situation.isManager,
    locate: situation.locate,
    docker,
    containers: new ContainerList(docker, clock),
    networks: new Networks(docker),
    tell: (told) => {
      metrics.count(told);
      logTold(log, told);
    },
    waits: options.waits,
    get pools() {
      return situation.pools();
    },
  };
  const tenants = new Tenants(clock);
  const looks = new Looks(environment, tenants, situation, log, options.waits.reconcile);
  const healthz = healthMount(metrics, () => healthOf(situation, looks));
  const server = makeServer({
    driver: new Driver(environment, tenants),
    log,
    metrics,
    clock,
    deadline: options.waits.call,
    mounts: [healthz, mount({ situation, environment, tenants })],
  });
  await mkdir(dirname(options.socket), { recursive: true });
  await listen(server, options.socket);
  const watched = await metricsOf(options, healthz).catch((error: unknown) => {
    server.close();
    throw error;
  });
  log.info({ event: 'start', socket: options.socket, store: withoutSecrets(options.store) }, 'serving');
  const ended = new AbortController();
  const watching = docker.watch(ended.signal);
  const opening = situation.open().then(() => {
    if (situation.isOpen) looks.begin();
  });
  return {
    socket: options.socket,
    close: () =>
      close(log, [server, ...(watched ? [watched] : [])], situation, async () => {
        ended.abort();
        await opening;
        await looks.end();
        await watching;
      }),
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

async function close(
  log: Log,
  servers: readonly Server[],
  situation: Situation,
  ended: () => Promise<void>,
): Promise<void> {
  const closed = servers.map((server) => new Promise((resolve) => server.close(resolve)));
  for (const server of servers) server.closeIdleConnections();
  await Promise.all(closed);
  await situation.close();
  await ended();
  log.info({ event: 'stop' }, 'ended');
}
