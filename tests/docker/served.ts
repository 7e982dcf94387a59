// The Docker of the tests on a unix socket, for tests of what asks over HTTP: the whole plugin, the command line.
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Docker, type State } from './docker.js';

export class ServedDocker extends Docker {
  readonly socket: string;
  readonly #folder = mkdtempSync(join(tmpdir(), 'limpet-docker-'));
  // dockerd closes no connection by itself.
  readonly #server = createServer({ keepAliveTimeout: 0 }, (request, response) => {
    const answer = this.answer(request.url as string);
    if (answer === undefined) return;
    response.writeHead(answer.status, { 'Content-Type': 'application/json' }).end(JSON.stringify(answer.body));
  });
  #stopped: Promise<void> | undefined;

  private constructor(state: Partial<State>, socket?: string) {
    super(state);
    this.socket = socket ?? join(this.#folder, 'docker.sock');
  }

  /** @param socket where it is to be; else in a folder of its own */
  static async start(state: Partial<State> = {}, socket?: string): Promise<ServedDocker> {
    const docker = new ServedDocker(state, socket);
    await new Promise<void>((resolve) => docker.#server.listen(docker.socket, resolve));
    return docker;
  }

  /** Once; after that it has stopped. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
    rmSync(this.#folder, { recursive: true });
  }
}
