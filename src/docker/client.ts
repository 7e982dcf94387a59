// Docker's API over its socket or TCP, each question bounded by a deadline: dockerd may itself be waiting for the
// plugin that asks. While the client watches Docker it notices at once that Docker has gone, and asks until it is there
// again.

import type Docker from 'dockerode';
import { LimpetError } from '../host/errors.js';
import { type Clock, systemClock } from '../service/clock.js';
import { agreed } from './agreed.js';
import type { DockerApi } from './api.js';
import { addressOf, type DockerHost } from './docker-host.js';
import { readContainer, readEndpoints, readInfo, readNetwork, readNode, readService, readTask } from './read.js';
import type { Container, Info, NamedEndpoint, Network, Node, Service, Task } from './shapes.js';
import { isBeingStopped } from './stopping.js';

export interface DockerApiOptions extends DockerHost {
  /** Milliseconds that one question may take. Default 2000. */
  readonly deadline?: number;
  readonly clock?: Clock;
}

const DEADLINE = 2000;
/** Between two questions to a Docker that is silent. */
const PROBE = 250;

/** Swarm lists only container tasks unless told: plain containers on swarm networks have a task of their own kind. */
const RUNTIMES = JSON.stringify({ runtime: ['container', '', 'attachment'] });

export class DockerodeApi implements DockerApi {
  readonly name: string;
  readonly #clock: Clock;
  readonly #deadline: number;
  readonly #address: Docker.DockerOptions;
  /**
   * Docker in the version that was agreed on; forgotten whenever a question fails, since Docker may have been upgraded.
   */
  #agreed: Docker | undefined;
  #agreeing: Promise<Docker> | undefined;
  #silent = false;
  #watched = false;
  #probing = false;

  /** Connects to nothing yet. @throws LimpetError BAD_INPUT naming the host */
  constructor({ deadline = DEADLINE, clock = systemClock, ...host }: DockerApiOptions) {
    this.name = host.host;
    this.#clock = clock;
    this.#deadline = deadline;
    this.#address = addressOf(host);
  }

  get silent(): boolean {
    return this.#silent;
  }

  get watched(): boolean {
    return this.#watched;
  }

  /** Keeps a stream of Docker's events open until the signal: its end is the first that shows of Docker going away. */
  async watch(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#untilEventsEnd(signal);
      if (signal.aborted) return;
      if (this.#watched) this.#fallSilent();
      this.#watched = false;
      await this.#clock.sleep(PROBE, signal);
    }
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
    const info = readInfo(await this.#ask('info', (docker, options) => abortable(docker).info(options)));
    if (await isBeingStopped(info.swarm.state, this.#address)) throw this.#unavailable('info', 'it is being stopped');
    return info;
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
    throw this.#unavailable(what, 'its answer is not a list');
  }

  async #ask(what: string, question: Question): Promise<unknown> {
    return this.#within((signal) => this.#askUntil(signal, what, question));
  }

  async #askUntil(signal: AbortSignal, what: string, question: Question): Promise<unknown> {
    for (let again = 1; ; again--) {
      try {
        const docker = this.#agreed ?? (await this.#version(signal));
        const answer = await question(docker, { abortSignal: signal });
        this.#silent = false;
        return answer;
      } catch (error) {
        this.#agreed = undefined;
        if (signal.aborted) this.#fallSilent();
        if (signal.aborted) throw this.#unavailable(what, `no answer within ${this.#deadline} ms`);
        // A connection kept alive ends when dockerd restarts; and a version may be refused that was good before.
        if (again > 0 && isWorthAgain(error)) continue;
        if (statusOf(error) === undefined) this.#fallSilent();
        throw this.#unavailable(what, messageOf(error));
      }
    }
  }

  /** A timer that has served its turn is called off: it would keep alive for seconds what the question was about. */
  async #within<T>(ask: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const controller = new AbortController();
    const callOff = this.#clock.after(this.#deadline, () => controller.abort());
    try {
      return await ask(controller.signal);
    } finally {
      callOff();
    }
  }

  /** From now on nobody waits for Docker, until it has answered a probe. */
  #fallSilent(): void {
    this.#silent = true;
    if (this.#probing) return;
    this.#probing = true;
    this.#clock.after(PROBE, () => void this.#probe());
  }

  async #probe(): Promise<void> {
    this.#probing = false;
    if (this.#silent) await this.#ask('info', (docker, options) => abortable(docker).info(options)).catch(() => {});
  }

  async #untilEventsEnd(signal: AbortSignal): Promise<void> {
    try {
      const docker = this.#agreed ?? (await this.#within((late) => this.#version(late)));
      const events = await docker.getEvents({ abortSignal: signal } as Docker.GetEventsOptions);
      this.#watched = true;
      this.#silent = false;
      await new Promise<void>((resolve) => {
        events.on('data', () => {}); // what happens is not asked for, only that it could be told
        for (const end of ['end', 'error', 'close']) events.on(end, () => resolve());
      });
    } catch {
      this.#agreed = undefined; // there is no stream to watch: questions find out by themselves
    }
  }

  /** Whoever asks first agrees for all; each waits only as long as its own deadline. */
  #version(signal: AbortSignal): Promise<Docker> {
    this.#agreeing ??= this.#agree().finally(() => {
      this.#agreeing = undefined;
    });
    const late = new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    });
    return Promise.race([this.#agreeing, late]);
  }

  async #agree(): Promise<Docker> {
    this.#agreed = await this.#within((late) => agreed(this.#address, late));
    return this.#agreed;
  }

  #unavailable(what: string, why: string): LimpetError {
    const message = `Docker's API at ${this.name} does not answer (GET ${what}): ${why}`;
    return new LimpetError('UNAVAILABLE', message, { docker: this.name, question: what });
  }
}

type Question = (docker: Docker, options: { abortSignal: AbortSignal }) => Promise<unknown>;

interface Abortable {
  info(options: { abortSignal: AbortSignal }): Promise<unknown>;
}

/** A question that dockerode's own method would not let be called off. */
function dial(docker: Docker, path: string, options: object, abortSignal: AbortSignal): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const question = { path, method: 'GET', options, abortSignal, statusCodes: { 200: true } };
    docker.modem.dial(question, (error: Error | null, answer: unknown) => (error ? reject(error) : resolve(answer)));
  });
}

/** dockerode's declarations leave the signal out, its code does not. */
function abortable(docker: Docker): Abortable {
  return docker as unknown as Abortable;
}

/** The status of an answer that was no good; undefined when there was no answer. */
function statusOf(error: unknown): number | undefined {
  const { statusCode } = error as { statusCode?: unknown };
  return typeof statusCode === 'number' ? statusCode : undefined;
}

function isWorthAgain(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  return code === 'ECONNRESET' || code === 'EPIPE' || statusOf(error) === 400;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message.trim() : String(error);
}
