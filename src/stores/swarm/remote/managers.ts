// A worker's end: asks a manager's plugin what it cannot ask its own Docker. The managers are those that Docker names;
// when one does not answer, the next one is asked.

import type { IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';
import type { PeerCertificate } from 'node:tls';
import type { Node } from '../../../docker/shapes.js';
import type { Config, NewConfig, SwarmApi, SwarmEvent } from '../../../docker/swarm-api.js';
import { LimpetError } from '../../../host/errors.js';
import type { Clock } from '../../../service/clock.js';
import { type CallName, EVENTS, PATH, type Refused } from './calls.js';
import type { Certificates } from './certificates.js';

/** Milliseconds until a manager has taken the call, and until it has answered. */
const CONNECT = 1500;
const ANSWER = 6000;

export interface ManagersParts {
  readonly clock: Clock;
  readonly port: number;
  readonly certificates: () => Promise<Certificates>;
  /** Hosts, as Docker names them now. */
  readonly managers: () => Promise<readonly string[]>;
}

/** What went wrong with one manager. */
interface Failure {
  readonly error: Error;
  /** Whether it can have done what it was asked. */
  readonly isHeard: boolean;
}

export class Managers implements SwarmApi {
  readonly name = "the swarm's managers";
  readonly #parts: ManagersParts;
  /** The one that answered last. */
  #good: string | undefined;
  #agent: { readonly cert: string; readonly agent: Agent } | undefined;

  constructor(parts: ManagersParts) {
    this.#parts = parts;
  }

  async configs(prefix: string): Promise<readonly Config[]> {
    return (await this.#ask('configs', prefix)) as Config[];
  }

  async config(idOrName: string): Promise<Config | undefined> {
    return ((await this.#ask('config', idOrName)) as Config | null) ?? undefined;
  }

  async createConfig(config: NewConfig): Promise<'done' | 'exists'> {
    return (await this.#ask('createConfig', config)) as 'done' | 'exists';
  }

  async updateConfig(config: Config, labels: Config['labels']): Promise<'done' | 'stale' | 'gone'> {
    return (await this.#ask('updateConfig', { config, labels })) as 'done' | 'stale' | 'gone';
  }

  /** Managers do that. */
  async removeConfig(): Promise<void> {}

  async nodes(): Promise<readonly Node[]> {
    return (await this.#ask('nodes', null)) as Node[];
  }

  async events(signal: AbortSignal, told: { begun: () => void; event: (event: SwarmEvent) => void }): Promise<void> {
    for (const host of await this.#hosts()) {
      const response = await this.#open(host, EVENTS, undefined, signal).catch(() => undefined);
      if (response === undefined) continue;
      if (response.statusCode !== 200) {
        response.resume();
        continue;
      }
      told.begun();
      await readLines(response, (line) => told.event(JSON.parse(line)));
      return;
    }
  }

  async close(): Promise<void> {
    this.#agent?.agent.destroy();
  }

  /** @throws LimpetError UNAVAILABLE */
  async #ask(call: CallName, input: unknown): Promise<unknown> {
    const failures: string[] = [];
    for (const host of await this.#hosts()) {
      const answer = await this.#askOne(host, call, JSON.stringify({ input }));
      if (!('error' in answer)) {
        this.#good = host;
        return answer.answer;
      }
      failures.push(`${host}: ${answer.error.message}`);
      const isChange = call === 'createConfig' || call === 'updateConfig';
      if (answer.isHeard && isChange) throw unavailable(call, failures, 'unknown');
    }
    this.#good = undefined;
    throw unavailable(call, failures, 'none');
  }

  async #askOne(host: string, call: CallName, body: string): Promise<{ answer: unknown } | Failure> {
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

  /** New connections once Docker has renewed the certificates. */
  #agentOf({ ca, cert, key, self }: Certificates): Agent {
    if (this.#agent?.cert === cert) return this.#agent.agent;
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
    this.#agent = { cert, agent };
    return agent;
  }

  async #hosts(): Promise<readonly string[]> {
    const hosts = await this.#parts.managers();
    const good = this.#good;
    return good !== undefined && hosts.includes(good) ? [good, ...hosts.filter((host) => host !== good)] : hosts;
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

function unavailable(call: string, failures: readonly string[], outcome: 'none' | 'unknown'): LimpetError {
  const why = failures.length === 0 ? 'Docker names none' : failures.join('; ');
  const message = `no manager of the swarm answers (${call}): ${why}`;
  return new LimpetError('UNAVAILABLE', message, { outcome });
}
