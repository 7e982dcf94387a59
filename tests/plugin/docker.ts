// Docker's API as the plugin's tests need it: a real HTTP server on a unix socket that answers from recordings or from
// a state that the test changes. It knows Docker's words only, and nothing of what is tested.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface State {
  containers: any[];
  networks: any[];
  tasks: any[];
  services: any[];
  nodes: any[];
  info: any;
  /** What `GET /networks/ID` answers, by ID. */
  networkDetails: Record<string, any>;
}

const PATHS: Record<string, Exclude<keyof State, 'networkDetails'>> = {
  '/containers/json': 'containers',
  '/networks': 'networks',
  '/tasks': 'tasks',
  '/services': 'services',
  '/nodes': 'nodes',
  '/info': 'info',
};

export class Docker {
  readonly socket: string;
  readonly state: State;
  /** Takes connections and never answers, as dockerd does while it starts. */
  silent = false;
  /** Lists that are never answered, while others are: after its start Docker waits for the swarm's raft. */
  readonly waiting = new Set<keyof State>();
  /** The only version that is answered; others are refused as Docker refuses them. */
  version = '1.41';
  /** Paths asked for, with their query. */
  readonly asked: string[] = [];
  readonly #folder: string;
  readonly #server: Server;

  private constructor(folder: string, state: Partial<State>) {
    this.#folder = folder;
    this.socket = join(folder, 'docker.sock');
    this.state = {
      containers: [],
      networks: [],
      tasks: [],
      services: [],
      nodes: [],
      info: info('node-1'),
      networkDetails: {},
      ...state,
    };
    this.#server = createServer((request, response) => {
      this.asked.push(request.url as string);
      if (this.silent || this.#isWaiting(request.url as string)) return;
      const [status, body] = this.#answer(new URL(request.url as string, 'http://docker').pathname);
      response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
    });
  }

  static async start(state: Partial<State> = {}): Promise<Docker> {
    const docker = new Docker(await mkdtemp(join(tmpdir(), 'limpet-docker-')), state);
    await new Promise<void>((resolve) => docker.#server.listen(docker.socket, resolve));
    return docker;
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
    await rm(this.#folder, { recursive: true });
  }

  /** Puts a container in the list, in the place of one with the same name. */
  put(container: any): void {
    this.remove(container.Names[0].slice(1));
    this.state.containers.push(container);
  }

  remove(name: string): void {
    this.state.containers = this.state.containers.filter(({ Names }) => Names[0] !== `/${name}`);
  }

  #isWaiting(url: string): boolean {
    const { pathname } = new URL(url, 'http://docker');
    const what = PATHS[pathname.replace(/^\/v[\d.]+/, '')];
    return what !== undefined && this.waiting.has(what);
  }

  #answer(path: string): [number, unknown] {
    if (path === '/version') return [200, { ApiVersion: this.version }];
    const [, version, rest = path] = /^\/v([\d.]+)(\/.*)$/.exec(path) ?? [];
    if (version !== undefined && version !== this.version) {
      return [400, { message: `client version ${version} is not ${this.version}` }];
    }
    const detail = this.state.networkDetails[/^\/networks\/(.+)$/.exec(rest)?.[1] ?? ''];
    if (detail !== undefined) return [200, detail];
    const what = PATHS[rest];
    return what === undefined ? [404, { message: 'page not found' }] : [200, this.state[what]];
  }
}

export function info(name: string, { manager = true } = {}): any {
  return {
    Name: name,
    ServerVersion: '20.10.24',
    Swarm: { NodeID: `id-${name}`, LocalNodeState: 'active', ControlAvailable: manager, Nodes: 3 },
  };
}

export function network(
  name: string,
  subnet: string,
  { scope = 'swarm', driver = 'limpet:latest', gateway = '' } = {},
): any {
  const config = gateway === '' ? { Subnet: subnet } : { Subnet: subnet, Gateway: gateway };
  return { Id: `id-${name}`, Name: name, Scope: scope, Driver: 'overlay', IPAM: { Driver: driver, Config: [config] } };
}

interface Where {
  network?: string;
  /** What its configuration asks for: a task's ticket, or a user's `--ip`. */
  asked?: string | undefined;
  /** What it has. */
  address?: string | undefined;
  state?: string;
  created?: number;
}

const isV6 = (address: string | undefined) => address?.includes(':') === true;

/** A container as `GET /containers/json` lists it. */
export function container(
  name: string,
  { network: on = 'web', asked, address, state, created = 1e9 }: Where = {},
): any {
  const family = isV6(asked ?? address) ? 'IPv6Address' : 'IPv4Address';
  return {
    Id: `id-of-${name}`,
    Names: [`/${name}`],
    State: state ?? (address === undefined ? 'created' : 'running'),
    Created: created,
    Labels: {},
    NetworkSettings: {
      Networks: {
        [on]: {
          IPAMConfig: asked === undefined ? null : { [family]: asked },
          NetworkID: `id-${on}`,
          IPAddress: isV6(address) ? '' : (address ?? ''),
          GlobalIPv6Address: isV6(address) ? address : '',
        },
      },
    },
  };
}

/** The container of a task: `web.3.<task ID>`. */
export function taskContainer(service: string, slot: number | string, task: string, where: Where = {}): any {
  const name = `${service}.${slot}.${task}`;
  return {
    ...container(name, where),
    Labels: {
      'com.docker.swarm.task.id': task,
      'com.docker.swarm.task.name': name,
      'com.docker.swarm.service.name': service,
      'com.docker.swarm.service.id': `id-${service}`,
    },
  };
}

/** A recorded answer of Docker's. */
export async function recorded(step: string, file: string): Promise<any> {
  return JSON.parse(await readFile(new URL(`../fixtures/swarm/${step}/${file}.json`, import.meta.url), 'utf8'));
}
