// Questions put to a container from inside, the only answers that count: which address it has, whom it finds by name,
// whom it reaches. Docker's own word on any of these is not asked for.
import type { DockerNode } from './rig/docker-node.js';

export interface Place {
  readonly node: DockerNode;
  readonly container: string;
}

/** The container's one address on the network whose addresses begin so: `10.77.0.`. */
export async function addressOf(place: Place, network: string): Promise<string> {
  const lines = await exec(place, 'ip -4 -o address show');
  const addresses = [...lines.matchAll(/inet ([\d.]+)\//g)].map(([, address]) => address as string);
  const own = addresses.filter((address) => address.startsWith(network));
  if (own.length === 1) return own[0] as string;
  throw new Error(`container ${place.container.slice(0, 12)} has ${own.length} addresses on ${network}: ${addresses}`);
}

/** The addresses that the name stands for, in order; none when there is no such name. */
export async function addressesOf(place: Place, name: string): Promise<string[]> {
  const answer = await exec(place, `nslookup ${name} 127.0.0.11 2>&1 || true`);
  const found = [...answer.matchAll(/^Address: ([\d.]+)$/gm)].map(([, address]) => address as string);
  return [...new Set(found)].sort();
}

/** Those of the addresses that do not answer. */
export async function unreachable(place: Place, addresses: readonly string[]): Promise<string[]> {
  const pings = addresses.map((address) => `ping -c 1 -W 2 ${address} >/dev/null 2>&1 || echo ${address}`);
  const lost = await exec(place, pings.join('\n'));
  return lost.split('\n').filter((line) => line !== '');
}

function exec({ node, container }: Place, script: string): Promise<string> {
  return node.docker(['exec', container, 'sh', '-c', script]);
}
