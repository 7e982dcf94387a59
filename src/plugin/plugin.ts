// Puts the plugin together and runs it: the socket at once, then the node's name and the store, then looks at what runs here.

import { mkdir } from 'node:fs/promises';
import type { Server } from 'node:http';
import { dirname } from 'node:path';
import packageJson from '../../package.json' with { type: 'json' };
import { Coalesced } from '../docker/coalesced.js';
import { type DockerApi, DockerodeApi } from '../docker/index.js';
import { Networks } from '../docker/networks.js';
import { type AdminContext, adminHandler } from '../operate/index.js';
import type { Store } from '../service/index.js';
import type { Context } from '../tickets/context.js';
import { Driver } from '../tickets/driver.js';
import { Tenants } from '../tickets/tenants.js';
import { type Health, healthMount, serveMetrics } from './health.js';
import { type Log, openLog } from './log.js';
import { Looks } from './looks.js';
import { Metrics } from './metrics.js';
import type { PluginOptions } from './options.js';
import { listen, makeServer } from './server.js';
import { Situation } from './situation.js';

export interface RunningPlugin {
  readonly socket: string;
  /** Ends at once what is not under way, and what is within the deadline of a call; the node's live marks end with it. */
  close(): Promise<void>;
}

/** @throws LimpetError LOCKED (the socket is in use), BAD_INPUT; system errors of the socket and the metrics' address */
export async function startPlugin(options: PluginOptions): Promise<RunningPlugin> {
  const log = openLog(options.logLevel, options.logTo);
  const docker = new DockerodeApi({ host: options.docker, deadline: options.waits.docker });
  const situation = new Situation(options, docker, log);
  const metrics = new Metrics(() => situation.openService);
  situation.onReclaim = (why) => metrics.reclaimed.inc({ why });
  const context: Context = {
    node: situation.node,
    isManager: situation.isManager,
    service: situation.service,
    docker,
    containers: new Coalesced(() => docker.containers()),
    networks: new Networks(docker),
    log,
    metrics,
    waits: options.waits,
    pools: options.pools,
    now: Date.now,
  };
  const tenants = new Tenants(context.now);
  const looks = new Looks(context, tenants, situation);
  const health: Health = () => [situation.missing ?? looks.failed].filter((why) => why !== undefined);
  const mount = healthMount(metrics, health);
  const server = makeServer({
    driver: new Driver(context, tenants),
    log,
    metrics,
    deadline: options.waits.call,
    mounts: [mount, adminHandler(() => adminContext(situation, docker))],
  });
  const watched = options.metrics === undefined ? undefined : await serveMetrics(options.metrics, mount);
  try {
    await mkdir(dirname(options.socket), { recursive: true });
    await listen(server, options.socket);
  } catch (error) {
    watched?.close();
    throw error;
  }
  log.info({ event: 'start', socket: options.socket, store: options.store.replace(/\/\/[^/]*@/, '//…@') }, 'serving');
  const opening = situation.open().then(() => {
    if (situation.missing === undefined) looks.begin();
  });
  return {
    socket: options.socket,
    close: () =>
      close(log, [server, ...(watched ? [watched] : [])], situation, async () => {
        await opening;
        await looks.end();
      }),
  };
}

function adminContext({ service, node, store }: Situation, docker: DockerApi): AdminContext {
  return {
    service: service(),
    store: store as Store,
    node: node(),
    docker,
    version: packageJson.version,
    now: Date.now,
  };
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
