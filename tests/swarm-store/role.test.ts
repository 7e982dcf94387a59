// Who follows what this node is in the swarm, while its Docker fails again and again.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Membership } from '../../src/docker/swarm-api.js';
import { NodeSwarm, type NodeSwarmParts } from '../../src/stores/swarm/remote/node-swarm.js';
import { Time } from '../plugin/time.js';

const MANAGER: Membership = { state: 'active', isManager: true, address: '10.0.0.1', managers: ['10.0.0.1'] };

test('what this node is, is followed while events are, and not once more for each time they fail', async () => {
  const time = new Time();
  let asked = 0;
  const docker: Partial<NodeSwarmParts['docker']> = {
    name: 'docker of host-0',
    membership: async () => {
      asked++;
      return MANAGER;
    },
    events: async () => {
      throw new Error('connect ECONNREFUSED');
    },
  };
  const swarm = new NodeSwarm({
    docker: docker as NodeSwarmParts['docker'],
    clock: time.process().clock,
    lines: { line: { ask: assert.fail } as never, gate: undefined },
    report: () => {},
  });
  const listener = {} as never;
  for (let n = 0; n < 10; n++)
    await assert.rejects(time.until(swarm.events(new AbortController().signal, listener)), /ECONNREFUSED/);
  await time.pass(60_000);
  assert.equal(asked, 1);
});
