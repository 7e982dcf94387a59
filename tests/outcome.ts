// What tests ask of every call that may be refused, and the whole state of a subnet as one comparable value.

import assert from 'node:assert/strict';
import { type Limpet, LimpetError, type Subnet } from './limpet.js';

/** The error that an action throws, which must be a LimpetError of this code whose message names these values. */
export function refused(code: string, action: () => unknown, ...named: (string | RegExp)[]): LimpetError {
  try {
    action();
  } catch (error) {
    assert(error instanceof LimpetError, `no LimpetError, but ${error}`);
    assert.equal(error.code, code, error.message);
    for (const value of named) {
      if (typeof value === 'string') assert(error.message.includes(value), `${error.message} — does not name ${value}`);
      else assert.match(error.message, value);
    }
    return error;
  }
  assert.fail(`nothing was thrown, ${code} was expected`);
}

/** All that can be seen of a subnet. Its snapshot holds what cannot: the cursor and the order of releases. */
export function wholeState(net: Subnet): unknown {
  return {
    bindings: [...net.bindings()],
    held: [...net.held()],
    stats: net.stats,
    snapshot: Buffer.from(net.snapshot()).toString('base64'),
  };
}

/** Runs an action that must change nothing: neither these subnets nor the memory in use. */
export function unchanged<T>(limpet: Limpet, nets: Subnet[], action: () => T): T {
  const before = nets.map(wholeState);
  const { used } = limpet.memory;
  const result = action();
  assert.deepEqual(nets.map(wholeState), before);
  assert.equal(limpet.memory.used, used, 'memory in use');
  return result;
}
