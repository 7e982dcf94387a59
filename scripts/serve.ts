// A static file server for one folder, on localhost only: what `npm run playground` and the page's tests stand on.
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

export interface Served {
  /** What a browser opens. */
  readonly address: string;
  close(): void;
}

/**
 * Serves a folder under a path (`/` or `/any/where/`).
 * @param port 0 for any free one
 */
export async function serve(folder: string, port: number, path = '/'): Promise<Served> {
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    const name = pathname.startsWith(path) ? normalize(`/${pathname.slice(path.length) || 'index.html'}`) : '/';
    try {
      const content = await readFile(join(folder, name));
      response.writeHead(200, { 'content-type': TYPES[extname(name)] ?? 'application/octet-stream' }).end(content);
    } catch {
      response.writeHead(404, { 'content-type': 'text/plain' }).end(`nothing is at ${pathname}\n`);
    }
  });
  await new Promise<void>((done, failed) => server.once('error', failed).listen(port, '127.0.0.1', done));
  const { port: open } = server.address() as AddressInfo;
  return { address: `http://localhost:${open}${path}`, close: () => void server.close() };
}
