// A status of the core that refuses → the error that says why, with all that is known of the case.

import { quote } from './address.js';
import type { Addresses } from './addresses.js';
import { Status } from './boundary/status.js';
import type { CoreSubnet, Who } from './boundary/subnet.js';
import { LimpetError, noMemory } from './errors.js';

/** What was asked for. */
export interface Asked {
  readonly identity?: Who;
  readonly address?: string;
  readonly range?: string;
}

export function refusal(status: Status, core: CoreSubnet, addresses: Addresses, asked: Asked = {}): LimpetError {
  const subnet = core.cidr.text;
  const { identity, ...where } = asked;
  const { address } = where;
  const who = identity === undefined ? 'the caller' : quote(String(identity));
  const known = { subnet, ...where, ...(identity !== undefined && { identity: String(identity) }) };
  switch (status) {
    case Status.FULL:
      return full(core, who, known);
    case Status.OCCUPIED:
      return occupied(core, addresses, who, { ...known, address: String(address) });
    case Status.OUT_OF_RANGE:
      return addresses.outside(String(address));
    case Status.EXCLUDED:
      return new LimpetError('EXCLUDED', `${address} is excluded from ${subnet}: it is never allocated or held`, known);
    case Status.UNKNOWN:
      return new LimpetError('UNKNOWN', `${who} has no address in ${subnet}`, known);
    case Status.IS_LIVE: {
      const own = addresses.of(core.answer);
      const message = `${who} is live on ${own} in ${subnet}: release it before reclaiming`;
      return new LimpetError('LIVE', message, { ...known, address: own });
    }
    case Status.IS_PINNED: {
      const own = addresses.of(core.answer);
      const message = `${who} is pinned to ${own} in ${subnet}: unpin it before reclaiming`;
      return new LimpetError('PINNED', message, { ...known, address: own });
    }
    case Status.NOT_HELD:
      return new LimpetError('NOT_HELD', `${address} in ${subnet} is not held`, known);
    case Status.BOUND_ELSEWHERE: {
      const bound = addresses.of(core.answer);
      const message = `${who} already has ${bound} in ${subnet}, so it cannot be bound to ${address}`;
      return new LimpetError('BOUND_ELSEWHERE', message, { ...known, bound });
    }
    case Status.NO_MEMORY:
      return noMemory(core.memorySize, `nothing has changed in ${subnet}`, known);
    default:
      return new LimpetError('BAD_INPUT', `the core refused a call on ${subnet} with status ${status}`, known);
  }
}

interface Known {
  readonly identity?: string;
  readonly address?: string;
  readonly range?: string;
}

function full(core: CoreSubnet, who: string, known: Known): LimpetError<'FULL'> {
  const { size, text } = core.cidr;
  const { live, reserved, held, excluded, reclaimable } = core.counts();
  const what = known.range === undefined ? text : `the range ${known.range} of ${text}`;
  const counts = `of ${size} addresses ${live} are live, ${reserved} reserved, ${held} held, ${excluded} excluded`;
  const all = known.range === undefined ? counts : `in ${text}, ${counts}`;
  const message = `${what} is full: no address for ${who}; ${all}; reclaiming can free ${reclaimable}`;
  return new LimpetError('FULL', message, { ...known, size, live, reserved, held, excluded, reclaimable });
}

function occupied(
  core: CoreSubnet,
  addresses: Addresses,
  who: string,
  known: Known & { address: string },
): LimpetError<'OCCUPIED'> {
  const { address } = known;
  core.inspect(addresses.ordinalOf(address));
  const { state } = core.answer;
  const owner = core.answer.bound ? core.answer.identity : undefined;
  const whose = owner === undefined ? 'is held' : `belongs to ${quote(owner)} (${state})`;
  const message = `${address} in ${core.cidr.text} ${whose}; ${who} cannot have it`;
  return new LimpetError('OCCUPIED', message, owner === undefined ? { ...known, state } : { ...known, owner, state });
}
