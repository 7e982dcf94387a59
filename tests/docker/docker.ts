// The Docker of the tests: what its API says of containers, networks and tasks, as JSON that a test puts there or that
// was recorded. It knows Docker's words only, and nothing of what is tested. A client of src/docker asks it in process;
// served.ts has the same one on a socket.
import type { Daemon, Question } from '../../src/docker/daemon.js';
import { info } from './json.js';

/** The lists that Docker's API has, and what it says of itself. */
const PATHS = {
  '/containers/json': 'containers',
  '/networks': 'networks',
  '/tasks': 'tasks',
  '/services': 'services',
  '/nodes': 'nodes',
  '/info': 'info',
} as const;

type List = (typeof PATHS)[keyof typeof PATHS];

export type State = Pick<Docker, List | 'elsewhere'>;

/** Only managers have these. */
const OF_MANAGERS: readonly List[] = ['tasks', 'services', 'nodes'];

export class Docker implements Daemon {
  readonly name: string = 'docker';
  containers: any[] = [];
  networks: any[] = [];
  tasks: any[] = [];
  services: any[] = [];
  nodes: any[] = [];
  info: any = info('node-1');
  /** Containers of the other nodes: what the nodes' gossip tells of. */
  elsewhere: any[] = [];
  /** Endpoints of this node that are no container's, by their network's name: the load balancer's end. */
  readonly endpoints = new Map<string, Record<string, any>>();
  /** Takes questions and never answers, as dockerd does while it starts. */
  silent = false;
  /** Lists that are never answered, while others are: after its start Docker waits for the swarm's raft. */
  readonly waiting = new Set<List>();
  #locked: ReadonlySet<string> | undefined;
  #unlocked: (() => void)[] = [];
  /** The only version that is answered; others are refused as Docker refuses them. */
  version = '1.41';
  /** Paths asked for, with version and query. */
  readonly asked: string[] = [];

  constructor(state: Partial<State> = {}) {
    Object.assign(this, state);
  }

  /** Names of containers whose lock Docker holds. Undefined: it lets no question about one container through. */
  get locked(): ReadonlySet<string> | undefined {
    return this.#locked;
  }

  set locked(names: ReadonlySet<string> | undefined) {
    this.#locked = names;
    for (const look of this.#unlocked.splice(0)) look();
  }

  /** Puts a container in the list, in the place of one with the same name. */
  put(container: any): void {
    this.remove(container.Names[0].slice(1));
    this.containers.push(container);
  }

  remove(name: string): void {
    this.containers = this.containers.filter(({ Names }) => Names[0] !== `/${name}`);
  }

  async ask({ path, query = {}, version, signal }: Question): Promise<unknown> {
    const text = new URLSearchParams(query as Record<string, string>).toString();
    const answer = this.answer(`${version === undefined ? '' : `/${version}`}${path}${text && `?${text}`}`);
    if (answer === undefined && this.#locked !== undefined && path.startsWith('/containers/') && !this.silent) {
      await Promise.race([until(signal), new Promise<void>((look) => this.#unlocked.push(look))]);
      return this.ask({ path, query, version, signal });
    }
    if (answer === undefined) return until(signal);
    const { status, body } = answer;
    if (status === 200) return JSON.parse(JSON.stringify(body));
    throw Object.assign(new Error(`(HTTP code ${status}) ${body.message}`), { statusCode: status });
  }

  events({ signal }: Omit<Question, 'path' | 'query'>): Promise<never> {
    return until(signal);
  }

  async isBeingStopped(): Promise<boolean> {
    return false;
  }

  /** What it answers to a GET; undefined when it never does. */
  protected answer(url: string): { readonly status: number; readonly body: any } | undefined {
    this.asked.push(url);
    if (this.silent) return undefined;
    const { pathname } = new URL(url, 'http://docker');
    if (pathname === '/version') return { status: 200, body: { ApiVersion: this.version } };
    const [, version, path = pathname] = /^\/v([\d.]+)(\/.*)$/.exec(pathname) ?? [];
    if (version !== undefined && version !== this.version)
      return refusal(400, `client version ${version} is not ${this.version}`);
    const network = this.networks.find((each) => path === `/networks/${each?.Id}`);
    if (network !== undefined) return { status: 200, body: this.#inspect(network) };
    const [, id] = /^\/containers\/([^/]+)\/json$/.exec(path) ?? [];
    const container = this.containers.find((each) => each?.Id === id);
    if (this.locked !== undefined && container !== undefined)
      return this.locked.has(container.Names[0].slice(1)) ? undefined : { status: 200, body: { Id: id } };
    const list = PATHS[path as keyof typeof PATHS];
    if (list === undefined) return refusal(404, 'page not found');
    if (this.waiting.has(list)) return undefined;
    if (OF_MANAGERS.includes(list) && !this.info.Swarm.ControlAvailable)
      return refusal(503, 'This node is not a swarm manager.');
    return { status: 200, body: this[list] };
  }

  /** As `GET /networks/ID?verbose=true` answers: Docker's list of networks leaves containers and services out. */
  #inspect(network: any): any {
    const running = [...this.containers, ...this.elsewhere].filter(({ State }) => State === 'running');
    const Services: any = {};
    for (const { Names, NetworkSettings, Labels } of running) {
      const endpoint = NetworkSettings.Networks[network.Name];
      if (endpoint === undefined) continue;
      const service = Labels['com.docker.swarm.service.name'] ?? '';
      Services[service] ??= { VIP: '<nil>', Tasks: [] };
      Services[service].Tasks.push({ Name: Names[0].slice(1), EndpointIP: endpoint.IPAddress });
    }
    return { ...network, Services, Containers: this.endpoints.get(network.Name) ?? {} };
  }
}

function refusal(status: number, message: string) {
  return { status, body: { message } };
}

/** Comes to its end with the signal only. */
function until(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}
