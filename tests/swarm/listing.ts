// Who has which address, as an operator on the leader sees it.
import { resolve } from 'node:path';
import type { Swarm } from './rig/swarm.js';

const CLI = resolve('dist/cli.js');

/** Sorted addresses of the subnet. */
export async function listed(swarm: Swarm, cidr: string, state: 'held' | 'live' | 'reserved'): Promise<string[]> {
  const { machine } = await swarm.leader();
  const options = ['--subnet', cidr, '--state', state, '--json'];
  const { rows } = JSON.parse(await machine.run(process.execPath, CLI, 'ls', ...options));
  return (rows as { address: string }[]).map(({ address }) => address).sort();
}

/** The highest address of a /24 that nobody has and nothing holds. */
export async function free(swarm: Swarm, cidr: string): Promise<string> {
  const taken = new Set<string>();
  for (const state of ['held', 'live', 'reserved'] as const)
    for (const address of await listed(swarm, cidr, state)) taken.add(address);
  const base = cidr.replace(/\d+\/24$/, '');
  for (let last = 254; last > 1; last--) if (!taken.has(`${base}${last}`)) return `${base}${last}`;
  throw new Error(`${cidr} is full`);
}
