// A manager's end: answers the plugins of workers, over TLS with the swarm's own certificates. Who asks is known by his
// certificate: a node of this swarm, and one that it still knows.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { LimpetError } from '../../../host/errors.js';
import type { Clock } from '../../../service/clock.js';
import type { StoreEvent } from '../../../service/store.js';
import { type Answers, Refusal } from './answers.js';
import { CALLS, EVENTS, MOST_BYTES, PATH, type Refused } from './calls.js';
import { areSame, type Certificates, type Member, memberOf } from './certificates.js';
import type { Gate } from './line.js';

/** Milliseconds for a question to come in. */
const PATIENCE = 10_000;
/** Connections at once: each node has a few. */
const MOST_CONNECTIONS = 1000;
/** Milliseconds in which the same refusal is told once. */
const QUIET = 60_000;
export interface GatewayParts {
  readonly answers: Answers;
  readonly clock: Clock;
  readonly port: number;
  readonly certificates: () => Promise<Certificates>;
  readonly report: (level: StoreEvent['level'], message: string, details?: Record<string, unknown>) => void;
}

export class Gateway implements Gate {
  readonly #parts: GatewayParts;
  readonly #told = new Map<string, number>();
  readonly #sockets = new Set<Duplex>();
  #server: Server | undefined;
  #certificates: Certificates | undefined;

  constructor(parts: GatewayParts) {
    this.#parts = parts;
  }

  async listen(address: string): Promise<string> {
    const host = address.replace(/^\[|\]$/g, '');
    const { ca, cert, key } = await this.#renew();
    const server = createServer({
      ...{ ca, cert, key, requestCert: true, rejectUnauthorized: true, minVersion: 'TLSv1.2' },
      ...{ handshakeTimeout: PATIENCE, headersTimeout: PATIENCE, requestTimeout: PATIENCE },
    });
    server.maxConnections = MOST_CONNECTIONS;
    server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
    server.on('request', (request, response) => void this.#serve(request, response));
    server.on('tlsClientError', (error, socket) => this.#refused(error.message, socket.remoteAddress));
    server.on('clientError', (_error, socket) => socket.destroy());
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen(this.#parts.port, host, resolve);
    });
    server.on('error', (error) => this.#parts.report('error', `workers are not answered: ${error.message}`));
    this.#server = server;
    return `${address}:${(server.address() as AddressInfo).port}`;
  }

  async renew(): Promise<void> {
    const before = this.#certificates;
    const now = await this.#renew();
    const { ca, cert, key } = now;
    if (!areSame(before, now)) this.#server?.setSecureContext({ ca, cert, key });
  }

  async close(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    const closed = new Promise((resolve) => (server === undefined ? resolve(undefined) : server.close(resolve)));
    for (const socket of this.#sockets) socket.destroy(); // also those that have not shaken hands
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
        const answer = await this.#parts.answers.answer(call, await bodyOf(request), member.node);
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
    await this.#parts.answers.admit(member.node);
    return member;
  }

  /** What happens, for as long as the worker listens. */
  async #tell(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const ended = new AbortController();
    request.on('close', () => ended.abort());
    response.on('close', () => ended.abort());
    await this.#parts.answers.tell(ended.signal, {
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
    const now = this.#parts.clock.elapsed();
    if (now - (this.#told.get(what) ?? Number.NEGATIVE_INFINITY) < QUIET) return;
    if (this.#told.size > 1000) this.#told.clear();
    this.#told.set(what, now);
    this.#parts.report('warn', `refused on the port for workers: ${why}`, { from });
  }
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
