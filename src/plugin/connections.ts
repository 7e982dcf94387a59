// How many connections a server keeps, and for how long. Descriptors are the process's: whoever wastes them on one
// server takes them from the others, and the socket that Docker calls comes first.

import type { Server } from 'node:http';
import type { Socket } from 'node:net';

/** Of the plugin's socket, which only root can open. Docker keeps one for each call that is under way. */
export const MOST_CALLS = 512;
/** Of /metrics on TCP, which anybody may reach: some scrapers, and somebody who looks. */
export const MOST_SCRAPES = 16;

/** The most bytes of a request's headers: Docker's have some hundred. */
export const MOST_HEADERS = 8192;
/** The most headers that are looked at. */
const MOST_LINES = 64;

/** One that is too many takes the place of those that do nothing; where all are busy it is turned away. */
export function bound(server: Server, most: number): Server {
  server.maxConnections = most;
  server.maxHeadersCount = MOST_LINES;
  return server.on('drop', () => server.closeIdleConnections());
}

/** A server's connections, for its end. To be made before the server listens. */
export class Connections {
  /** So many requests of each are being answered. */
  readonly #open = new Map<Socket, number>();
  readonly #server: Server;
  #isEnding = false;

  constructor(server: Server) {
    this.#server = server;
    server.on('connection', (socket: Socket) => {
      this.#open.set(socket, 0);
      socket.once('close', () => this.#open.delete(socket));
    });
    server.on('request', ({ socket }, response) => {
      this.#open.set(socket, (this.#open.get(socket) ?? 0) + 1);
      response.once('close', () => this.#answered(socket));
    });
  }

  /** No new ones; who waits for an answer gets it, and who does not is turned away at once. */
  async end(): Promise<void> {
    this.#isEnding = true;
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const [socket, requests] of this.#open) if (requests === 0) socket.destroy();
    await closed;
  }

  /** Whoever still waits gets no answer. */
  cut(): void {
    for (const socket of this.#open.keys()) socket.destroy();
  }

  #answered(socket: Socket): void {
    const requests = (this.#open.get(socket) ?? 1) - 1;
    if (!this.#open.has(socket)) return;
    this.#open.set(socket, requests);
    if (this.#isEnding && requests === 0) socket.destroySoon();
  }
}

/**
 * The last words to somebody, and the end: a client that does not hang up keeps no descriptor, and one that does not
 * read keeps none for longer than a second.
 */
export function dismiss(socket: Socket, words: string): void {
  socket.setTimeout(1000, () => socket.destroy());
  socket.end(words, () => socket.destroy());
}
