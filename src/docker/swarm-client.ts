// Swarm's configs by Docker's API. Unlike client.ts it changes things: nothing is sent twice here, and an error says
// whether what was sent can have been done.

import { LimpetError } from '../host/errors.js';
import { type Clock, systemClock } from '../service/clock.js';
import { versionFor } from './agreed.js';
import { readConfig, readMembership, readSwarmEvent } from './configs.js';
import { type Call, DockerConnection, DockerRefusal } from './connection.js';
import type { DockerOptions } from './docker.js';
import { GoneNodes } from './gone-nodes.js';
import { readNode } from './read.js';
import type { Config, Membership, NewConfig, SwarmApi, SwarmListener, SwarmNode } from './swarm-api.js';

/** Milliseconds for one answer. A change waits for Swarm's raft, which elects a new leader within some seconds. */
const DEADLINE = 5000;

type Asked = Required<Pick<Call, 'method' | 'path'>> & Pick<Call, 'query' | 'body'>;

/** What Docker says instead of an answer. */
interface Refusal {
  readonly status: number;
  readonly message: string;
}

export class DockerSwarm implements SwarmApi {
  readonly name: string;
  readonly #clock: Clock;
  readonly #deadline: number;
  readonly #connection: DockerConnection;
  readonly #gone = new GoneNodes();
  /** The version of the API. */
  #agreed: Promise<string> | undefined;

  /** Connects to nothing yet. @throws LimpetError BAD_INPUT naming the host */
  constructor({ deadline = DEADLINE, clock = systemClock, ...host }: DockerOptions) {
    this.name = host.host;
    this.#clock = clock;
    this.#deadline = deadline;
    this.#connection = new DockerConnection(host);
  }

  async configs(prefix: string): Promise<readonly Config[]> {
    const query = { filters: JSON.stringify({ name: [prefix] }) };
    const answer = await this.#call({ method: 'GET', path: '/configs', query });
    if (isRefusal(answer)) throw this.#refused('GET configs', answer);
    return (answer as unknown[]).map(readConfig);
  }

  async config(idOrName: string): Promise<Config | undefined> {
    const answer = await this.#call({ method: 'GET', path: `/configs/${encodeURIComponent(idOrName)}` });
    if (!isRefusal(answer)) return readConfig(answer);
    if (answer.status === 404) return undefined;
    throw this.#refused('GET configs', answer);
  }

  async createConfig({ name, labels, data }: NewConfig): Promise<'done' | 'exists'> {
    const body = { Name: name, Labels: labels, Data: Buffer.from(data).toString('base64') };
    const answer = await this.#call({ method: 'POST', path: '/configs/create', body });
    if (!isRefusal(answer)) return 'done';
    if (answer.status === 409) return 'exists';
    throw this.#refused('POST configs/create', answer);
  }

  async updateConfig({ id, name, version }: Config, labels: Config['labels']): Promise<'done' | 'stale' | 'gone'> {
    const path = `/configs/${encodeURIComponent(id)}/update`;
    const answer = await this.#call({ method: 'POST', path, query: { version }, body: { Name: name, Labels: labels } });
    if (!isRefusal(answer)) return 'done';
    if (answer.status === 404) return 'gone';
    if (answer.message.includes('update out of sequence')) return 'stale';
    throw this.#refused('POST configs/update', answer);
  }

  async removeConfig(id: string): Promise<void> {
    const answer = await this.#call({ method: 'DELETE', path: `/configs/${encodeURIComponent(id)}` });
    if (isRefusal(answer) && answer.status !== 404) throw this.#refused('DELETE configs', answer);
  }

  /** Also where this node is no manager. */
  async membership(): Promise<Membership> {
    const answer = await this.#call({ method: 'GET', path: '/info' });
    if (isRefusal(answer)) throw this.#refused('GET info', answer);
    const membership = readMembership(answer);
    if (await this.#connection.isBeingStopped(membership.state))
      throw this.#unavailable('GET info', 'it is being stopped', 'none');
    return membership;
  }

  async nodes(): Promise<readonly SwarmNode[]> {
    const answer = await this.#call({ method: 'GET', path: '/nodes' });
    if (isRefusal(answer)) throw this.#refused('GET nodes', answer);
    return this.#gone.among((answer as unknown[]).map(readNode));
  }

  async events(signal: AbortSignal, told: SwarmListener): Promise<void> {
    const version = await this.#version(this.#timeout());
    const query = { filters: JSON.stringify({ type: ['config', 'node'] }) };
    const heard = (line: string) => {
      const event = readSwarmEvent(line);
      if (event !== undefined) told.event(event);
    };
    await this.#connection.events({ version, signal, query, heard }, told.begun);
  }

  /** The answer, or what Docker refused it with. @throws LimpetError UNAVAILABLE when there is neither */
  async #call({ method, path, query, body }: Asked): Promise<unknown> {
    const signal = this.#timeout();
    let isSent = false;
    try {
      const version = await this.#version(signal);
      isSent = true;
      return await this.#connection.ask({ method, path, query, body, version, signal });
    } catch (error) {
      if (error instanceof DockerRefusal) return { status: error.statusCode, message: error.message };
      this.#agreed = undefined;
      const why = signal.aborted ? `no answer within ${this.#deadline} ms` : (error as Error).message;
      const isUnknown = isSent && method !== 'GET' && !isUnheard(error);
      throw this.#unavailable(`${method} ${path}`, why, isUnknown ? 'unknown' : 'none');
    }
  }

  #version(signal: AbortSignal): Promise<string> {
    this.#agreed ??= this.#connection.ask({ path: '/version', signal }).then(versionFor);
    this.#agreed.catch(() => {
      this.#agreed = undefined;
    });
    return this.#agreed;
  }

  #timeout(): AbortSignal {
    const controller = new AbortController();
    this.#clock.after(this.#deadline, () => controller.abort());
    return controller.signal;
  }

  /** A change that Docker refused may have been made all the same: by a leader that has been lost since. */
  #refused(question: string, { status, message }: Refusal): LimpetError {
    const isReading = question.startsWith('GET');
    const isNone = isReading || status < 500 || /not a swarm manager|not part of a swarm/.test(message);
    return this.#unavailable(question, message, isNone ? 'none' : 'unknown');
  }

  #unavailable(question: string, why: string, outcome: 'none' | 'unknown'): LimpetError {
    const message = `the swarm does not answer (${question} at ${this.name}): ${why.trim()}`;
    return new LimpetError('UNAVAILABLE', message, { docker: this.name, question, outcome });
  }
}

function isRefusal(answer: unknown): answer is Refusal {
  const { status, message } = (answer ?? {}) as Partial<Refusal>;
  return typeof status === 'number' && typeof message === 'string';
}

/** Nobody has heard it: there is no such socket, or nobody listens. */
function isUnheard(error: unknown): boolean {
  return ['ECONNREFUSED', 'ENOENT', 'EACCES'].includes(String((error as NodeJS.ErrnoException).code));
}
