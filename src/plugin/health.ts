// /metrics and /healthz, on the plugin's own socket and, when asked for, on an address of their own.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { isIP, type Socket } from 'node:net';
import { quote } from '../host/address.js';
import { LimpetError } from '../host/errors.js';
import { visibleJson } from '../host/visible.js';
import { bound, dismiss, MOST_HEADERS, MOST_SCRAPES } from './connections.js';
import type { Metrics } from './metrics.js';

export interface Health {
  /** Why the plugin is not healthy; empty when it is. */
  readonly why: readonly string[];
  /**
   * Subnets that the store has and cannot read. The plugin is healthy all the same: it serves the others, and whoever
   * would start it anew for one of them takes those from the node as well, and mends nothing.
   */
  readonly unreadable: readonly string[];
}

export type AskHealth = () => Promise<Health>;

/** Milliseconds for a request to come in, and between two on one connection: who scrapes is not slow. */
const PATIENCE = 5000;

export function healthMount(metrics: Metrics, health: AskHealth) {
  return (request: IncomingMessage, response: ServerResponse): boolean => {
    const path = request.url?.replace(/\?.*$/, '');
    if (path === '/metrics') void writeMetrics(metrics, response);
    else if (path === '/healthz') void writeHealth(health, response);
    else return false;
    return true;
  };
}

async function writeMetrics(metrics: Metrics, response: ServerResponse): Promise<void> {
  try {
    const text = await metrics.registry.metrics();
    response.writeHead(200, { 'Content-Type': metrics.registry.contentType }).end(text);
  } catch (error) {
    response.writeHead(500, { 'Content-Type': 'text/plain' }).end(`${(error as Error).message}\n`);
  }
}

async function writeHealth(health: AskHealth, response: ServerResponse): Promise<void> {
  const { why, unreadable } = await health();
  const status = why.length === 0 ? 'ok' : 'unavailable';
  const body = { status, why, ...(unreadable.length === 0 ? {} : { unreadable }) };
  response.writeHead(status === 'ok' ? 200 : 503, { 'Content-Type': 'application/json' });
  response.end(`${visibleJson(JSON.stringify(body))}\n`);
}

export interface Listening {
  /** `host:port`, or `:port`. */
  readonly address: string;
  /** Names that scrapers call this host by, beside its addresses and `localhost`. */
  readonly names: readonly string[];
}

/** @throws LimpetError BAD_INPUT naming the address; what the system says when it cannot be listened on */
export async function serveMetrics(
  { address, names }: Listening,
  mount: ReturnType<typeof healthMount>,
): Promise<Server> {
  const [, host = '', port] = /^(\[[0-9a-fA-F:.]+\]|[^:]*):(\d{1,5})$/.exec(address) ?? [];
  if (port === undefined || Number(port) > 65535) {
    const what = `${quote(address)} is not a valid address for metrics`;
    throw new LimpetError('BAD_INPUT', `${what}: write host:port, or :port, with a port of at most 65535`);
  }
  const known = new Set(['localhost', host, ...names].map((name) => name.toLowerCase()));
  const options = {
    requestTimeout: PATIENCE,
    headersTimeout: PATIENCE,
    keepAliveTimeout: PATIENCE,
    connectionsCheckingInterval: 1000,
    maxHeaderSize: MOST_HEADERS,
  };
  const server = createServer(options, (request, response) => {
    if (!isMeant(request.headers.host, known)) refuse(response, 421, 'this host is not called so: see --metrics-names');
    else if (request.method !== 'GET' && request.method !== 'HEAD') refuse(response, 405, 'GET');
    else if (!mount(request, response)) refuse(response, 404, '/metrics or /healthz');
  });
  server.on('clientError', (_, socket) => {
    dismiss(socket as Socket, 'HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
  });
  bound(server, MOST_SCRAPES);
  await new Promise<void>((resolve, reject) => {
    const where = host === '' ? { port: Number(port) } : { host: host.replace(/^\[|\]$/g, ''), port: Number(port) };
    server.once('error', reject).listen(where, () => resolve(void server.off('error', reject)));
  });
  return server;
}

/**
 * A page of the web can have its own name mean this host's address, and its visitor's browser ask here in its name (DNS
 * rebinding). An address it cannot have for a name, nor one that it does not own. Without a Host no browser asks.
 */
function isMeant(host: string | undefined, known: ReadonlySet<string>): boolean {
  if (host === undefined) return true;
  const name = host.replace(/:\d*$/, '').toLowerCase();
  return isIP(name.replace(/^\[(.*)\]$/, '$1')) !== 0 || (name !== '' && known.has(name));
}

function refuse(response: ServerResponse, status: number, why: string): void {
  response.writeHead(status, { 'Content-Type': 'text/plain', Connection: 'close' }).end(`${why}\n`);
}
