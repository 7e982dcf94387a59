// What the tests of the operator's side stand on: a service, its operations behind a real unix socket, and the built
// command line as a process of its own that asks there.

import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Docker } from '../../src/docker/index.js';
import { AllocatorService, type Clock, MemoryStore, systemClock } from '../../src/entries/service.js';
import { shellWord } from '../../src/host/visible.js';
import { adminHandler, type OperateEnvironment } from '../../src/operate/index.js';
import { upToDate } from '../fresh.js';
import { cliPath } from '../limpet.js';

await upToDate('bundles');

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A clock that stands still until it is turned; nothing is ever due by itself. */
class StandingClock implements Clock {
  time = Date.UTC(2026, 10, 22, 12);
  now(): number {
    return this.time;
  }
  elapsed(): number {
    return this.time;
  }
  after(): () => void {
    return () => {};
  }
  readonly alarm = systemClock.alarm;
  readonly sleep = systemClock.sleep;
  readonly random = systemClock.random;
}

/** Commands that open a store themselves keep this host's ID here, and not in the machine's own folder. */
const stateFolder = mkdtempSync(join(tmpdir(), 'limpet-state-'));
process.on('exit', () => rmSync(stateFolder, { recursive: true, force: true }));

/** Runs the built command line. Its environment is bare, so that nothing of this machine's shows. */
export function limpet(args: readonly string[], environment: NodeJS.ProcessEnv = {}): Promise<Ran> {
  const env = {
    PATH: process.env.PATH,
    LIMPET_PLUGIN_FOLDER: '/nonexistent',
    LIMPET_STATE: join(stateFolder, 'host.json'),
    ...environment,
  };
  const child = spawn(process.execPath, [cliPath, ...args], { env });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text) => (stderr += text));
  child.stdin.end();
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, stdout, stderr })));
}

const ASKING = ['reclaim', 'forget', 'import'];

/**
 * Runs the built command line on a terminal of its own, and types `typed` once the screen shows a question; after
 * `until` it is stopped. Answers what the screen got.
 */
export async function onTerminal(
  args: readonly string[],
  { typed = '', until, columns = 80 }: { typed?: string; until?: RegExp; columns?: number } = {},
): Promise<{ code: number | null; screen: string }> {
  const words = [process.execPath, cliPath, ...args].map(shellWord).join(' ');
  const env = { PATH: process.env.PATH, TERM: 'xterm', LIMPET_STATE: join(stateFolder, 'host.json') };
  const child = spawn('script', ['-qefc', `stty cols ${columns}; exec ${words}`, '/dev/null'], { env });
  let screen = '';
  let answered = false;
  child.stdout.setEncoding('utf8').on('data', (text) => {
    screen += text;
    if (!answered && screen.includes('[y/N]')) {
      answered = true;
      child.stdin.write(typed);
    }
    if (until?.test(screen)) child.kill();
  });
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { code, screen };
}

export class Rig {
  readonly folder = mkdtempSync(join(tmpdir(), 'limpet-admin-'));
  readonly socket = join(this.folder, 'limpet.sock');
  readonly dockerSocket = join(this.folder, 'docker.sock');
  readonly clock = new StandingClock();
  readonly store = new MemoryStore();
  service!: AllocatorService;
  /** What the handler is given; a test can put a failure in its place. */
  context!: () => OperateEnvironment;
  readonly #server = createServer((request, response) => {
    if (!this.#handler(request, response)) response.writeHead(404).end('not the handler’s affair');
  });
  readonly #handler = adminHandler(() => this.context());

  static async start(more: Partial<OperateEnvironment> = {}): Promise<Rig> {
    const rig = new Rig();
    rig.service = await AllocatorService.open(rig.store, { clock: rig.clock });
    const { service, store } = rig;
    rig.context = () => ({
      service,
      store,
      host: 'node-1',
      nodeOf: () => 'node-1',
      isStarting: () => false,
      docker: new Docker({ host: rig.dockerSocket }),
      version: '1.2.3',
      clock: rig.clock,
      notes: [],
      ...more,
    });
    await new Promise<void>((resolve) => rig.#server.listen(rig.socket, resolve));
    return rig;
  }

  /** The command line, asking this rig. What asks before it does something is agreed to. */
  limpet(...words: string[]): Promise<Ran> {
    const [name = '', ...args] = words;
    const yes = ASKING.includes(name) ? ['--yes'] : [];
    return limpet([name, ...yes, '--socket', this.socket, ...args]);
  }

  /** The same, with `--json`, parsed. */
  async json(...words: string[]): Promise<any> {
    const [name = '', ...args] = words;
    const { stdout, stderr } = await this.limpet(name, '--json', ...args);
    if (stderr !== '') throw new Error(stderr);
    return JSON.parse(stdout);
  }

  /** A request past the command line. */
  raw(method: string, path: string, body: string | Buffer = ''): Promise<{ status: number; body: string }> {
    return new Promise((resolve, reject) => {
      const asked = request({ socketPath: this.socket, path, method, agent: false }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk) => (text += chunk));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body: text }));
      });
      asked.on('error', reject).end(body);
    });
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
    await this.service.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
