// The operations over HTTP, under /limpet/v1/: mounted by the plugin's server on its socket, which only root can open,
// so that the command line works next to a plugin that has the store to itself.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { quote } from '../host/address.js';
import { LimpetError, type LimpetErrorCode } from '../host/errors.js';
import type { OperateEnvironment } from './environment.js';
import { isOperation, operations, perform } from './operations.js';

/** Where the operations are: `GET /limpet/v1/status?subnet=…`, `POST /limpet/v1/reclaim` with a JSON object. */
const ADMIN_PATH = '/limpet/v1/';

/** The most bytes of a body. */
const MOST = 1024 * 1024;

const STATUS: Partial<Record<LimpetErrorCode, number>> = {
  BAD_INPUT: 400,
  UNKNOWN: 404,
  OUT_OF_RANGE: 404,
  NO_NETWORK: 404,
  LOCKED: 503,
  UNAVAILABLE: 503,
  CONTENDED: 503,
  ENDED: 503,
  DAMAGED: 500,
  NO_MEMORY: 500,
  BROKEN: 500,
};

/**
 * A handler that answers what is under {@link ADMIN_PATH}, and says `false` of everything else. `context` may throw a
 * LimpetError, as while the store is not open yet: that is the answer then.
 */
export function adminHandler(
  context: () => OperateEnvironment | Promise<OperateEnvironment>,
): (request: IncomingMessage, response: ServerResponse) => boolean {
  return (request, response) => {
    if (!isAdminPath(request.url)) return false;
    void answer(context, request).then(({ status, body }) => {
      response.writeHead(status, { 'Content-Type': 'application/json' });
      response.end(JSON.stringify(body, plain));
    });
    return true;
  };
}

function isAdminPath(url: string | undefined): boolean {
  return url?.startsWith(ADMIN_PATH) === true;
}

async function answer(
  context: () => OperateEnvironment | Promise<OperateEnvironment>,
  request: IncomingMessage,
): Promise<{ status: number; body: unknown }> {
  try {
    const { pathname, searchParams } = new URL(request.url as string, 'http://limpet');
    const name = pathname.slice(ADMIN_PATH.length);
    if (!isOperation(name)) {
      const there = Object.keys(operations).join(', ');
      return refusal(404, 'BAD_INPUT', `there is no operation ${quote(name)}; there are ${there}`);
    }
    const { method } = operations[name];
    if (request.method !== method)
      return refusal(405, 'BAD_INPUT', `${pathname} wants ${method}, not ${request.method}`);
    const input = method === 'GET' ? Object.fromEntries(searchParams) : await bodyOf(request);
    return { status: 200, body: await perform(await context(), name, input) };
  } catch (error) {
    if (error instanceof TooLarge) return refusal(413, 'BAD_INPUT', error.message);
    if (error instanceof LimpetError) {
      const { code, message, details } = error;
      return refusal(STATUS[code] ?? 409, code, message, details);
    }
    return refusal(500, 'BROKEN', error instanceof Error ? error.message : String(error));
  }
}

/** What every refusal looks like: `{ error: { code, message, details } }`. */
function refusal(
  status: number,
  code: LimpetErrorCode,
  message: string,
  details: Readonly<Record<string, unknown>> = {},
): { status: number; body: unknown } {
  return { status, body: { error: { code, message, details } } };
}

/** Counts of wide subnets are bigints, which JSON has not. */
function plain(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? Number(value) : value;
}

class TooLarge extends Error {}

/** The body as JSON; an empty one is an empty object. @throws TooLarge, LimpetError BAD_INPUT */
async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MOST) throw new TooLarge(`the body has more than ${MOST} bytes`);
    chunks.push(chunk);
  }
  if (size === 0) return {};
  try {
    return JSON.parse(Buffer.concat(chunks).toString());
  } catch (error) {
    throw new LimpetError('BAD_INPUT', `the body is not JSON: ${(error as Error).message}`);
  }
}
