// `limpet lookup` of a task's ID: who the task is, its ticket and its home, on a manager and on a worker.

import assert from 'node:assert/strict';
import { afterEach, describe, test } from 'node:test';
import { SwarmRig } from './swarm.js';

let swarm: SwarmRig;
afterEach(() => swarm.stop());

/** A running task of the network st1 on node-1, as the recording has it. */
function taskHere(): { id: string; identity: string; ticket: string; address: string } {
  const container = swarm.docker.containers.find(({ State, NetworkSettings, Labels }) => {
    return State === 'running' && NetworkSettings.Networks.st1 && Labels['com.docker.swarm.task.id'];
  });
  const id = container.Labels['com.docker.swarm.task.id'];
  const task = swarm.docker.tasks.find(({ ID }) => ID === id);
  const attachment = task.NetworksAttachments.find(({ Network }: any) => Network.Spec.Name === 'st1');
  return {
    id,
    identity: container.Names[0].slice(1, -id.length - 1),
    ticket: attachment.Addresses[0].replace(/\/.*/, ''),
    address: container.NetworkSettings.Networks.st1.IPAddress,
  };
}

for (const [where, manager] of [
  ['a manager', true],
  ['a worker, where it runs', false],
] as const) {
  describe(`on ${where}`, () => {
    test('by the whole ID and by its beginning', async () => {
      swarm = await (await SwarmRig.start()).healthy();
      swarm.docker.info.Swarm.ControlAvailable = manager;
      const { id, identity, ticket, address } = taskHere();
      for (const key of [id, id.slice(0, 12)]) {
        const { task, rows } = await swarm.rig.json('lookup', key);
        assert.deepEqual(task, {
          id,
          identity,
          state: 'running',
          node: swarm.id('node-1'),
          addresses: [{ space: 'swarm', subnet: '10.77.0.0/24', home: address, ticket }],
        });
        assert.ok(rows.some((row: any) => row.identity === identity && row.address === address));
        assert.ok(rows.some((row: any) => row.address === ticket));
      }
      const { stdout } = await swarm.rig.limpet('lookup', id);
      const lines = stdout.split('\n');
      assert.deepEqual(lines.slice(0, 4), [
        `task       ${id}, running on node-1`,
        `identity   ${identity}`,
        `home       ${address} of 10.77.0.0/24: what its container has`,
        `ticket     ${ticket} of 10.77.0.0/24: what docker inspect shows`,
      ]);
    });
  });
}

test('a task that has ended has no ticket any more', async () => {
  swarm = await (await SwarmRig.start()).healthy();
  const { id, identity } = taskHere();
  const task = swarm.docker.tasks.find(({ ID }) => ID === id);
  Object.assign(task, { DesiredState: 'shutdown', Status: { ...task.Status, State: 'shutdown' } });
  const found = await swarm.rig.json('lookup', id);
  assert.deepEqual([found.task.identity, found.task.state], [identity, 'shutdown']);
  assert.equal('ticket' in found.task.addresses[0], false);
  assert.match((await swarm.rig.limpet('lookup', id)).stdout, /^ticket +none in 10\.77\.0\.0\/24$/m);
});

test('an identity is found before a task whose ID begins so', async () => {
  swarm = await (await SwarmRig.start()).healthy();
  const { id } = taskHere();
  await swarm.net.allocate(id.slice(0, 4), { node: swarm.id('node-1') });
  const { task, rows } = await swarm.rig.json('lookup', id.slice(0, 4));
  assert.deepEqual([task, rows.length, rows[0].identity], [undefined, 1, id.slice(0, 4)]);
});

describe('what cannot be told', () => {
  test('several tasks, and none', async () => {
    swarm = await (await SwarmRig.start()).healthy();
    const { id } = taskHere();
    const twin = { ...structuredClone(swarm.docker.tasks.find(({ ID }) => ID === id)), ID: `${id.slice(0, 24)}_` };
    swarm.docker.tasks.push(twin);
    const several = await swarm.rig.limpet('lookup', id.slice(0, 20));
    assert.equal(several.code, 1);
    assert.match(several.stderr, /has no address, and 2 tasks have an ID that begins so: \w+, \w+\n/);
    assert.equal((await swarm.rig.json('lookup', id)).task.id, id);
    const none = await swarm.rig.limpet('lookup', 'zzzzzzzzzzzzzzzzzzzzzzzzz');
    assert.deepEqual(
      [none.code, none.stderr],
      [1, 'limpet: "zzzzzzzzzzzzzzzzzzzzzzzzz" has no address in any subnet\n'],
    );
  });

  test('a service that is gone, and a task on another network', async () => {
    swarm = await (await SwarmRig.start()).healthy();
    const { id } = taskHere();
    const task = swarm.docker.tasks.find(({ ID }) => ID === id);
    const stock = swarm.docker.tasks.find(({ NetworksAttachments: all = [], Status }) => {
      return Status.State === 'running' && all.every(({ Network }: any) => Network.Spec.Name !== 'st1');
    });
    const elsewhere = await swarm.rig.limpet('lookup', stock.ID);
    assert.match(elsewhere.stderr, /, which is task \w+ and [\w.]+, has no address in any subnet\n/);
    task.ServiceID = 'gone';
    assert.match((await swarm.rig.limpet('lookup', id)).stderr, /which has no identity: its service is gone/);
  });

  test('Docker does not answer', async () => {
    swarm = await (await SwarmRig.start()).healthy();
    const { id } = taskHere();
    await swarm.docker.stop();
    const { code, stderr } = await swarm.rig.limpet('lookup', id);
    assert.equal(code, 1);
    assert.match(stderr, /has no address, and whether it is a task's ID cannot be told: Docker's API at/);
  });
});
