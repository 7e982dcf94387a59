// The calls of Docker's remote IPAM driver as they come over the wire: what each takes, read strictly. Docker
// sends null for an empty map and nothing at all for a call without arguments.

import { z } from 'zod';
import { LimpetError } from '../host/errors.js';
import type { Call, RequestOf, Requests } from '../tickets/calls.js';

export const CONTENT_TYPE = 'application/vnd.docker.plugins.v1.2+json';

/** An empty field and one that is not there mean the same. */
function text(most: number) {
  return z
    .string()
    .max(most)
    .nullish()
    .transform((value) => value ?? '');
}

const options = z
  .record(z.string().max(256), z.string().max(4096))
  .nullish()
  .transform((value) => value ?? {});

const poolId = z.string().min(1).max(512);

const requests: { readonly [C in Call]: z.ZodType<Requests[C]> } = {
  'Plugin.Activate': z.object({}),
  'IpamDriver.GetCapabilities': z.object({}),
  'IpamDriver.GetDefaultAddressSpaces': z.object({}),
  'IpamDriver.RequestPool': z.object({
    AddressSpace: z.string().min(1).max(256),
    Pool: text(64),
    SubPool: text(64),
    Options: options,
    V6: z
      .boolean()
      .nullish()
      .transform((value) => value ?? false),
  }),
  'IpamDriver.ReleasePool': z.object({ PoolID: poolId }),
  'IpamDriver.RequestAddress': z.object({ PoolID: poolId, Address: text(64), Options: options }),
  'IpamDriver.ReleaseAddress': z.object({ PoolID: poolId, Address: z.string().min(1).max(64) }),
};

export function isCall(name: string): name is Call {
  return Object.hasOwn(requests, name);
}

/** @throws LimpetError BAD_INPUT naming the field */
export function readRequest<C extends Call>(call: C, body: string): RequestOf<C> {
  const read = requests[call].safeParse(parseJson(call, body));
  if (read.success) return read.data as RequestOf<C>;
  const [issue] = read.error.issues;
  const at = issue?.path.map(String).join('.').slice(0, 100);
  throw bad(call, `${at ? `${at}: ` : ''}${issue?.message ?? 'unreadable'}`);
}

function parseJson(call: Call, body: string): unknown {
  if (body.trim() === '') return {};
  try {
    return JSON.parse(body) ?? {};
  } catch (error) {
    // JavaScript quotes the text in its message, whatever its length.
    throw bad(call, `the body is not JSON: ${(error as Error).message.slice(0, 100)}`);
  }
}

function bad(call: Call, why: string): LimpetError {
  return new LimpetError('BAD_INPUT', `${call}: ${why}`, { call });
}
