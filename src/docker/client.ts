// Asks Docker, each question bounded by a deadline: dockerd may itself be waiting for the plugin that asks. While the
// client watches Docker it notices at once that Docker has gone, and asks until it is there again.

import { LimpetError } from '../host/errors.js';
import { type Clock, systemClock } from '../service/clock.js';
import { versionFor } from './agreed.js';
import type { DockerApi } from './api.js';
import type { Daemon, Question } from './daemon.js';
import { readContainer, readEndpoints, readInfo, readNetwork, readNode, readService, readTask } from './read.js';
import type { Container, Info, NamedEndpoint, Network, Node, Service, Task } from './shapes.js';

export interface DockerClientOptions {
  /** Milliseconds that one question may take. Default 2000. */
  readonly deadline?: number | undefined;
  readonly clock?: Clock | undefined;
}

const DEADLINE = 2000;
/** Between two questions to a Docker that is silent. */
const PROBE = 250;

/** Swarm lists only container tasks unless told: plain containers on swarm networks have a task of their own kind. */
const RUNTIMES = JSON.stringify({ runtime: ['container', '', 'attachment'] });

export class DockerClient implements DockerApi {
  readonly #daemon: Daemon;
  readonly #clock: Clock;
  readonly #deadline: number;
  /** The version of the API; forgotten whenever there is reason to think that another Docker may be there. */
  #agreed: string | undefined;
  #agreeing: Promise<string> | undefined;
  #silent = false;
  #watched = false;
  #probing = false;

  constructor(daemon: Daemon, { deadline = DEADLINE, clock = systemClock }: DockerClientOptions = {}) {
    this.#daemon = daemon;
    this.#clock = clock;
    this.#deadline = deadline;
  }

  get name(): string {
    return this.#daemon.name;
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
    return this.#list('/containers/json', readContainer, { all: true });
  }

  async untilUnlocked(container: string, signal: AbortSignal): Promise<boolean> {
    try {
      const version = this.#agreed ?? (await this.#version(signal));
      const path = `/containers/${encodeURIComponent(container)}/json`;
      await this.#daemon.ask({ path, version, signal });
      return true;
    } catch {
      return false; // it has been removed, or no question about one container is let through to Docker
    }
  }

  async networks(): Promise<readonly Network[]> {
    return this.#list('/networks', readNetwork);
  }

  async info(): Promise<Info> {
    const info = readInfo(await this.#ask('/info'));
    if (await this.#daemon.isBeingStopped(info.swarm.state)) throw this.#unavailable('/info', 'it is being stopped');
    return info;
  }

  async tasks(): Promise<readonly Task[]> {
    return this.#list('/tasks', readTask, { filters: RUNTIMES });
  }

  async services(): Promise<readonly Service[]> {
    return this.#list('/services', readService);
  }

  async nodes(): Promise<readonly Node[]> {
    return this.#list('/nodes', readNode);
  }

  async endpoints(networkId: string): Promise<readonly NamedEndpoint[]> {
    return readEndpoints(await this.#ask(`/networks/${encodeURIComponent(networkId)}`, { verbose: true }));
  }

  async #list<T>(path: string, read: (value: unknown) => T, query?: Question['query']): Promise<readonly T[]> {
    const answer = await this.#ask(path, query);
    if (Array.isArray(answer)) return answer.map(read);
    throw this.#unavailable(path, 'its answer is not a list');
  }

  async #ask(path: string, query?: Question['query']): Promise<unknown> {
    return this.#within((signal) => this.#askUntil(signal, path, query));
  }

  async #askUntil(signal: AbortSignal, path: string, query: Question['query'] = {}): Promise<unknown> {
    for (let again = 1; ; again--) {
      try {
        const version = this.#agreed ?? (await this.#version(signal));
        const answer = await this.#daemon.ask({ path, query, version, signal });
        this.#silent = false;
        return answer;
      } catch (error) {
        this.#doubt(error);
        if (signal.aborted) this.#fallSilent();
        if (signal.aborted) throw this.#unavailable(path, `no answer within ${this.#deadline} ms`);
        // A connection kept alive ends when dockerd restarts; and a version may be refused that was good before.
        if (again > 0 && isWorthAgain(error)) continue;
        if (statusOf(error) === undefined) this.#fallSilent();
        throw this.#unavailable(path, messageOf(error));
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
    if (this.#silent) await this.#ask('/info').catch(() => {});
  }

  async #untilEventsEnd(signal: AbortSignal): Promise<void> {
    try {
      const version = this.#agreed ?? (await this.#within((late) => this.#version(late)));
      await this.#daemon.events({ version, signal }, () => {
        this.#watched = true;
        this.#silent = false;
      });
    } catch (error) {
      this.#doubt(error); // there is no stream to watch: questions find out by themselves
    }
  }

  /** Another Docker may be there, or this one does not know the version; any other refusal says that it does. */
  #doubt(error: unknown): void {
    const status = statusOf(error);
    if (status === undefined || status === 400) this.#agreed = undefined;
  }

  /** Whoever asks first agrees for all; each waits only as long as its own deadline. */
  #version(signal: AbortSignal): Promise<string> {
    this.#agreeing ??= this.#agree().finally(() => {
      this.#agreeing = undefined;
    });
    const late = new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    });
    return Promise.race([this.#agreeing, late]);
  }

  async #agree(): Promise<string> {
    this.#agreed = await this.#within(async (signal) =>
      versionFor(await this.#daemon.ask({ path: '/version', signal })),
    );
    return this.#agreed;
  }

  #unavailable(path: string, why: string): LimpetError {
    const what = path.replace(/^\/|\/json$/g, '');
    const message = `Docker's API at ${this.name} does not answer (GET ${what}): ${why}`;
    return new LimpetError('UNAVAILABLE', message, { docker: this.name, question: what });
  }
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
