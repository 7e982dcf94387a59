// The questions that Limpet asks Docker, each bounded by a deadline: dockerd may itself be waiting for the plugin that asks.
// Only lists are asked for. They take none of Docker's locks; looking at one container can wait for that container's start.

import Docker from 'dockerode';
import { quote } from '../host/address.js';
import { LimpetError } from '../host/errors.js';
import { dig } from '../host/json.js';
import { readContainer, readEndpoints, readInfo, readNetwork, readNode, readService, readTask } from './read.js';
import type { Container, Info, NamedEndpoint, Network, Node, Service, Task } from './shapes.js';

export interface DockerApiOptions {
  /** `/var/run/docker.sock`, `unix:///var/run/docker.sock`, or `tcp://host:2375`. */
  readonly host: string;
  /** Milliseconds that one question may take. Default 2000. */
  readonly deadline?: number;
}

/** Asks Docker. Every method throws LimpetError UNAVAILABLE when there is no answer in time, or none that can be used. */
export interface DockerApi {
  /** For messages. */
  readonly name: string;
  /** All containers, running or not. */
  containers(): Promise<readonly Container[]>;
  networks(): Promise<readonly Network[]>;
  info(): Promise<Info>;
  /** Managers only, as the two below. Attachments of plain containers to swarm networks are among them. */
  tasks(): Promise<readonly Task[]>;
  services(): Promise<readonly Service[]>;
  nodes(): Promise<readonly Node[]>;
  /**
   * The endpoints of one network with their addresses, those of other nodes as far as this one has heard. Not a list: Docker
   * looks into the network for it. Never to be asked within a call of Docker's.
   */
  endpoints(networkId: string): Promise<readonly NamedEndpoint[]>;
}

/** The newest version of the API whose answers `read.ts` was written for. */
const NEWEST = [1, 52] as const;

const DEADLINE = 2000;

/** Swarm lists only container tasks unless told: plain containers on swarm networks have a task of their own kind. */
const RUNTIMES = JSON.stringify({ runtime: ['container', '', 'attachment'] });

export class DockerodeApi implements DockerApi {
  readonly name: string;
  readonly #deadline: number;
  readonly #address: Docker.DockerOptions;
  /** Docker in the version that was agreed on; forgotten whenever a question fails, since Docker may have been upgraded. */
  #agreed: Promise<Docker> | undefined;

  /** Connects to nothing yet. @throws LimpetError BAD_INPUT naming the host */
  constructor({ host, deadline = DEADLINE }: DockerApiOptions) {
    this.name = host;
    this.#deadline = deadline;
    this.#address = addressOf(host);
  }

  async containers(): Promise<readonly Container[]> {
    return this.#list('containers', readContainer, (docker, options) =>
      docker.listContainers({ all: true, ...options }),
    );
  }

  async networks(): Promise<readonly Network[]> {
    return this.#list('networks', readNetwork, (docker, options) => docker.listNetworks(options));
  }

  async info(): Promise<Info> {
    return readInfo(await this.#ask('info', (docker, options) => abortable(docker).info(options)));
  }

  async tasks(): Promise<readonly Task[]> {
    return this.#list('tasks', readTask, (docker, options) => docker.listTasks({ filters: RUNTIMES, ...options }));
  }

  async services(): Promise<readonly Service[]> {
    return this.#list('services', readService, (docker, options) => docker.listServices(options));
  }

  async nodes(): Promise<readonly Node[]> {
    return this.#list('nodes', readNode, (docker, options) => docker.listNodes(options));
  }

  async endpoints(networkId: string): Promise<readonly NamedEndpoint[]> {
    const answer = await this.#ask(`networks/${networkId}`, (docker, options) =>
      dial(docker, `/networks/${encodeURIComponent(networkId)}?`, { verbose: true }, options.abortSignal),
    );
    return readEndpoints(answer);
  }

  async #list<T>(what: string, read: (value: unknown) => T, question: Question): Promise<readonly T[]> {
    const answer = await this.#ask(what, question);
    if (Array.isArray(answer)) return answer.map(read);
    throw this.#unavailable(what, 'its answer is no list');
  }

  async #ask(what: string, question: Question): Promise<unknown> {
    const signal = AbortSignal.timeout(this.#deadline);
    for (let again = 1; ; again--) {
      try {
        const docker = await this.#version(signal);
        return await question(docker, { abortSignal: signal });
      } catch (error) {
        this.#agreed = undefined;
        if (signal.aborted) throw this.#unavailable(what, `no answer within ${this.#deadline} ms`);
        // A connection kept alive ends when dockerd restarts; and a version may be refused that was good before.
        if (again === 0 || !isWorthAgain(error)) throw this.#unavailable(what, messageOf(error));
      }
    }
  }

  /** Whoever asks first agrees for all; each waits only as long as its own deadline. */
  async #version(signal: AbortSignal): Promise<Docker> {
    this.#agreed ??= this.#agree();
    const late = new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    });
    return Promise.race([this.#agreed, late]);
  }

  /** Docker 29 refuses versions below 1.44, Docker 20.10 knows none above 1.41: the newest that both sides know. */
  async #agree(): Promise<Docker> {
    const abortSignal = AbortSignal.timeout(this.#deadline);
    const answer = await abortable(new Docker(this.#address)).version({ abortSignal });
    const theirs = String(dig(answer, 'ApiVersion'));
    const [, major, minor] = /^(\d+)\.(\d+)$/.exec(theirs) ?? [];
    if (major === undefined) throw new Error(`it names no version of its API, but ${quote(theirs)}`);
    const older = Number(major) < NEWEST[0] || (Number(major) === NEWEST[0] && Number(minor) < NEWEST[1]);
    return new Docker({ ...this.#address, version: older ? `v${theirs}` : `v${NEWEST.join('.')}` });
  }

  #unavailable(what: string, why: string): LimpetError {
    const message = `Docker's API at ${this.name} does not answer (GET ${what}): ${why}`;
    return new LimpetError('UNAVAILABLE', message, { docker: this.name, question: what });
  }
}

type Question = (docker: Docker, options: { abortSignal: AbortSignal }) => Promise<unknown>;

interface Abortable {
  info(options: { abortSignal: AbortSignal }): Promise<unknown>;
  version(options: { abortSignal: AbortSignal }): Promise<unknown>;
}

/** A question that dockerode's own method would not let be called off. */
function dial(docker: Docker, path: string, options: object, abortSignal: AbortSignal): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const question = { path, method: 'GET', options, abortSignal, statusCodes: { 200: true } };
    docker.modem.dial(question, (error: Error | null, answer: unknown) => (error ? reject(error) : resolve(answer)));
  });
}

/** dockerode's declarations leave the signal out of these two, its code does not. */
function abortable(docker: Docker): Abortable {
  return docker as unknown as Abortable;
}

/** Every part that dockerode would otherwise take from DOCKER_HOST and its like. */
function addressOf(host: string): Docker.DockerOptions {
  const socket = /^(?:unix:\/\/)?(\/.+)$/.exec(host)?.[1];
  if (socket !== undefined) return { socketPath: socket, protocol: 'http', host: '' };
  const [, name, port = '2375'] = /^(?:tcp|http):\/\/([^/:@]+|\[[0-9a-fA-F:]+\])(?::(\d+))?\/?$/.exec(host) ?? [];
  if (name !== undefined) return { host: name, port: Number(port), protocol: 'http' };
  const message = `${quote(host)} is no address of Docker's API: write /var/run/docker.sock or tcp://host:2375`;
  throw new LimpetError('BAD_INPUT', message, { value: host });
}

function isWorthAgain(error: unknown): boolean {
  const { code, statusCode } = error as { code?: unknown; statusCode?: unknown };
  return code === 'ECONNRESET' || code === 'EPIPE' || statusCode === 400;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message.trim() : String(error);
}
