// The operations by name, each with the input that it takes: the one list that HTTP, the command line and tests go by.

import * as z from 'zod';
import { LimpetError } from '../host/errors.js';
import { list, lookup } from './bindings.js';
import { forget, reclaim, release, unhold } from './changes.js';
import { check } from './check/check.js';
import type { OperateEnvironment } from './environment.js';
import { importAddresses } from './import/import.js';
import { pin, unpin } from './pins.js';
import { status } from './status.js';

const text = z.string().min(1, 'it is empty');
const selection = { subnet: text.optional(), space: text.optional() };

/** `GET` looks, `POST` changes. */
interface Operation<I extends z.ZodType, O> {
  readonly method: 'GET' | 'POST';
  readonly input: I;
  readonly run: (context: OperateEnvironment, input: z.output<I>) => O | Promise<O>;
}

function operation<I extends z.ZodType, O>(
  method: 'GET' | 'POST',
  input: I,
  run: Operation<I, O>['run'],
): Operation<I, O> {
  return { method, input, run };
}

export const operations = {
  status: operation('GET', z.strictObject(selection), status),
  ls: operation(
    'GET',
    z.strictObject({
      ...selection,
      state: z.enum(['live', 'reserved', 'held']).optional(),
      node: text.optional(),
      service: text.optional(),
      pinned: z.enum(['yes', 'no']).optional(),
    }),
    list,
  ),
  lookup: operation('GET', z.strictObject({ ...selection, key: text }), lookup),
  reclaim: operation(
    'POST',
    z.strictObject({
      ...selection,
      identity: text.optional(),
      service: text.optional(),
      olderThan: text.optional(),
      dryRun: z.boolean().optional(),
    }),
    reclaim,
  ),
  pin: operation(
    'POST',
    z.strictObject({ ...selection, who: text, addresses: text.optional(), second: text.optional() }),
    pin,
  ),
  unpin: operation('POST', z.strictObject({ ...selection, who: text }), unpin),
  release: operation('POST', z.strictObject({ ...selection, identity: text, node: text }), release),
  forget: operation(
    'POST',
    z.strictObject({ subnet: text, space: text.optional(), dryRun: z.boolean().optional() }),
    forget,
  ),
  check: operation(
    'GET',
    z.strictObject({ ...selection, settle: z.coerce.number().int().min(0).max(60_000).optional() }),
    check,
  ),
  import: operation(
    'POST',
    z.strictObject({
      network: text.optional(),
      into: text.optional(),
      ipamOptions: z.record(z.string(), z.string()).optional(),
      dryRun: z.boolean().optional(),
    }),
    importAddresses,
  ),
  unhold: operation('POST', z.strictObject({ ...selection, address: text }), unhold),
} as const;

export type OperationName = keyof typeof operations;
export type InputOf<N extends OperationName> = z.input<(typeof operations)[N]['input']>;
export type OutputOf<N extends OperationName> = Awaited<ReturnType<(typeof operations)[N]['run']>>;

export function isOperation(name: string): name is OperationName {
  return Object.hasOwn(operations, name);
}

/**
 * Checks the input and runs the operation.
 * @throws LimpetError BAD_INPUT naming the field, and what the operation throws
 */
export async function perform<N extends OperationName>(
  context: OperateEnvironment,
  name: N,
  input: unknown,
): Promise<OutputOf<N>> {
  // Of a union of operations TypeScript does not see that input and run belong together.
  const { input: schema, run } = operations[name] as unknown as Operation<z.ZodType, OutputOf<N>>;
  const parsed = schema.safeParse(input);
  if (parsed.success) return run(context, parsed.data);
  const [issue] = parsed.error.issues;
  const at = [name, ...(issue?.path ?? [])].join('.');
  throw new LimpetError('BAD_INPUT', `${at}: ${issue?.message}`, { operation: name, field: issue?.path.join('.') });
}
