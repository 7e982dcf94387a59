// HTTP on a unix socket, as Docker's plugin client speaks it: a POST for each call, an answer or {"Err": "…"}. Whatever
// comes in, something clear goes out, in bounded time and memory.

import { lstat, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { connect, type Socket } from 'node:net';
import { quote } from '../host/address.js';
import { LimpetError, type LimpetErrorCode } from '../host/errors.js';
import { visible } from '../host/visible.js';
import type { Protocol } from '../tickets/protocol.js';
import { bound, dismiss, MOST_CALLS, MOST_HEADERS } from './connections.js';
import type { Log } from './log.js';
import type { Metrics } from './metrics.js';
import { CONTENT_TYPE, isCall, readRequest } from './protocol.js';

/** Answers what is its own, and says false of everything else. */
export type Mount = (request: IncomingMessage, response: ServerResponse) => boolean;

/** The most bytes of a body; Docker's have some hundred. */
const MOST = 1 << 20;
/** Milliseconds for a whole request to come in. */
const PATIENCE = 10_000;

const STATUS: Partial<Record<LimpetErrorCode, number>> = {
  BAD_INPUT: 400,
  OUT_OF_RANGE: 400,
  UNKNOWN: 404,
  UNAVAILABLE: 503,
  CONTENDED: 503,
  ENDED: 503,
};

export interface Serving {
  readonly protocol: Pick<Protocol, 'answer'>;
  readonly log: Log;
  readonly metrics: Metrics;
  /** What else is on the socket: /metrics, /healthz, the operators' own. */
  readonly mounts: readonly Mount[];
}

/** A refusal with a status of its own. */
class Refused extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export function makeServer(serving: Serving): Server {
  const server = createServer(
    {
      requestTimeout: PATIENCE,
      headersTimeout: PATIENCE,
      connectionsCheckingInterval: 1000,
      keepAliveTimeout: 0,
      maxHeaderSize: MOST_HEADERS,
    },
    (request, response) => void serve(serving, request, response),
  );
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    serving.log.debug({ event: 'http', error: error.message }, 'what came was no request');
    if (!socket.writable || error.code === 'ECONNRESET') return socket.destroy();
    const [line, why] =
      error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? ['408 Request Timeout', `no whole request within ${PATIENCE} ms`]
        : ['400 Bad Request', 'this is no HTTP request'];
    const body = JSON.stringify({ Err: why });
    const head = `HTTP/1.1 ${line}\r\nConnection: close\r\nContent-Length: ${body.length}\r\n\r\n`;
    dismiss(socket as Socket, head + body);
  });
  return bound(server, MOST_CALLS);
}

/** Bytes of a unix socket's path (unix(7): 108 with the zero behind it); Node cuts a longer one short. */
const LONGEST_PATH = 107;

/**
 * Listens on the path, for root only. A socket that a dead process left behind is replaced, and nothing else is.
 * @throws LimpetError LOCKED when another process answers there, BAD_INPUT when something else is there, or the path
 * is too long
 */
export async function listen(server: Server, path: string): Promise<void> {
  if (await answers(path)) {
    throw new LimpetError('LOCKED', `another process answers at ${path}: end it, or give another --socket`, { path });
  }
  const there = await lstat(path).catch(() => undefined);
  if (there !== undefined && !there.isSocket()) throw unfit(path, 'is there and is no socket');
  if (Buffer.byteLength(path) > LONGEST_PATH) throw unfit(path, `is longer than ${LONGEST_PATH} bytes`);
  await rm(path, { force: true });
  await new Promise<void>((resolve, reject) => {
    const mask = process.umask(0o177); // the socket is made within the call
    try {
      server.once('error', reject).listen(path, () => {
        server.off('error', reject);
        resolve();
      });
    } finally {
      process.umask(mask);
    }
  });
}

function unfit(path: string, why: string): LimpetError {
  return new LimpetError('BAD_INPUT', `${path} ${why}: give another --socket`, { value: path });
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

async function serve(serving: Serving, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (serving.mounts.some((mount) => mount(request, response))) return;
  const name = (request.url ?? '').slice(1);
  const stop = serving.metrics.requests.startTimer({ call: isCall(name) ? name : 'unknown' });
  const { status, body } = await answer(serving, name, request);
  stop({ status });
  // What was not read of a body that is too long would be read as the next request.
  const close = request.complete ? {} : { Connection: 'close' };
  const text = JSON.stringify(body);
  const length = Buffer.byteLength(text);
  response.writeHead(status, { 'Content-Type': CONTENT_TYPE, 'Content-Length': length, ...close }).end(text);
}

async function answer(
  serving: Serving,
  name: string,
  request: IncomingMessage,
): Promise<{ readonly status: number; readonly body: object }> {
  try {
    if (!isCall(name)) throw new Refused(404, `no call ${quote(name)}: Limpet is an IpamDriver`);
    if (request.method !== 'POST') throw new Refused(405, `${name} wants POST, not ${request.method}`);
    const read = readRequest(name, await bodyOf(request));
    serving.log.trace({ event: 'call', call: name, request: read }, 'asked');
    return { status: 200, body: await serving.protocol.answer(name, read, endOf(request.socket)) };
  } catch (error) {
    return refusal(serving.log, name, error);
  }
}

const ends = new WeakMap<Socket, AbortSignal>();

/** Aborted when the connection ends: whoever has asked on it waits no longer. One for all that is asked on it. */
function endOf(socket: Socket): AbortSignal {
  const known = ends.get(socket);
  if (known !== undefined) return known;
  const end = new AbortController();
  socket.once('close', () => end.abort());
  if (socket.closed) end.abort();
  ends.set(socket, end.signal);
  return end.signal;
}

/** Docker prints what it is told to its user's terminal. */
function refusal(log: Log, call: string, error: unknown): { readonly status: number; readonly body: object } {
  if (error instanceof Refused) {
    log.debug({ event: 'refused', call: call.slice(0, 100), status: error.status }, error.message);
    return { status: error.status, body: { Err: visible(error.message) } };
  }
  if (error instanceof LimpetError) {
    const status = STATUS[error.code] ?? 409;
    log.warn({ event: 'refused', call, code: error.code, ...printable(error.details) }, error.message);
    return { status, body: { Err: visible(error.message) } };
  }
  const message = error instanceof Error ? error.message : String(error);
  log.error({ event: 'failed', call, stack: (error as Error)?.stack }, message);
  return { status: 500, body: { Err: visible(`Limpet failed in ${call}: ${message}`) } };
}

/** Counts are bigints in IPv6 subnets, which JSON has not. */
function printable(details: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(details).map(([key, value]) => [key, typeof value === 'bigint' ? String(value) : value]),
  );
}

/** By events: a stream's iterator costs as much as all the rest of a small call. */
function bodyOf(request: IncomingMessage): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const broken = (error?: Error) => reject(new Refused(400, `the body broke off: ${error?.message ?? 'aborted'}`));
    request.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length <= MOST) chunks.push(chunk);
      else reject(new Refused(413, `the body is longer than ${MOST} bytes`)); // the rest is read for nobody
    });
    request.on('end', () => resolve(Buffer.concat(chunks).toString('utf8')));
    request.on('error', broken);
    request.on('close', () => request.complete || broken());
  });
}
