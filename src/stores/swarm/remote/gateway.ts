// A manager's end: answers the plugins of workers, over TLS with the swarm's own certificates. Who asks is known by his
// certificate: a node of this swarm, and one that it still knows.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Node } from '../../../docker/shapes.js';
import type { Config, NewConfig, SwarmApi } from '../../../docker/swarm-api.js';
import { LimpetError } from '../../../host/errors.js';
import type { Clock } from '../../../service/clock.js';
import type { StoreEvent } from '../../../service/store.js';
import { isGone } from '../down-nodes.js';
import { CALLS, type CallName, EVENTS, MOST_BYTES, PATH, type Refused } from './calls.js';
import { type Certificates, type Member, memberOf } from './certificates.js';
import { type WorkersChange, wantedOn } from './merge.js';
import { refusalOfCreation, refusalOfUpdate } from './permitted.js';

/** Milliseconds for a question to come in. */
const PATIENCE = 10_000;
/** Connections at once: each node has a few. */
const MOST_CONNECTIONS = 1000;
/** Milliseconds in which the same refusal is told once. */
const QUIET = 60_000;
/** Milliseconds for which the list of nodes is believed. */
const FRESH = 2000;

export interface GatewayParts {
  readonly api: SwarmApi;
  readonly clock: Clock;
  readonly certificates: () => Promise<Certificates>;
  readonly report: (level: StoreEvent['level'], message: string, details?: Record<string, unknown>) => void;
}

/** Writes of one change, each on what is newest. */
const ATTEMPTS = 20;

/** As Swarm had them a moment ago, by ID. */
interface KnownNodes {
  readonly at: number;
  readonly all: ReadonlySet<string>;
  /** Those that are not down. */
  readonly up: ReadonlySet<string>;
}

export class Gateway {
  readonly #parts: GatewayParts;
  readonly #told = new Map<string, number>();
  #server: Server | undefined;
  #certificates: Certificates | undefined;
  #nodes: KnownNodes | undefined;

  constructor(parts: GatewayParts) {
    this.#parts = parts;
  }

  /** @throws LimpetError UNAVAILABLE (the certificates); system errors of the address */
  async listen(host: string, port: number): Promise<number> {
    const { ca, cert, key } = await this.#renew();
    const server = createServer({ ca, cert, key, requestCert: true, rejectUnauthorized: true, minVersion: 'TLSv1.2' });
    Object.assign(server, { headersTimeout: PATIENCE, requestTimeout: PATIENCE, maxConnections: MOST_CONNECTIONS });
    server.on('request', (request, response) => void this.#serve(request, response));
    server.on('tlsClientError', (error, socket) => this.#refused(error.message, socket.remoteAddress));
    server.on('clientError', (_error, socket) => socket.destroy());
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen(port, host, resolve);
    });
    server.on('error', (error) => this.#parts.report('error', `workers are not answered: ${error.message}`));
    this.#server = server;
    return (server.address() as AddressInfo).port;
  }

  /** Takes what Docker has renewed. @throws LimpetError UNAVAILABLE */
  async renew(): Promise<void> {
    const before = this.#certificates?.cert;
    const { ca, cert, key } = await this.#renew();
    if (cert !== before) this.#server?.setSecureContext({ ca, cert, key });
  }

  async close(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    const closed = new Promise((resolve) => (server === undefined ? resolve(undefined) : server.close(resolve)));
    server?.closeAllConnections();
    await closed;
  }

  async #renew(): Promise<Certificates> {
    this.#certificates = await this.#parts.certificates();
    return this.#certificates;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.on('error', () => {});
    try {
      const member = await this.#memberOf(request.socket as TLSSocket);
      if (request.url === EVENTS) await this.#tell(request, response);
      else {
        const call = CALLS.find((name) => request.url === PATH + name && request.method === 'POST');
        if (call === undefined) throw new Refusal(404, 'there is no such question');
        const answer = await this.#answer(call, await bodyOf(request), member);
        response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify({ answer }));
      }
    } catch (error) {
      this.#refuse(request, response, error as Error);
    }
  }

  /** @throws Refusal for who is not of this swarm, or no more */
  async #memberOf(socket: TLSSocket): Promise<Member> {
    const member = memberOf(socket.getPeerX509Certificate()?.subject ?? '');
    if (member?.cluster !== this.#certificates?.self.cluster || member === undefined)
      throw new Refusal(403, 'the certificate is of no node of this swarm');
    if (!(await this.#known()).all.has(member.node))
      throw new Refusal(403, `the swarm does not know the node ${member.node}`);
    return member;
  }

  /** Every node that the swarm knows, and those that are not down. */
  async #known(): Promise<KnownNodes> {
    const { api, clock } = this.#parts;
    if (this.#nodes === undefined || clock.now() - this.#nodes.at > FRESH) {
      const nodes = await api.nodes();
      const up = nodes.filter(({ state }) => state !== 'down');
      const ids = (list: readonly Node[]) => new Set(list.map(({ id }) => id));
      this.#nodes = { at: clock.now(), all: ids(nodes), up: ids(up) };
    }
    return this.#nodes;
  }

  async #answer(call: CallName, input: unknown, { node }: Member): Promise<unknown> {
    const { api } = this.#parts;
    switch (call) {
      case 'configs':
        return (await api.configs(textOf(input))).filter(isLimpets);
      case 'config':
        return (await this.#config(input)) ?? null;
      case 'nodes':
        return api.nodes();
      case 'createConfig': {
        const config = configOf<NewConfig>(input);
        demand(refusalOfCreation(config));
        return api.createConfig(config);
      }
      case 'updateConfig': {
        const { config, labels } = input as { config: Config; labels: Config['labels'] };
        return this.#update(
          { config: { ...config, labels: labelsOf(config?.labels) }, labels: labelsOf(labels) },
          node,
        );
      }
    }
  }

  /** As the worker read it, or put into what others have written since. */
  async #update(change: WorkersChange, worker: string): Promise<'done' | 'stale' | 'gone'> {
    for (let n = 0; n < ATTEMPTS; n++) {
      const now = await this.#config(change.config.id);
      if (now === undefined) return 'gone';
      const wanted = wantedOn(now, change);
      if (typeof wanted === 'string') return wanted;
      const { up } = await this.#known();
      demand(refusalOfUpdate(now, wanted, { worker, isDown: (other) => isGone(other, up) }));
      const answer = await this.#parts.api.updateConfig(now, wanted);
      if (answer !== 'stale') return answer;
    }
    return 'stale';
  }

  /** Others keep what is none of a worker's business in configs of their own. */
  async #config(named: unknown): Promise<Config | undefined> {
    const config = await this.#parts.api.config(textOf(named));
    return config !== undefined && isLimpets(config) ? config : undefined;
  }

  /** What happens, for as long as the worker listens. */
  async #tell(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const ended = new AbortController();
    request.on('close', () => ended.abort());
    response.on('close', () => ended.abort());
    await this.#parts.api.events(ended.signal, {
      begun: () => response.writeHead(200, { 'Content-Type': 'application/json' }).flushHeaders(),
      event: (event) => response.write(`${JSON.stringify(event)}\n`),
    });
    response.destroy();
  }

  #refuse(request: IncomingMessage, response: ServerResponse, error: Error): void {
    const status = error instanceof Refusal ? error.status : 503;
    if (error instanceof Refusal) this.#refused(error.message, request.socket.remoteAddress);
    if (response.headersSent) return void response.destroy();
    const outcome = error instanceof LimpetError && error.details.outcome === 'unknown' ? 'unknown' : 'none';
    const body: Refused = { error: error.message, outcome };
    response.writeHead(status, { 'Content-Type': 'application/json', Connection: 'close' }).end(JSON.stringify(body));
  }

  #refused(why: string, from: string | undefined): void {
    const what = `${why} ${from}`;
    const now = this.#parts.clock.now();
    if (now - (this.#told.get(what) ?? 0) < QUIET) return;
    if (this.#told.size > 1000) this.#told.clear();
    this.#told.set(what, now);
    this.#parts.report('warn', `refused on the port for workers: ${why}`, { from });
  }
}

class Refusal extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

function isLimpets({ data }: Config): boolean {
  return data.startsWith('{"limpet":');
}

function demand(refusal: string | undefined): void {
  if (refusal !== undefined) throw new Refusal(403, `a worker may not write that: ${refusal}`);
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request) {
    size += (part as Buffer).length;
    if (size > MOST_BYTES) throw new Refusal(413, 'the question is too long');
    parts.push(part as Buffer);
  }
  try {
    return (JSON.parse(Buffer.concat(parts).toString()) as { input?: unknown }).input;
  } catch {
    throw new Refusal(400, 'the question is no JSON');
  }
}

function textOf(value: unknown): string {
  if (typeof value === 'string' && value.startsWith('limpet')) return value;
  if (typeof value === 'string' && /^[0-9a-z]{25}$/.test(value)) return value;
  throw new Refusal(400, 'it names no config of Limpet');
}

function labelsOf(value: unknown): Config['labels'] {
  const isLabels =
    typeof value === 'object' && value !== null && Object.values(value).every((each) => typeof each === 'string');
  if (!isLabels) throw new Refusal(400, 'these are not labels');
  return value as Config['labels'];
}

function configOf<T extends NewConfig>(value: unknown): T {
  const { name, labels, data } = (value ?? {}) as Partial<NewConfig>;
  textOf(name);
  labelsOf(labels);
  if (typeof data !== 'string') throw new Refusal(400, 'it has no data');
  return value as T;
}
