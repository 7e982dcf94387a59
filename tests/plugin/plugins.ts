// A whole plugin in this process, on a socket of its own, for tests and for the bench.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { operations } from '../../src/cli/serve.js';
import { DEFAULTS, type PluginOptions, parsePools, startPlugin } from '../../src/plugin/index.js';
import { DEFAULT_WAITS } from '../../src/tickets/waits.js';
import { upToDate } from '../fresh.js';
import { Client } from './client.js';

await upToDate('bundles');

export interface Started {
  readonly client: Client;
  readonly folder: string;
  readonly socket: string;
  /** What was logged, a parsed line each. */
  readonly lines: any[];
  stop(): Promise<void>;
  /** Stops it but keeps its folder, for another one to start there. */
  pause(): Promise<void>;
}

export async function plugin(docker: string, options: Partial<PluginOptions> = {}, at?: string): Promise<Started> {
  const folder = at ?? (await mkdtemp(join(tmpdir(), 'limpet-plugin-')));
  const socket = join(folder, 'limpet.sock');
  const lines: any[] = [];
  const settings: PluginOptions = {
    store: 'memory:',
    socket,
    docker,
    node: 'node-1',
    stateFile: join(folder, 'host.json'),
    logLevel: 'info',
    pools: { global: parsePools(DEFAULTS.globalPools), local: parsePools(DEFAULTS.localPools) },
    waits: { ...DEFAULT_WAITS, docker: 400, home: 700, store: 1000 },
    logTo: { write: (line) => void lines.push(JSON.parse(line)) },
    ...options,
  };
  const running = await startPlugin(settings, operations).catch(async (error: unknown) => {
    if (at === undefined) await rm(folder, { recursive: true });
    throw error;
  });
  const client = new Client(socket);
  const stop = async () => {
    client.close();
    await running.close();
  };
  return {
    client,
    folder,
    socket,
    lines,
    pause: stop,
    async stop() {
      await stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Waits until something is so. */
export async function until(what: string, check: () => boolean | Promise<boolean>, most = 5000): Promise<void> {
  const end = performance.now() + most;
  while (!(await check())) {
    if (performance.now() > end) throw new Error(`never came true: ${what}`);
    await pause(20);
  }
}
