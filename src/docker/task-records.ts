// One record of a task list → a claim on an address, or the reason why it makes none.
// Knows both forms: Docker's task object, and the compact record { identity, address, state }.

import { describe, dig, isObject, isUnset, type Json, whatItSays } from '../host/json.js';
import type { BindingState, SkipReason } from '../host/types.js';
import { withoutPrefix } from './address.js';
import type { ServiceName } from './service-list.js';
import { bindingStateOf } from './states.js';

const LONGEST_IDENTITY = 255;
const MOST_SLOT = { value: Number.MAX_SAFE_INTEGER, text: '2^53 − 1' };
/** The core keeps ranks in the 48 bits of a time. */
const MOST_RANK = { value: 2 ** 48 - 1, text: '2^48 − 1' };

/** What one record says: this identity has, or had, one of these addresses. */
export interface Claim {
  readonly identity: string;
  /** Without prefix length, in the record's order; several for a task with IPv4 and IPv6. Never empty. */
  readonly addresses: readonly string[];
  readonly state: BindingState;
  /** Swarm wants the task to run. A compact record is wanted when it is live. */
  readonly wanted: boolean;
  /** The task's Version.Index, the newer the higher; 0 for a compact record. */
  readonly rank: number;
  /** Undefined for a compact record. */
  readonly networkId?: string;
  /** The task's ID, or `#n` (counted from 0) for a record without one. */
  readonly record: string;
}

/** Why a record makes no claim; the shape that a report's `skipped` has. */
export interface Refusal {
  readonly reason: SkipReason;
  readonly record: string;
  readonly identity?: string;
  readonly address?: string;
  readonly detail: string;
}

export interface Context {
  /** ID or name; without it every attachment counts, and the subnet decides. */
  readonly network?: string;
  /** From `readServices`; without it the ServiceID stands for the name. */
  readonly services?: ReadonlyMap<string, ServiceName>;
  /** The record's place in its list, from 0. */
  readonly index: number;
}

/**
 * Reads one record. `elsewhere` is a task without an attachment to the network.
 * Never throws, and never reads fields it has no need of.
 */
export function readRecord(record: unknown, context: Context): Claim | Refusal | 'elsewhere' {
  try {
    if (!isObject(record)) throw new Refused('bad-record', `the record is ${describe(record)}, not an object`);
    if ('identity' in record) return readCompact(record, context.index);
    if ('ID' in record || 'NetworksAttachments' in record) return readTask(record, context);
    throw new Refused('bad-record', `neither a task nor a binding: no ID, no identity${whatItSays(record)}`);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return { reason: error.reason, record: nameOf(record, context.index), ...error.known, detail: error.detail };
  }
}

/** How messages call a record: by its task's ID, else by its place. Nothing else hangs on the ID. */
function nameOf(record: unknown, index: number): string {
  const id = dig(record, 'ID');
  return typeof id === 'string' && id !== '' ? id : `#${index}`;
}

function readCompact(record: Json, index: number): Claim {
  const identity = checkedIdentity(record.identity);
  const address = withoutPrefix(textAt(record.address, 'address', { identity }));
  if (address === undefined) throw notAnAddress(record.address, identity);
  const state = record.state;
  if (typeof state !== 'string') throw wrong('state', state, 'a string', { identity });
  if (state !== 'live' && state !== 'reserved') {
    throw new Refused('unknown-state', `state is ${describe(state)}, neither "live" nor "reserved"`, {
      identity,
      address,
    });
  }
  return { identity, addresses: [address], state, wanted: state === 'live', rank: 0, record: `#${index}` };
}

function readTask(task: Json, context: Context): Claim | 'elsewhere' {
  const attachments = attachmentsTo(task, context.network);
  if (attachments.length === 0) return 'elsewhere';
  const identity = checkedIdentity(identityOf(task, context.services));
  const state = stateOf(task, identity);
  const wanted = optionalTextAt(task.DesiredState, 'DesiredState', { identity }) === 'running';
  const rank = countAt(dig(task, 'Version', 'Index'), 'Version.Index', MOST_RANK, { identity });
  const addresses = attachments.flatMap((attachment) => addressesOf(attachment, identity));
  if (addresses.length === 0) throw new Refused('no-address', 'the task is attached but has no address', { identity });
  return {
    identity,
    addresses,
    state,
    wanted,
    rank,
    networkId: String(dig(attachments[0], 'Network', 'ID')),
    record: nameOf(task, context.index),
  };
}

/** The attachments that count; every one is looked at, so that a malformed one is not taken for another network's. */
function attachmentsTo(task: Json, network: string | undefined): Json[] {
  const all = task.NetworksAttachments;
  if (isUnset(all)) return [];
  if (!Array.isArray(all)) throw wrong('NetworksAttachments', all, 'a list');
  return all.filter((attachment, index) => {
    const at = `NetworksAttachments[${index}].Network`;
    const id = dig(attachment, 'Network', 'ID');
    if (typeof id !== 'string') throw wrong(`${at}.ID`, id, 'a string');
    return network === undefined || id === network || dig(attachment, 'Network', 'Spec', 'Name') === network;
  });
}

function identityOf(task: Json, services: Context['services']): string {
  const id = optionalTextAt(task.ServiceID, 'ServiceID');
  const slot = countAt(task.Slot, 'Slot', MOST_SLOT);
  const node = optionalTextAt(task.NodeID, 'NodeID');
  if (id === '') throw new Refused('no-slot', 'the task belongs to no service, and so has no slot');
  const service = services === undefined ? { name: id, mode: undefined } : services.get(id);
  if (service === undefined) throw new Refused('unknown-service', `no service has the ID ${describe(id)}`);
  const mode = service.mode ?? (slot > 0 ? 'replicated' : 'global'); // only a global service's tasks have no slot
  const key = mode === 'global' ? node : slot > 0 ? slot : '';
  if (key === '') {
    const lacks = mode === 'global' ? 'NodeID' : 'Slot';
    throw new Refused('no-slot', `the task of service ${describe(service.name)} has no ${lacks}`);
  }
  return `${service.name}.${key}`;
}

function stateOf(task: Json, identity: string): BindingState {
  const taskState = dig(task, 'Status', 'State');
  if (typeof taskState !== 'string') throw wrong('Status.State', taskState, 'a string', { identity });
  const state = bindingStateOf(taskState);
  if (state !== undefined) return state;
  throw new Refused('unknown-state', `Swarm has no task state ${describe(taskState)}`, { identity });
}

function addressesOf(attachment: Json, identity: string): string[] {
  const addresses = attachment.Addresses;
  if (isUnset(addresses)) return [];
  if (!Array.isArray(addresses)) throw wrong('Addresses', addresses, 'a list', { identity });
  return addresses.map((text) => {
    if (typeof text !== 'string') throw wrong('Addresses', text, 'a list of strings', { identity });
    const address = withoutPrefix(text);
    if (address === undefined) throw notAnAddress(text, identity);
    return address;
  });
}

function checkedIdentity(identity: unknown): string {
  if (typeof identity !== 'string') throw wrong('identity', identity, 'a string');
  if (identity === '') throw new Refused('bad-identity', 'the identity is empty');
  if (/\p{Surrogate}/u.test(identity))
    throw new Refused('bad-identity', `the identity ${describe(identity)} has half a surrogate pair`);
  const bytes = new TextEncoder().encode(identity).length;
  if (bytes <= LONGEST_IDENTITY) return identity;
  throw new Refused(
    'bad-identity',
    `the identity ${describe(identity)} has ${bytes} bytes, more than ${LONGEST_IDENTITY}`,
  );
}

/** A whole number; Go leaves out 0. */
function countAt(value: unknown, at: string, most: { value: number; text: string }, known: Known = {}): number {
  if (isUnset(value)) return 0;
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= most.value) return value;
  throw wrong(at, value, `a whole number from 0 to ${most.text}`, known);
}

/** A text; Go leaves out the empty one. */
function optionalTextAt(value: unknown, at: string, known: Known = {}): string {
  return isUnset(value) ? '' : textAt(value, at, known);
}

function textAt(value: unknown, at: string, known: Known): string {
  if (typeof value === 'string') return value;
  throw wrong(at, value, 'a string', known);
}

type Known = { readonly identity?: string; readonly address?: string };

/** How the functions of this file say no; `readRecord` makes a Refusal of it. No Error: a long bad list needs no stacks. */
class Refused {
  constructor(
    readonly reason: SkipReason,
    readonly detail: string,
    readonly known: Known = {},
  ) {}
}

function wrong(at: string, value: unknown, wanted: string, known: Known = {}): Refused {
  return new Refused('bad-record', `${at} must be ${wanted}, not ${describe(value)}`, known);
}

function notAnAddress(text: unknown, identity: string): Refused {
  return new Refused('bad-address', `${describe(text)} is not an IP address`, { identity, address: String(text) });
}
