// A subnet's state in a form that can be compared, looked at for what must never be.

import assert from 'node:assert/strict';
import type { SubnetService } from '../service/index.js';

/** What a subnet is seen to be: compared before and after. */
export function seen(net: SubnetService): unknown {
  const { size, live, reserved, held, excluded, free } = net.stats;
  assert.equal(BigInt(live + reserved + held) + excluded + free, size, 'every address is in one state');
  const bindings = [...net.list()].map(({ identity, address, state }) => ({
    identity,
    address,
    state,
    nodes: net.lookup(identity)?.nodes,
  }));
  assert.equal(new Set(bindings.map(({ address }) => address)).size, bindings.length, 'no address twice');
  for (const { identity, address } of bindings) assert.equal(net.inspect(address).identity, identity);
  return { bindings, held: [...net.held()], users: net.users, live, reserved };
}
