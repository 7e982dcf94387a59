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

/**
 * The last words to somebody, and the end: a client that does not hang up keeps no descriptor, and one that does not
 * read keeps none for longer than a second.
 */
export function dismiss(socket: Socket, words: string): void {
  socket.setTimeout(1000, () => socket.destroy());
  socket.end(words, () => socket.destroy());
}
