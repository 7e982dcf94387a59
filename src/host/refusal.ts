// A status of the core that refuses → the error that says why, with all that is known of the case.

import { quote } from './address.js';
import type { Addresses } from './addresses.js';
import { Status } from './boundary/status.js';
import type { CoreSubnet, Who } from './boundary/subnet.js';
import { LimpetError, type LimpetErrorCode, noMemory } from './errors.js';

/** What was asked for. */
export interface Asked {
  readonly identity?: Who;
  readonly address?: string;
  readonly range?: string;
}

export function refusal(status: Status, core: CoreSubnet, addresses: Addresses, asked: Asked = {}): LimpetError {
  const subnet = core.cidr.text;
  const { identity, address, range } = asked;
  const who = identity === undefined ? 'the caller' : quote(String(identity));
  const known: Record<string, unknown> = { subnet };
  if (identity !== undefined) known.identity = String(identity);
  if (address !== undefined) known.address = address;
  if (range !== undefined) known.range = range;
  const make = (code: LimpetErrorCode, message: string, more = {}) =>
    new LimpetError(code, message, { ...known, ...more });
  switch (status) {
    case Status.FULL:
      return full(core, who, known, range);
    case Status.OCCUPIED:
      return occupied(core, addresses, who, { ...known, address: String(address) });
    case Status.OUT_OF_RANGE:
      return addresses.outside(String(address));
    case Status.EXCLUDED:
      return make('EXCLUDED', `${address} is excluded from ${subnet}: it is never allocated or held`);
    case Status.UNKNOWN:
      return make('UNKNOWN', `${who} has no address in ${subnet}`);
    case Status.IS_LIVE: {
      const own = addresses.of(core.answer);
      const message = `${who} is live on ${own} in ${subnet}: release it before reclaiming`;
      return make('LIVE', message, { address: own });
    }
    case Status.NOT_HELD:
      return make('NOT_HELD', `${address} in ${subnet} is not held`);
    case Status.BOUND_ELSEWHERE: {
      const own = addresses.of(core.answer);
      const message = `${who} already has ${own} in ${subnet}, so it cannot be bound to ${address}`;
      return make('BOUND_ELSEWHERE', message, { bound: own });
    }
    case Status.NO_MEMORY:
      return noMemory(core.memorySize, `nothing has changed in ${subnet}`, known);
    default:
      return make('BAD_INPUT', `the core refused a call on ${subnet} with status ${status}`);
  }
}

function full(core: CoreSubnet, who: string, known: object, range?: string): LimpetError {
  const { size, text } = core.cidr;
  const what = range === undefined ? text : `the range ${range} of ${text}`;
  const { live, reserved, held, excluded } = core.counts();
  const counts = `${range === undefined ? '' : `in ${text} `}of ${size} addresses ${live} are live, ${reserved} reserved, ${held} held, ${excluded} excluded`;
  const message = `${what} is full: no address for ${who}; ${counts}; reclaiming can free ${reserved}`;
  return new LimpetError('FULL', message, { ...known, size, live, reserved, held, excluded, reclaimable: reserved });
}

function occupied(core: CoreSubnet, addresses: Addresses, who: string, known: { address: string }): LimpetError {
  const { address } = known;
  core.inspect(addresses.ordinalOf(address));
  const { state } = core.answer;
  const owner = core.answer.bound ? core.answer.identity : undefined;
  const whose = owner === undefined ? 'is held' : `belongs to ${quote(owner)} (${state})`;
  const message = `${address} in ${core.cidr.text} ${whose}; ${who} cannot have it`;
  return new LimpetError('OCCUPIED', message, owner === undefined ? { ...known, state } : { ...known, owner, state });
}
