// Calls a plugin over its socket, as Docker does: a POST, no Content-Type, connections kept.
import { Agent, request } from 'node:http';

export interface Answer {
  readonly status: number;
  readonly body: any;
  readonly text: string;
  readonly type: string | undefined;
}

export class Client {
  readonly #socket: string;
  readonly #agent: Agent;

  constructor(socket: string, sockets = 16) {
    this.#socket = socket;
    this.#agent = new Agent({ keepAlive: true, maxSockets: sockets });
  }

  /** The body as it stands: a string as it is, anything else as JSON. */
  ask(path: string, body: unknown = '', method = 'POST'): Promise<Answer> {
    const text = typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body);
    return new Promise((resolve, reject) => {
      const asking = request({ socketPath: this.#socket, agent: this.#agent, path, method }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString();
          const type = response.headers['content-type'];
          resolve({ status: response.statusCode as number, body: parsed(text), text, type });
        });
      });
      asking.on('error', reject);
      asking.end(text);
    });
  }

  /** One of the driver's calls. */
  call(name: string, body: unknown = ''): Promise<Answer> {
    return this.ask(name === 'Activate' ? '/Plugin.Activate' : `/IpamDriver.${name}`, body);
  }

  close(): void {
    this.#agent.destroy();
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
