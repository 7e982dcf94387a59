// Every value that a store reads, and what it may be: the one place that knows. Whatever is of another form, from
// another release, or made by hand is named as wrong, with why; nothing is guessed, and nothing throws. What only fits
// in some subnets (an address) is looked at with the subnet at hand.

import { constants, isUtf8 } from 'node:buffer';
import * as z from 'zod/mini';
import { TIME_LIMIT } from '../host/arguments.js';
import { isIdentity } from '../host/identity.js';
import { differences, type Room, specOf } from '../service/spec.js';
import type { Change, NodeName, SubnetKey, SubnetSpec } from '../service/store.js';

/** A value, or why it is none. */
export type Read<T> = { readonly value: T } | { readonly wrong: string };

/** The value of an identity's key. `released` is there when nobody has been live since that moment. */
export interface IdentityValue {
  readonly address: string;
  readonly released?: number | undefined;
  /** A person chose the address. */
  readonly pinned?: 1 | undefined;
}

/** What is read by the hundred thousand is asked for by these guards alone; the schemas are made of them. */
const guards = new Map<z.ZodMiniType, (value: unknown) => boolean>();

function guarded<T>(guard: (value: unknown) => boolean): z.ZodMiniType<T, T> {
  const schema = z.custom<T>(guard);
  guards.set(schema, guard);
  return schema;
}

const text = guarded<string>(isText);
const identity = guarded<string>((value) => typeof value === 'string' && isIdentity(value));
const count = guarded<number>((value) => Number.isSafeInteger(value) && (value as number) >= 0);
const time = guarded<number>((value) => typeof value === 'number' && value >= 0 && value < TIME_LIMIT);
/** There or not. */
const flag = guarded<1 | undefined>((value) => value === undefined || value === 1);

// Strict: what another release has added, this one would lose with its next write.
const spec = z
  .strictObject({
    space: text,
    cidr: text,
    gateway: z.optional(text),
    exclude: z.array(text),
    policy: text,
    reclaim: z.strictObject({
      after: z.optional(count),
      whenFull: z.optional(z.strictObject({ holdDown: count })),
    }),
    pools: z.optional(z.array(z.strictObject({ service: text, range: text }))),
    probe: z.optional(text),
  })
  .check(({ value, issues }) => {
    const message = whyNotCanonical(value as SubnetSpec);
    if (message !== undefined) issues.push({ code: 'custom', message, input: value, path: [] });
  });

/** Settings are written down as the service makes them: any other text for the same would be another subnet. */
function whyNotCanonical(given: SubnetSpec): string | undefined {
  try {
    const [other] = differences(specOf(given.cidr, given), given);
    return other && `its ${other.name} is not written as Limpet writes it`;
  } catch (error) {
    return (error as Error).message;
  }
}

const identityValue = z.strictObject({ address: text, released: z.optional(time), pinned: z.optional(z.literal(1)) });
const node = z.strictObject({ id: text, name: text });

/** The changes of a journal, each with its fields in the order in which they are written; a flag comes last. */
const CHANGES = {
  create: { spec },
  remove: { unused: flag },
  settings: { spec },
  bind: { identity, address: text, ticket: flag },
  pin: { identity, address: text, time, ticket: flag },
  unpin: { identity, time },
  reclaim: { identity, address: text, pinned: flag },
  live: { identity, node: text },
  gone: { identity, node: text, time },
  hold: { address: text },
  unhold: { address: text },
  use: { user: text },
  disuse: { user: text },
} as const satisfies Readonly<Record<Change['op'], Readonly<Record<string, z.ZodMiniType>>>>;

interface Written {
  readonly name: string;
  readonly isFlag: boolean;
}

interface Field extends Written {
  readonly guard: (value: unknown) => boolean;
  readonly schema: z.ZodMiniType;
}

const fields = new Map<unknown, readonly Field[]>(
  Object.entries(CHANGES).map(([op, each]) => [op, Object.entries(each).map(fieldOf)]),
);

function fieldOf([name, schema]: [string, z.ZodMiniType]): Field {
  const guard = guards.get(schema) ?? ((value) => schema.safeParse(value).success);
  return { name, isFlag: schema === flag, guard, schema };
}

const nodes = z.strictObject({ nodes: z.array(node) });
const head = z.union([
  z.strictObject({ spec, users: z.array(text), snapshot: count, live: count }),
  z.strictObject({ subnets: count }),
]);
const liveList = guarded<readonly [node: string, ...identities: string[]]>(isLiveList);
/** A node that cannot be read is asked of Docker again; the ID is nowhere else. */
const hostState = z.object({
  version: z.literal(1),
  id: z.string().check(z.refine((id) => id !== '' && !/\p{Surrogate}/u.test(id))),
  swarmNode: z.catch(z.optional(text), undefined),
  wished: z.catch(z.optional(z.array(z.object({ cidr: text, address: text, identity: text }))), undefined),
});

/** Who a host is. */
export interface HostState {
  /** The host's own ID. Host names are for people: they change, and two hosts can have one. */
  readonly id: string;
  /** Swarm's ID of the node; absent outside of a swarm. */
  readonly swarmNode?: string;
  /** Addresses that users wanted on the host's own networks, and whose they are, the latest last. */
  readonly wished?: readonly { readonly cidr: string; readonly address: string; readonly identity: string }[];
}

/** What stands in front of each subnet of a snapshot, or at its end. */
export type SnapshotHead =
  | {
      readonly spec: SubnetSpec;
      readonly users: readonly string[];
      /** Bytes. */
      readonly snapshot: number;
      /** Records. */
      readonly live: number;
    }
  | { readonly subnets: number };

/** Bytes as text; undefined when they are no UTF-8, or more than a text can be. */
export function textOf(bytes: Buffer): string | undefined {
  if (bytes.length > constants.MAX_STRING_LENGTH) return undefined;
  const read = bytes.toString();
  return read.includes('\ufffd') && !isUtf8(bytes) ? undefined : read;
}

/** The settings of that very subnet. */
export function readSpec(bytes: Buffer, key: SubnetKey): Read<SubnetSpec> {
  const read = readJson(bytes, spec) as Read<SubnetSpec>;
  if ('wrong' in read || isOf(read.value, key)) return read;
  return { wrong: `it is of ${read.value.cidr} in ${read.value.space}` };
}

/** What a subnet with that room can have bound. */
export function readIdentity(bytes: Buffer, room: Room): Read<IdentityValue> {
  const read = readJson(bytes, identityValue) as Read<IdentityValue>;
  if ('wrong' in read) return read;
  const why = room(read.value.address);
  return why === undefined ? read : { wrong: `its address ${read.value.address} ${why}` };
}

/** An identity as the index by address has it. */
export function readOwner(bytes: Buffer): string | undefined {
  const owner = textOf(bytes);
  return owner !== undefined && isIdentity(owner) ? owner : undefined;
}

/** What a node is called. */
export function readNodeName(bytes: Buffer): string | undefined {
  return textOf(bytes) || undefined;
}

export type Body = { readonly subnet: SubnetKey; readonly changes: Change[] } | { readonly node: NodeName };

/** A record of a journal: a commit, or what a node is called. */
export function readBody(bytes: Buffer): Read<Body> {
  const json = jsonOf(bytes);
  if ('wrong' in json) return json;
  if (!Array.isArray(json.value)) {
    const read = check(json.value, node);
    return 'wrong' in read ? read : { value: { node: read.value } };
  }
  const values: unknown[] = json.value;
  const [space, cidr] = values;
  if (!isText(space) || !isText(cidr)) return { wrong: 'it says not of which subnet it is' };
  const subnet = { space, cidr };
  const all: Change[] = [];
  for (let n = 2; n < values.length; n++) {
    const change = readChange(values[n], subnet);
    if ('wrong' in change) return change;
    all.push(change.value);
  }
  return { value: { subnet, changes: all } };
}

export function readNodes(bytes: Buffer): Read<readonly NodeName[]> {
  const read = readJson(bytes, nodes);
  return 'wrong' in read ? read : { value: read.value.nodes };
}

export function readHead(bytes: Buffer): Read<SnapshotHead> {
  return readJson(bytes, head) as Read<SnapshotHead>;
}

/** The identities that are live on a node, behind its ID. */
export function readLiveList(bytes: Buffer): Read<readonly [node: string, ...identities: string[]]> {
  return readJson(bytes, liveList);
}

export function readHostState(bytes: Buffer): Read<HostState> {
  const read = readJson(bytes, hostState);
  if ('wrong' in read) return read;
  const { id, swarmNode, wished } = read.value;
  const others = { ...(swarmNode === undefined ? {} : { swarmNode }), ...(wished === undefined ? {} : { wished }) };
  return { value: { id, ...others } };
}

/** The fields of a change in the order in which they are written; a flag is written as 1, or not at all. */
export function fieldsOf(op: Change['op']): readonly Written[] {
  return fields.get(op) as readonly Field[];
}

function readChange(values: unknown, subnet: SubnetKey): Read<Change> {
  const known = Array.isArray(values) ? fields.get(values[0]) : undefined;
  if (known === undefined) return { wrong: 'it has a change that this release does not know' };
  const given = values as unknown[];
  const op = given[0];
  if (given.length > known.length + 1) return { wrong: `a change (${op}) in it has too many fields` };
  const change: Record<string, unknown> = { op };
  for (let n = 0; n < known.length; n++) {
    const { name, isFlag, guard, schema } = known[n] as Field;
    const value = given[n + 1];
    if (!guard(value)) return wrongField(`a change (${op}) in it`, name, value, schema);
    if (value !== undefined) change[name] = isFlag ? true : value;
  }
  const { spec: has } = change as { spec?: SubnetSpec };
  if (has !== undefined && !isOf(has, subnet)) return { wrong: `it has settings of ${has.cidr} for ${subnet.cidr}` };
  return { value: change as unknown as Change };
}

function wrongField(what: string, name: string, value: unknown, schema: z.ZodMiniType): { readonly wrong: string } {
  const read = check(value, schema);
  const why = 'wrong' in read ? read.wrong : '';
  return { wrong: `${name} of ${what}: ${why}` };
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function isLiveList(value: unknown): boolean {
  if (!Array.isArray(value) || !isText(value[0])) return false;
  for (let n = 1; n < value.length; n++) if (typeof value[n] !== 'string' || !isIdentity(value[n])) return false;
  return true;
}

function isOf(has: SubnetSpec, { space, cidr }: SubnetKey): boolean {
  return has.space === space && has.cidr === cidr;
}

function readJson<S extends z.ZodMiniType>(bytes: Buffer, schema: S): Read<z.output<S>> {
  const json = jsonOf(bytes);
  return 'wrong' in json ? json : check(json.value, schema);
}

function jsonOf(bytes: Buffer): Read<unknown> {
  const json = textOf(bytes);
  if (json === undefined) return { wrong: 'it is no UTF-8' };
  try {
    return { value: JSON.parse(json) };
  } catch {
    return { wrong: 'it is no JSON' };
  }
}

function check<S extends z.ZodMiniType>(value: unknown, schema: S): Read<z.output<S>> {
  const read = schema.safeParse(value);
  if (read.success) return { value: read.data };
  const [issue] = read.error.issues;
  if (issue?.code === 'custom' && issue.path.length === 0) return { wrong: issue.message };
  if (issue?.code === 'unrecognized_keys')
    return { wrong: `it has ${JSON.stringify(issue.keys[0])}, which this release does not know` };
  const where = issue?.path.join('.') ?? '';
  return { wrong: where === '' ? 'it is of another form' : `${JSON.stringify(where)} in it is of another form` };
}
