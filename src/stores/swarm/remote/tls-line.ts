// A worker's end over TLS, with the swarm's own certificates on both sides: whoever answers has to be a manager of this
// swarm.

import type { IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';
import type { PeerCertificate } from 'node:tls';
import type { SwarmListener } from '../../../docker/swarm-api.js';
import type { Clock } from '../../../service/clock.js';
import { type CallName, EVENTS, PATH, type Refused } from './calls.js';
import { areSame, type Certificates } from './certificates.js';
import type { Failure, Line } from './line.js';

/** Milliseconds until a manager has taken the call, and until it has answered. */
const CONNECT = 1500;
const ANSWER = 6000;
/** Milliseconds of silence after which it is asked whether a manager's machine is there at all. */
const KEEP_ALIVE = 10_000;

export interface TlsParts {
  readonly clock: Clock;
  readonly port: number;
  readonly certificates: () => Promise<Certificates>;
}

export class TlsLine implements Line {
  readonly #parts: TlsParts;
  #agent: { readonly of: Certificates; readonly agent: Agent } | undefined;

  constructor(parts: TlsParts) {
    this.#parts = parts;
  }

  async ask(host: string, call: CallName, input: unknown): Promise<{ answer: unknown } | Failure> {
    const body = JSON.stringify({ input });
    let isHeard = false;
    try {
      const deadline = this.#timeout(ANSWER);
      const response = await this.#open(host, PATH + call, body, deadline, () => {
        isHeard = true;
      });
      const text = await textOf(response);
      const said = JSON.parse(text) as { answer: unknown } | Refused;
      if ('error' in said) return { error: new Error(said.error), isHeard: said.outcome === 'unknown' };
      return said;
    } catch (error) {
      return { error: error as Error, isHeard };
    }
  }

  async listen(host: string, signal: AbortSignal, listener: SwarmListener): Promise<boolean> {
    const response = await this.#open(host, EVENTS, undefined, signal).catch(() => undefined);
    if (response === undefined) return false;
    if (response.statusCode !== 200) {
      response.resume();
      return false;
    }
    response.socket.setKeepAlive(true, KEEP_ALIVE);
    listener.begun();
    await readLines(response, (line) => listener.event(JSON.parse(line)));
    return true;
  }

  close(): void {
    this.#agent?.agent.destroy();
  }

  async #open(
    host: string,
    path: string,
    body: string | undefined,
    signal: AbortSignal,
    heard: () => void = () => {},
  ): Promise<IncomingMessage> {
    const certificates = await this.#parts.certificates();
    return new Promise((resolve, reject) => {
      const method = body === undefined ? 'GET' : 'POST';
      const where = { host: host.replace(/^\[|\]$/g, ''), port: this.#parts.port, path, method };
      const asked = request({ ...where, agent: this.#agentOf(certificates), signal });
      const late = this.#parts.clock.after(CONNECT, () => asked.destroy(new Error(`no connection in ${CONNECT} ms`)));
      asked.on('socket', (socket) => {
        const sent = () => {
          late();
          heard();
        };
        if (socket.connecting) socket.once('secureConnect', sent);
        else sent();
      });
      asked.on('response', resolve);
      asked.on('error', (error) => {
        late();
        reject(error);
      });
      asked.end(body);
    });
  }

  /** New connections once Docker has renewed the certificates, or the root that they hang on. */
  #agentOf(certificates: Certificates): Agent {
    const { ca, cert, key, self } = certificates;
    if (this.#agent !== undefined && areSame(this.#agent.of, certificates)) return this.#agent.agent;
    const checkServerIdentity = (_host: string, { subject }: PeerCertificate) =>
      subject.OU === 'swarm-manager' && subject.O === self.cluster
        ? undefined
        : new Error(`what answers is not a manager of this swarm, but ${subject.OU} ${subject.CN}`);
    const agent = new Agent({
      ca,
      cert,
      key,
      keepAlive: true,
      maxSockets: 8,
      checkServerIdentity,
      minVersion: 'TLSv1.2',
    });
    this.#agent = { of: certificates, agent };
    return agent;
  }

  #timeout(ms: number): AbortSignal {
    const controller = new AbortController();
    this.#parts.clock.after(ms, () => controller.abort(new Error(`no answer in ${ms} ms`)));
    return controller.signal;
  }
}

async function textOf(response: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of response) parts.push(part as Buffer);
  return Buffer.concat(parts).toString();
}

async function readLines(response: IncomingMessage, line: (text: string) => void): Promise<void> {
  let rest = '';
  try {
    for await (const part of response.setEncoding('utf8')) {
      const lines = (rest + part).split('\n');
      rest = lines.pop() as string;
      for (const each of lines) line(each);
    }
  } catch {
    // its end, however it comes
  }
}
