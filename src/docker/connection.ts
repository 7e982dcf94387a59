// Docker's API over HTTP, on its socket, over TCP or over TLS. Connections are kept and used again: a dockerd that is
// being stopped answers on those alone.

import { type ClientRequest, type IncomingMessage, Agent as PlainAgent, request as sendPlain } from 'node:http';
import { request as sendSecret, Agent as TlsAgent } from 'node:https';
import { dig } from '../host/json.js';
import type { Daemon, Listening, Question } from './daemon.js';
import { addressOf, type DockerAddress, type DockerHost } from './docker-host.js';
import { isBeingStopped } from './stopping.js';

/** What is sent to Docker. */
export interface Call extends Question {
  readonly method?: 'GET' | 'POST' | 'DELETE';
  readonly body?: object | undefined;
}

/** As Node's own agent has them; a kept connection on which nothing happens for so many milliseconds is closed. */
const KEPT = { keepAlive: true, scheduling: 'lifo', timeout: 5000 } as const;

/** Docker's answer is no good; the message is Docker's own. */
export class DockerRefusal extends Error {
  readonly statusCode: number;

  constructor(statusCode: number, message: string) {
    super(message);
    this.statusCode = statusCode;
  }
}

export class DockerConnection implements Daemon {
  readonly name: string;
  readonly #address: DockerAddress;
  readonly #agent: PlainAgent | TlsAgent;

  /** Connects to nothing yet. @throws LimpetError BAD_INPUT naming the host */
  constructor(host: DockerHost) {
    this.name = host.host;
    this.#address = addressOf(host);
    const { tls } = this.#address;
    this.#agent = tls === undefined ? new PlainAgent(KEPT) : new TlsAgent({ ...KEPT, ...tls });
  }

  /**
   * Its answer, which is JSON; undefined when there is nothing in it. @throws DockerRefusal; Error with the system's
   * `code` when the connection has ended; the signal's reason
   */
  ask(call: Call): Promise<unknown> {
    return this.#send(call, async (response) => {
      const text = await textOf(response);
      return text === '' ? undefined : JSON.parse(text);
    });
  }

  async events({ query, heard, ...about }: Listening, opened: () => void): Promise<void> {
    const stream = await this.#send({ path: '/events', query, ...about }, async (response) => response);
    opened();
    await new Promise<void>((resolve) => {
      let rest = '';
      stream.setEncoding('utf8').on('data', (part: string) => {
        const lines = (rest + part).split('\n');
        rest = lines.pop() as string;
        for (const line of lines) if (line.trim() !== '') heard?.(line);
      });
      for (const end of ['end', 'error', 'close']) stream.on(end, () => resolve());
    });
  }

  isBeingStopped(state: string): Promise<boolean> {
    return isBeingStopped(state, this.#address);
  }

  /**
   * A kept connection can be closed from the other side just when a question is sent on it: what changes nothing is
   * asked again then (RFC 9112, 9.3.1).
   * @param read takes what is in a good answer; until all of it has come, the signal ends it
   */
  #send<T>(call: Call, read: (response: IncomingMessage) => Promise<T>): Promise<T> {
    const { signal, body } = call;
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      const request = this.#begin(call);
      const giveUp = () => {
        reject(signal.reason);
        request.destroy();
      };
      let isAnswered = false;
      const isStale = (error: Error) => !isAnswered && !signal.aborted && hasFoundItClosed(request, error);
      signal.addEventListener('abort', giveUp);
      request
        .on('response', (response) => {
          isAnswered = true;
          const answer = isGood(response) ? read(response) : refusalOf(response);
          answer.then(resolve, reject);
        })
        .on('error', (error) => (isStale(error) ? resolve(this.#send(call, read)) : reject(error)))
        .on('close', () => signal.removeEventListener('abort', giveUp))
        .end(body === undefined ? undefined : JSON.stringify(body));
    });
  }

  #begin({ method = 'GET', path, query = {}, version, body }: Call): ClientRequest {
    const asked = new URLSearchParams(query as Record<string, string>).toString();
    const { tls, ...where } = this.#address;
    return (tls === undefined ? sendPlain : sendSecret)({
      ...where,
      agent: this.#agent,
      method,
      path: `${version === undefined ? '' : `/${version}`}${path}${asked === '' ? '' : `?${asked}`}`,
      headers: body === undefined ? {} : { 'Content-Type': 'application/json' },
    });
  }
}

/** Whether a question without effects was sent on a kept connection that had just been closed. */
function hasFoundItClosed({ reusedSocket, method }: ClientRequest, error: NodeJS.ErrnoException): boolean {
  return reusedSocket && method === 'GET' && ['ECONNRESET', 'EPIPE'].includes(error.code ?? '');
}

function isGood({ statusCode = 0 }: IncomingMessage): boolean {
  return statusCode >= 200 && statusCode < 300;
}

/** @throws DockerRefusal; as `textOf` */
async function refusalOf(response: IncomingMessage): Promise<never> {
  const { statusCode = 0 } = response;
  const text = await textOf(response);
  throw new DockerRefusal(statusCode, messageIn(text) ?? (text.trim() || `HTTP status ${statusCode}`));
}

function messageIn(text: string): string | undefined {
  try {
    const message = dig(JSON.parse(text), 'message');
    return typeof message === 'string' ? message : undefined;
  } catch {
    return undefined;
  }
}

/** All of it. @throws Error when the connection ends before */
function textOf(response: IncomingMessage): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    response
      .on('data', (chunk: Buffer) => chunks.push(chunk))
      .on('end', () => resolve(Buffer.concat(chunks).toString()))
      .on('error', reject);
  });
}
