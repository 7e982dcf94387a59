// A swarm's managers as the store sees them: Docker's API for configs, nodes and events over real unix sockets, one
// for each manager, on one state. What it answers is what dockerd 20.10 and 29 answer; real.test.ts has the same suite
// on the real one.
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

interface Config {
  ID: string;
  Version: { Index: number };
  CreatedAt: string;
  UpdatedAt: string;
  Spec: { Name: string; Labels: Record<string, string>; Data: string };
}

type Answer = readonly [status: number, body?: unknown];

const NO_LEADER =
  "rpc error: code = Unknown desc = The swarm does not have a leader. It's possible that too few managers are " +
  'online. Make sure more than half of the managers are online.';
/** swarmkit, manager/controlapi: names of configs. */
const NAME = /^[a-zA-Z0-9]+(?:[a-zA-Z0-9-_.]*[a-zA-Z0-9])?$/;
/** swarmkit, manager/state/raft: the largest proposal. */
const MOST_BYTES = 1.5 * 1024 * 1024;

/** The state that Swarm's raft keeps. */
export class Swarm {
  readonly configs = new Map<string, Config>();
  nodes: { ID: string; Description: { Hostname: string }; Status: { State: string; Addr?: string } }[] = [];
  readonly managers: Manager[] = [];
  /** Whether a majority of managers can hear each other. */
  hasMajority = true;
  /** What the leader's clock shows; the machine's own unless it is set. */
  now: number | undefined;
  /** Bytes of all entries that were written. */
  bytes = 0;
  writes = 0;
  #index = 10;
  #made = 0;

  static async start(managers = 1): Promise<Swarm> {
    const swarm = new Swarm();
    for (let n = 0; n < managers; n++) swarm.managers.push(await Manager.start(swarm));
    return swarm;
  }

  async stop(): Promise<void> {
    await Promise.all(this.managers.map((manager) => manager.stop()));
  }

  /** By what its name begins with; the one, or undefined. */
  find(prefix: string): Config | undefined {
    return [...this.configs.values()].find(({ Spec }) => Spec.Name.startsWith(prefix));
  }

  setState(node: string, state: string): void {
    for (const each of this.nodes) if (each.ID === node) each.Status.State = state;
    this.tell('node', 'update', node);
  }

  tell(type: string, action: string, id: string): void {
    const event = { Type: type, Action: action, Actor: { ID: id, Attributes: {} } };
    for (const manager of this.managers) manager.tell(event);
  }

  create({ Name, Labels, Data }: Config['Spec']): Answer {
    if (!NAME.test(Name) || Name.length > 64)
      return [400, { message: 'rpc error: code = InvalidArgument desc = invalid name' }];
    const bytes = Buffer.from(Data ?? '', 'base64').length;
    if (bytes < 1 || bytes >= 1000 * 1024)
      return [400, { message: 'rpc error: code = InvalidArgument desc = config data must be larger than 0' }];
    if (this.find(Name)?.Spec.Name === Name || [...this.configs.values()].some(({ Spec }) => Spec.Name === Name))
      return [409, { message: `rpc error: code = AlreadyExists desc = config ${Name} already exists` }];
    const ID = (this.#made++).toString(36).padStart(25, '0');
    const at = new Date(this.now ?? Date.now()).toISOString();
    const Spec = { Name, Labels: { ...Labels }, Data };
    const config = { ID, Version: { Index: 0 }, CreatedAt: at, UpdatedAt: at, Spec };
    const refused = this.#commit(config);
    if (refused !== undefined) return refused;
    this.configs.set(ID, config);
    this.tell('config', 'create', ID);
    return [201, { ID }];
  }

  update(id: string, version: number, { Name, Labels, Data }: Config['Spec']): Answer {
    const config = this.configs.get(id);
    if (config === undefined) return [404, { message: `rpc error: code = NotFound desc = config ${id} not found` }];
    if (Name !== config.Spec.Name || (Data !== undefined && Data !== config.Spec.Data))
      return [400, { message: 'rpc error: code = InvalidArgument desc = only updates to Labels are allowed' }];
    if (version !== config.Version.Index)
      return [500, { message: 'rpc error: code = Unknown desc = update out of sequence' }];
    const changed = { ...config, Version: { Index: 0 }, Spec: { ...config.Spec, Labels: { ...Labels } } };
    const refused = this.#commit(changed);
    if (refused !== undefined) return refused;
    this.configs.set(id, changed);
    this.tell('config', 'update', id);
    return [200];
  }

  remove(id: string): Answer {
    const config = this.configs.get(id) ?? [...this.configs.values()].find(({ Spec }) => Spec.Name === id);
    if (config === undefined) return [404, { message: `config ${id} not found` }];
    this.configs.delete(config.ID);
    this.#index++;
    this.tell('config', 'remove', config.ID);
    return [204];
  }

  #commit(config: Config): Answer | undefined {
    const bytes = Buffer.byteLength(JSON.stringify(config.Spec));
    if (bytes > MOST_BYTES) return [500, { message: 'rpc error: code = Unknown desc = raft message is too large' }];
    this.bytes += bytes;
    this.writes++;
    config.Version.Index = ++this.#index;
    return undefined;
  }
}

/** One manager's socket, and what can go wrong on the way to it. */
export class Manager {
  readonly socket: string;
  /** Paths asked for, with their method. */
  readonly asked: string[] = [];
  /** Takes connections and never answers. */
  isSilent = false;
  /** Changes are made, and their answers get lost. */
  isDeaf = false;
  /** Changes wait here until they are let go. */
  held: (() => void)[] | undefined;
  /** Whether it tells what happens. */
  isTelling = true;
  isManager = true;
  state = 'active';
  /** This node's, and the managers as it knows them. */
  id = 'm'.repeat(25);
  address = '127.0.0.1';
  known: string[] = [];
  /** Milliseconds before each answer. */
  delay = 0;
  readonly #swarm: Swarm;
  readonly #server: Server;
  readonly #folder: string;
  readonly #listening = new Set<ServerResponse>();

  private constructor(swarm: Swarm, folder: string) {
    this.#swarm = swarm;
    this.#folder = folder;
    this.socket = join(folder, 'docker.sock');
    // dockerd closes no connection by itself.
    this.#server = createServer({ keepAliveTimeout: 0 }, (request, response) => void this.#serve(request, response));
  }

  static async start(swarm: Swarm): Promise<Manager> {
    const manager = new Manager(swarm, await mkdtemp(join(tmpdir(), 'limpet-managers-')));
    await new Promise<void>((resolve) => manager.#server.listen(manager.socket, resolve));
    return manager;
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
    await rm(this.#folder, { recursive: true });
  }

  tell(event: object): void {
    if (this.isTelling) for (const response of this.#listening) response.write(`${JSON.stringify(event)}\n`);
  }

  /** Ends what listens for events. */
  hangUp(): void {
    for (const response of this.#listening) response.destroy();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url as string, 'http://docker');
    const path = url.pathname.replace(/^\/v[\d.]+/, '');
    this.asked.push(`${request.method} ${path}`);
    for (const end of [request, response]) end.on('error', () => {}); // whoever asked has gone
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    if (this.isSilent) return;
    if (this.delay > 0) await new Promise((resolve) => setTimeout(resolve, this.delay));
    if (path === '/events') {
      response.writeHead(200, { 'Content-Type': 'application/json' }).flushHeaders();
      this.#listening.add(response);
      response.on('error', () => {}).on('close', () => this.#listening.delete(response));
      return;
    }
    if (request.method === 'POST' && this.held !== undefined)
      await new Promise<void>((resolve) => this.held?.push(resolve));
    const body = parts.length === 0 ? undefined : JSON.parse(Buffer.concat(parts).toString());
    const [status, answer] = this.#answer(request.method as string, path, url.searchParams, body);
    if (request.method === 'POST' && this.isDeaf) return void response.destroy();
    response.writeHead(status, { 'Content-Type': 'application/json' });
    response.end(answer === undefined ? '' : JSON.stringify(answer));
  }

  #answer(method: string, path: string, query: URLSearchParams, body: any): Answer {
    if (path === '/version') return [200, { ApiVersion: '1.41' }];
    if (path === '/info') {
      const RemoteManagers = this.known.map((host) => ({ NodeID: host, Addr: `${host}:2377` }));
      const Swarm = {
        NodeID: this.state === 'active' ? this.id : '',
        LocalNodeState: this.state,
        ControlAvailable: this.isManager,
        NodeAddr: this.address,
        RemoteManagers,
      };
      return [200, { Name: 'n', ServerVersion: '20.10.24', Swarm }];
    }
    if (path === '/containers/json' || path === '/networks') return [200, []];
    if (!this.isManager) return [503, { message: 'This node is not a swarm manager. Worker nodes can not view.' }];
    if (!this.#swarm.hasMajority) return [500, { message: NO_LEADER }];
    if (path === '/nodes') return [200, this.#swarm.nodes];
    if (path === '/tasks' || path === '/services') return [200, []];
    if (path === '/configs') {
      const { name = [''] } = JSON.parse(query.get('filters') ?? '{}');
      return [200, [...this.#swarm.configs.values()].filter(({ Spec }) => Spec.Name.startsWith(name[0]))];
    }
    if (path === '/configs/create') return this.#swarm.create(body);
    const [, id = '', action] = /^\/configs\/([^/]+)(\/update)?$/.exec(path) ?? [];
    if (method === 'DELETE') return this.#swarm.remove(id);
    if (action !== undefined) return this.#swarm.update(id, Number(query.get('version')), body);
    const found = this.#swarm.configs.get(id) ?? [...this.#swarm.configs.values()].find(({ Spec }) => Spec.Name === id);
    return found === undefined ? [404, { message: `config ${id} not found` }] : [200, found];
  }
}
