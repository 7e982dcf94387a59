// A static file server for one folder, on localhost only: what `npm run playground` and the page's tests stand on.
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';

const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/**
 * Serves a folder under a path (`/` or `/any/where/`).
 * @param {string} folder
 * @param {number} port 0 for any free one
 * @returns the address to open, and `close`
 */
export async function serve(folder, port, path = '/') {
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
  await new Promise((done, failed) => server.once('error', failed).listen(port, '127.0.0.1', done));
  return { address: `http://localhost:${server.address().port}${path}`, close: () => server.close() };
}
