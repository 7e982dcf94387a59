// Running containers against bindings: everybody at home, at home alone, and known to be there.

import { made } from '../../docker/made-up.js';
import type { SubnetService } from '../../service/index.js';
import type { Seen } from '../facts.js';
import type { Found } from './finding.js';

/** @param network the network's name, for the commands */
export function* checkContainers(net: SubnetService, network: string, seen: readonly Seen[]): Generator<Found> {
  const doubles = new Set<Seen>();
  for (const together of groups(seen)) {
    for (const each of together) doubles.add(each);
    yield double(net, network, together);
  }
  for (const each of seen) if (!doubles.has(each)) yield* checkOne(net, network, each, seen);
}

function groups(seen: readonly Seen[]): Seen[][] {
  const byAddress = new Map<string, Seen[]>();
  for (const each of seen) byAddress.set(each.address, [...(byAddress.get(each.address) ?? []), each]);
  return [...byAddress.values()].filter((together) => together.length > 1);
}

function double(net: SubnetService, network: string, together: readonly Seen[]): Found {
  const [{ address }] = together as [Seen];
  const owner = net.inspect(address).identity;
  const [first, ...others] = [...together].sort((a, b) => Number(b.identity === owner) - Number(a.identity === owner));
  const names = together.map(told).join(' and ');
  return {
    kind: 'double',
    network,
    address,
    message: `${address} is the address of ${names}`,
    ...restart(others[0] ?? (first as Seen)),
  };
}

function* checkOne(net: SubnetService, network: string, seen: Seen, all: readonly Seen[]): Generator<Found> {
  const { identity, address, node, here } = seen;
  const binding = net.lookup(identity);
  const owner = net.inspect(address).identity;
  const about = { network, address, identity };
  if (binding?.address === address) {
    if (!here || node === undefined || binding.nodes.includes(node)) return;
    const message = `${told(seen)} runs at ${address}, and its binding is not live there: it could be given away`;
    yield { kind: 'not-live', ...about, message, mend: `limpet import ${quoted(network)}`, on: node };
  } else if (owner !== undefined && made(owner) !== undefined) {
    if (binding === undefined) return; // no sticky identity: one of several that could not be told apart
    if (all.some((other) => other.identity === identity && other.address === binding.address)) return; // an update
    const message = `${told(seen)} is at ${address} as a guest; its own address is ${binding.address}`;
    yield { kind: 'guest', ...about, message, ...restart(seen) };
  } else if (owner !== undefined) {
    const message = `${told(seen)} runs at ${address}, which is ${owner}'s`;
    yield { kind: 'foreign', ...about, message, ...restart(seen) };
  } else if (binding !== undefined) {
    const message = `${told(seen)} runs at ${address}; its own address is ${binding.address}`;
    yield { kind: 'drift', ...about, message, ...restart(seen) };
  } else {
    const message = `${told(seen)} runs at ${address}, which nobody keeps for it`;
    yield { kind: 'unbound', ...about, message, mend: `limpet import ${quoted(network)}` };
  }
}

/** What brings a container home: a new start. Swarm has no command for one task alone. */
export function restart({ identity, container, node, task }: Seen): Pick<Found, 'mend' | 'on'> {
  const isTask = task !== undefined ? !task.attached : container !== identity;
  if (isTask) return { mend: `docker service update --force ${quoted(identity.replace(/\.[^.]+$/, ''))}` };
  const mend = `docker restart ${quoted(container)}`;
  return node === undefined ? { mend } : { mend, on: node };
}

function told({ identity, container, node }: Seen): string {
  const name = identity === container ? identity : `${identity} (${container})`;
  return node === undefined ? name : `${name} on ${node}`;
}

/** As a shell takes it. */
export function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
