// Steps f2 and f3: updates that start the new tasks first. Each slot has two addresses, always the same two, in turn.
import assert from 'node:assert/strict';
import { toldGuests } from '../plugin-log.js';
import type { World } from '../world.js';
import type { Step } from './step.js';

export const homeSteps: readonly Step[] = [
  { name: 'f2', title: 'five updates start-first, and a rollback: two addresses in turn', play: inTurn },
  { name: 'f3', title: 'from the second homes, the next start stop-first', play: backHome },
];

const FLAGS = ['update', '--detach', '--quiet', '--force', '--update-parallelism', '10'];
const START_FIRST = [...FLAGS, '--update-order', 'start-first', '--rollback-order', 'start-first'];

async function inTurn(world: World): Promise<void> {
  const web = await world.web();
  const first = await look(world);
  const before = toldGuests(world.swarm).length;
  await world.both(web, ...START_FIRST, '--rollback-parallelism', '10', '--rollback-monitor', '1s');
  const second = await look(world);
  const kept = [...second].filter(([identity, address]) => first.get(identity) === address);
  assert.deepEqual(kept, [], 'who was started beside another one has its address');
  for (let round = 2; round <= 5; round++) {
    await world.both(web, ...START_FIRST);
    assert.deepEqual(await look(world), round % 2 === 0 ? first : second, `after update ${round}`);
  }
  await world.both(web, 'update', '--detach', '--quiet', '--rollback');
  assert.deepEqual(await look(world), first, 'after the rollback');
  assert.deepEqual(toldGuests(world.swarm).slice(before), []);
}

async function backHome(world: World): Promise<void> {
  const web = await world.web();
  const first = await look(world);
  await world.both(web, ...START_FIRST);
  assert.notDeepEqual(await look(world), first);
  await world.both(web, ...FLAGS, '--update-order', 'stop-first');
}

/** Who has which address, asked from inside, when all has settled. */
async function look(world: World): Promise<Map<string, string>> {
  const { limpet } = await world.look();
  const pairs = [...limpet.values()].map(({ identity, address }) => [identity, address] as const);
  return new Map(pairs.filter(([identity]) => identity.startsWith('web.')).sort());
}
