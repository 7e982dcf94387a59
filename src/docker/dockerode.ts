// Docker's API over its socket or TCP, by dockerode.

import Docker from 'dockerode';
import { DockerClient, type DockerClientOptions } from './client.js';
import type { Daemon, Question } from './daemon.js';
import { addressOf, type DockerHost } from './docker-host.js';
import { isBeingStopped } from './stopping.js';

export interface DockerApiOptions extends DockerHost, DockerClientOptions {}

export class DockerodeApi extends DockerClient {
  /** Connects to nothing yet. @throws LimpetError BAD_INPUT naming the host */
  constructor({ deadline, clock, ...host }: DockerApiOptions) {
    super(new DockerodeDaemon(host), { deadline, clock });
  }
}

/** In words for messages; what else is no answer is `unexpected`. */
const STATUSES = { 200: true, 400: 'bad parameter', 500: 'server error' };

class DockerodeDaemon implements Daemon {
  readonly name: string;
  readonly #address: Docker.DockerOptions;
  /** By the API's version. */
  readonly #dockers = new Map<string | undefined, Docker>();

  /** @throws LimpetError BAD_INPUT naming the host */
  constructor(host: DockerHost) {
    this.name = host.host;
    this.#address = addressOf(host);
  }

  /** dockerode's own methods would not all let a question be called off. */
  ask({ path, query = {}, version, signal }: Question): Promise<unknown> {
    const { modem } = this.#in(version);
    const question = { path: `${path}?`, method: 'GET', options: query, abortSignal: signal, statusCodes: STATUSES };
    return new Promise((resolve, reject) => {
      modem.dial(question, (error: Error | null, answer: unknown) => (error ? reject(error) : resolve(answer)));
    });
  }

  async events({ version, signal }: Omit<Question, 'path' | 'query'>, opened: () => void): Promise<void> {
    const events = await this.#in(version).getEvents({ abortSignal: signal } as Docker.GetEventsOptions);
    opened();
    await new Promise<void>((resolve) => {
      events.on('data', () => {}); // what happens is not asked for, only that it could be told
      for (const end of ['end', 'error', 'close']) events.on(end, () => resolve());
    });
  }

  isBeingStopped(state: string): Promise<boolean> {
    return isBeingStopped(state, this.#address);
  }

  #in(version: string | undefined): Docker {
    const known = this.#dockers.get(version);
    if (known !== undefined) return known;
    const made = new Docker(version === undefined ? this.#address : { ...this.#address, version });
    this.#dockers.set(version, made);
    return made;
  }
}
