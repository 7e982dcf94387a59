// /metrics and /healthz, on the plugin's own socket and, when asked for, on an address of their own.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { LimpetError } from '../host/errors.js';
import { visibleJson } from '../host/visible.js';
import type { Metrics } from './metrics.js';

/** Why the plugin is not healthy; empty when it is. */
export type Health = () => readonly string[];

export function healthMount(metrics: Metrics, health: Health) {
  return (request: IncomingMessage, response: ServerResponse): boolean => {
    const path = request.url?.replace(/\?.*$/, '');
    if (path === '/metrics') void writeMetrics(metrics, response);
    else if (path === '/healthz') writeHealth(health(), response);
    else return false;
    return true;
  };
}

async function writeMetrics(metrics: Metrics, response: ServerResponse): Promise<void> {
  try {
    const text = await metrics.registry.metrics();
    response.writeHead(200, { 'Content-Type': metrics.registry.contentType }).end(text);
  } catch (error) {
    response.writeHead(500, { 'Content-Type': 'text/plain' }).end(`${(error as Error).message}\n`);
  }
}

function writeHealth(why: readonly string[], response: ServerResponse): void {
  const status = why.length === 0 ? 200 : 503;
  response.writeHead(status, { 'Content-Type': 'application/json' });
  response.end(`${visibleJson(JSON.stringify({ status: why.length === 0 ? 'ok' : 'unavailable', why }))}\n`);
}

/** @throws LimpetError BAD_INPUT naming the address; what the system says when it cannot be listened on */
export async function serveMetrics(address: string, mount: ReturnType<typeof healthMount>): Promise<Server> {
  const [, host, port] = /^(\[[0-9a-fA-F:.]+\]|[^:]*):(\d{1,5})$/.exec(address) ?? [];
  if (port === undefined) {
    throw new LimpetError(
      'BAD_INPUT',
      `${JSON.stringify(address)} is no address for metrics: write host:port, or :port`,
    );
  }
  const server = createServer((request, response) => {
    if (!mount(request, response))
      response.writeHead(404, { 'Content-Type': 'text/plain' }).end('/metrics or /healthz\n');
  });
  await new Promise<void>((resolve, reject) => {
    const where = host ? { host: host.replace(/^\[|\]$/g, ''), port: Number(port) } : { port: Number(port) };
    server.once('error', reject).listen(where, () => resolve(void server.off('error', reject)));
  });
  return server;
}
