// Swarm's configs by Docker's API. Unlike client.ts it changes things: nothing is sent twice here, and an error says
// whether what was sent can have been done.

import Docker from 'dockerode';
import { LimpetError } from '../host/errors.js';
import { type Clock, systemClock } from '../service/clock.js';
import { versionFor } from './agreed.js';
import { readConfig, readMembership, readSwarmEvent } from './configs.js';
import { addressOf } from './docker-host.js';
import type { DockerApiOptions } from './dockerode.js';
import { GoneNodes } from './gone-nodes.js';
import { readNode } from './read.js';
import { isBeingStopped } from './stopping.js';
import type { Config, Membership, NewConfig, SwarmApi, SwarmListener, SwarmNode } from './swarm-api.js';

/** Milliseconds for one answer. A change waits for Swarm's raft, which elects a new leader within some seconds. */
const DEADLINE = 5000;

interface Call {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly path: string;
  readonly query?: object;
  readonly body?: object;
}

/** What Docker says instead of an answer. */
interface Refusal {
  readonly status: number;
  readonly message: string;
}

export class DockerSwarm implements SwarmApi {
  readonly name: string;
  readonly #clock: Clock;
  readonly #deadline: number;
  readonly #address: Docker.DockerOptions;
  readonly #gone = new GoneNodes();
  #agreed: Promise<Docker> | undefined;

  /** Connects to nothing yet. @throws LimpetError BAD_INPUT naming the host */
  constructor({ deadline = DEADLINE, clock = systemClock, ...host }: DockerApiOptions) {
    this.name = host.host;
    this.#clock = clock;
    this.#deadline = deadline;
    this.#address = addressOf(host);
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
    if (await isBeingStopped(membership.state, this.#address))
      throw this.#unavailable('GET info', 'it is being stopped', 'none');
    return membership;
  }

  async nodes(): Promise<readonly SwarmNode[]> {
    const answer = await this.#call({ method: 'GET', path: '/nodes' });
    if (isRefusal(answer)) throw this.#refused('GET nodes', answer);
    return this.#gone.among((answer as unknown[]).map(readNode));
  }

  async events(signal: AbortSignal, told: SwarmListener): Promise<void> {
    const docker = await this.#version(this.#timeout());
    const filters = JSON.stringify({ type: ['config', 'node'] });
    const stream = await docker.getEvents({ filters, abortSignal: signal } as Docker.GetEventsOptions);
    told.begun();
    await new Promise<void>((resolve) => {
      let rest = '';
      stream.on('data', (part: Buffer) => {
        const lines = (rest + part.toString()).split('\n');
        rest = lines.pop() as string;
        for (const line of lines) {
          const event = line.trim() === '' ? undefined : readSwarmEvent(line);
          if (event !== undefined) told.event(event);
        }
      });
      for (const end of ['end', 'error', 'close']) stream.on(end, () => resolve());
    });
  }

  /** The answer, or what Docker refused it with. @throws LimpetError UNAVAILABLE when there is neither */
  async #call({ method, path, query = {}, body }: Call): Promise<unknown> {
    const abortSignal = this.#timeout();
    let isSent = false;
    try {
      const docker = await this.#version(abortSignal);
      isSent = true;
      const text = new URLSearchParams(query as Record<string, string>).toString();
      // With a body of its own dockerode leaves the query to the path.
      const where = `${path}?${text}${text ? '&' : ''}`;
      const dialled = { path: where, method, abortSignal, statusCodes: STATUSES };
      const options = body === undefined ? {} : { options: { _query: query, _body: body } };
      const whole = body === undefined ? dialled : { ...dialled, path: `${path}?`, ...options };
      return await new Promise((resolve, reject) => {
        // A connection that ends within an answer tells dockerode nothing.
        abortSignal.addEventListener('abort', () => reject(abortSignal.reason), { once: true });
        docker.modem.dial(whole, (error: Error | null, answer: unknown) => (error ? reject(error) : resolve(answer)));
      });
    } catch (error) {
      const { statusCode, message, json } = error as { statusCode?: number; message: string; json?: unknown };
      if (typeof statusCode === 'number') return { status: statusCode, message: saidIn(json) ?? message };
      this.#agreed = undefined;
      const why = abortSignal.aborted ? `no answer within ${this.#deadline} ms` : message;
      throw this.#unavailable(
        `${method} ${path}`,
        why,
        isSent && method !== 'GET' && !isUnheard(error) ? 'unknown' : 'none',
      );
    }
  }

  #version(signal: AbortSignal): Promise<Docker> {
    this.#agreed ??= this.#agree(signal);
    this.#agreed.catch(() => {
      this.#agreed = undefined;
    });
    return this.#agreed;
  }

  async #agree(abortSignal: AbortSignal): Promise<Docker> {
    // dockerode's declarations leave the signal out, its code does not.
    const docker = new Docker(this.#address) as unknown as { version: (options: object) => Promise<unknown> };
    return new Docker({ ...this.#address, version: versionFor(await docker.version({ abortSignal })) });
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

/** What is an answer; everything else is an error, with its status. */
const STATUSES = { 200: true, 201: true, 204: true };

function isRefusal(answer: unknown): answer is Refusal {
  const { status, message } = (answer ?? {}) as Partial<Refusal>;
  return typeof status === 'number' && typeof message === 'string';
}

function saidIn(json: unknown): string | undefined {
  const { message } = (json ?? {}) as { message?: unknown };
  return typeof message === 'string' ? message : undefined;
}

/** Nobody has heard it: there is no such socket, or nobody listens. */
function isUnheard(error: unknown): boolean {
  return ['ECONNREFUSED', 'ENOENT', 'EACCES'].includes(String((error as NodeJS.ErrnoException).code));
}
