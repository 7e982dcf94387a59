// What must hold in a service whose store was told values that are none: the subnets beside them serve on, and whoever
// opens the same store has the same.
import assert from 'node:assert/strict';
import type { AllocatorService, SubnetService } from '../../src/service/index.js';
import { specOf } from '../../src/service/spec.js';

/** The one that nobody writes into, and one where every second record is none. */
const SOUND = '10.200.0.0/24';
export const VICTIM = '10.201.0.0/16';

/** Settings in which every field is set; whoever mutates them puts a subnet of its own in. */
export const SPEC = {
  space: 'default',
  cidr: '',
  gateway: '',
  exclude: ['10.0.0.5', '10.0.0.9-10.0.0.12'],
  policy: 'serial',
  reclaim: { after: 1, whenFull: { holdDown: 2 } },
};

/** Both subnets, with somebody at home in each. */
export async function begin(service: AllocatorService, node: string): Promise<void> {
  await (await service.subnet(SOUND, { gateway: '10.200.0.1' })).allocate('home', { node });
  await (await service.subnet(VICTIM)).allocate('first', { node });
}

/** What it has makes sense, and it serves on. */
export async function judge(service: AllocatorService, node: string, round: number): Promise<void> {
  for (const net of service.subnets()) {
    assert.deepEqual(specOf(net.cidr, net.spec), net.spec);
    const all = [...net.list()];
    assert.equal(new Set(all.map(({ address }) => address)).size, all.length);
    assert.equal(new Set(all.map(({ identity }) => identity)).size, all.length);
    assert.ok(all.every(({ address }) => address !== net.spec.gateway));
  }
  const sound = service.find(SOUND) as SubnetService;
  assert.equal(await sound.allocate('home', { node }), '10.200.0.2');
  await sound.allocate(`round.${round}`, { node });
  const victim = service.find(VICTIM) as SubnetService;
  assert.equal(await victim.allocate('first', { node }), '10.201.0.1', 'the thieves have not got it');
  await victim.allocate(`round.${round}`, { node });
}

/** All that is known, in an order of its own. */
export function stateOf(service: AllocatorService) {
  const subnets = [...service.subnets()].map((net) => {
    return [net.cidr, ...Array.from(net.list(), ({ identity, address }) => `${address} ${identity}`).sort()];
  });
  return {
    subnets: subnets.sort(),
    damaged: service
      .damaged()
      .map(({ key }) => key)
      .sort(),
  };
}
