// One of Docker's task objects → a claim on an address, or the reason why it makes none.

import { withoutPrefix } from '../host/cidr.js';
import type { Claim, Reading } from '../host/claims.js';
import { describe, dig, isObject, isUnset, type Json } from '../host/json.js';
import { checkedIdentity, type Known, notAnAddress, Refused, refusing, textAt, wrong } from '../host/refused.js';
import type { BindingState } from '../host/types.js';
import { keyOfTask } from './identities.js';
import { whatItSays } from './message.js';
import type { ServiceName } from './service-list.js';
import { bindingStateOf } from './states.js';

const MOST_SLOT = { value: Number.MAX_SAFE_INTEGER, text: '2^53 − 1' };
/** The core keeps ranks in the 48 bits of a time. */
const MOST_RANK = { value: 2 ** 48 - 1, text: '2^48 − 1' };

/** A task's claim: wanted when Swarm wants it to run, and its rank is its Version.Index. */
export interface TaskClaim extends Claim {
  readonly networkId: string;
}

export interface TaskContext {
  /** ID or name; without it every attachment counts, and the subnet decides. */
  readonly network?: string | undefined;
  /** From `readServices`; without it the ServiceID stands for the name. */
  readonly services?: ReadonlyMap<string, ServiceName> | undefined;
  /** The record's place in its list, from 0. */
  readonly index: number;
}

/**
 * Reads one record. `elsewhere` is a task without an attachment to the network.
 * Never throws, and never reads fields it has no need of.
 */
export function readTask(record: unknown, context: TaskContext): TaskClaim | Exclude<Reading, Claim> {
  const name = nameOf(record, context.index);
  return refusing(name, () => {
    if (!isObject(record)) throw new Refused('bad-record', `the record is ${describe(record)}, not an object`);
    if ('ID' in record || 'NetworksAttachments' in record) return claimOf(record, name, context);
    throw new Refused('bad-record', `neither a task nor a binding: no ID, no identity${whatItSays(record)}`);
  });
}

/** How messages call the record: by its task's ID, else by its place. Nothing else hangs on the ID. */
function nameOf(record: unknown, index: number): string {
  const id = dig(record, 'ID');
  return typeof id === 'string' && id !== '' ? id : `#${index}`;
}

function claimOf(task: Json, record: string, context: TaskContext): TaskClaim | 'elsewhere' {
  const attachments = attachmentsTo(task, context.network);
  if (attachments.length === 0) return 'elsewhere';
  const identity = checkedIdentity(identityOf(task, context.services));
  const state = stateOf(task, identity);
  const wanted = optionalTextAt(task.DesiredState, 'DesiredState', { identity }) === 'running';
  const rank = countAt(dig(task, 'Version', 'Index'), 'Version.Index', MOST_RANK, { identity });
  const addresses = attachments.flatMap((attachment) => addressesOf(attachment, identity));
  if (addresses.length === 0) throw new Refused('no-address', 'the task is attached but has no address', { identity });
  const networkId = String(dig(attachments[0], 'Network', 'ID'));
  return { identity, addresses, state, wanted, rank, networkId, record };
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

function identityOf(task: Json, services: TaskContext['services']): string {
  const id = optionalTextAt(task.ServiceID, 'ServiceID');
  const slot = countAt(task.Slot, 'Slot', MOST_SLOT);
  const node = optionalTextAt(task.NodeID, 'NodeID');
  if (id === '') throw new Refused('no-slot', 'the task belongs to no service, and so has no slot');
  const service = services === undefined ? { name: id, mode: undefined } : services.get(id);
  if (service === undefined) throw new Refused('unknown-service', `no service has the ID ${describe(id)}`);
  const mode = service.mode ?? (slot > 0 ? 'replicated' : 'global'); // only a global service's tasks have no slot
  const key = keyOfTask({ slot, nodeId: node }, mode);
  if (key === undefined) {
    const lacks = mode === 'replicated' ? 'Slot' : 'NodeID';
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
