// Running containers against bindings: everybody at home, at home alone, and known to be there.

import type { Doubt } from '../../docker/believed.js';
import { serviceOf } from '../../docker/identities.js';
import { made } from '../../docker/made-up.js';
import type { Resident } from '../../docker/observed.js';
import type { SubnetService } from '../../service/index.js';
import { homeAt, isSecondHome, whose } from '../../service/second-homes.js';
import { command } from '../command.js';
import { nameOfNode, type OperateEnvironment } from '../environment.js';
import type { Found } from './finding.js';

/** @param network the network's name, for the commands */
export function* checkContainers(
  context: OperateEnvironment,
  net: SubnetService,
  network: string,
  seen: readonly Resident[],
): Generator<Found> {
  const doubles = new Set<Resident>();
  for (const together of groups(seen)) {
    for (const each of together) doubles.add(each);
    yield double(context, net, network, together);
  }
  for (const each of seen) if (!doubles.has(each)) yield* checkOne(context, net, network, each, seen);
}

function groups(seen: readonly Resident[]): Resident[][] {
  const byAddress = new Map<string, Resident[]>();
  for (const each of seen) byAddress.set(each.address, [...(byAddress.get(each.address) ?? []), each]);
  return [...byAddress.values()].filter((together) => together.length > 1);
}

function double(
  context: OperateEnvironment,
  net: SubnetService,
  network: string,
  together: readonly Resident[],
): Found {
  const [{ address }] = together as [Resident];
  const owner = net.inspect(address).identity;
  const [first, ...others] = [...together].sort((a, b) => Number(b.identity === owner) - Number(a.identity === owner));
  const names = together.map((each) => told(context, each)).join(' and ');
  return {
    kind: 'double',
    network,
    address,
    message: `${address} is the address of ${names}`,
    ...restart(context, others[0] ?? (first as Resident)),
  };
}

function* checkOne(
  context: OperateEnvironment,
  net: SubnetService,
  network: string,
  seen: Resident,
  all: readonly Resident[],
): Generator<Found> {
  const { identity, address, node, here } = seen;
  if (seen.doubt !== undefined) yield doubted(context, network, seen, seen.doubt);
  if (seen.doubt?.kind === 'unfit') return;
  const binding = net.lookup(homeAt(net, identity, address) ?? identity);
  const owner = net.inspect(address).identity;
  const about = { network, address, identity };
  if (binding?.address === address) {
    if (!here || node === undefined || binding.nodes.includes(node)) return;
    const who = told(context, seen);
    const message = `${who} runs at ${address}, and its binding is not live there: it could be given away`;
    yield {
      kind: 'not-live',
      ...about,
      message,
      mend: command('limpet import', [network]),
      on: nameOfNode(context, node),
    };
  } else if (owner !== undefined && made(owner) !== undefined) {
    if (binding === undefined) return; // no sticky identity: one of several that could not be told apart
    if (all.some((other) => other.identity === identity && other.address === binding.address)) return; // an update
    const message = `${told(context, seen)} is at ${address} as a guest; its own address is ${binding.address}`;
    yield { kind: 'guest', ...about, message, ...restart(context, seen) };
  } else if (owner !== undefined) {
    const message = `${told(context, seen)} runs at ${address}, which is ${ownersText(owner)}`;
    yield { kind: 'foreign', ...about, message, ...restart(context, seen) };
  } else if (binding !== undefined) {
    const message = `${told(context, seen)} runs at ${address}; its own address is ${binding.address}`;
    yield { kind: 'drift', ...about, message, ...restart(context, seen) };
  } else {
    const message = `${told(context, seen)} runs at ${address}, which is not reserved for it`;
    yield { kind: 'unbound', ...about, message, mend: command('limpet import', [network]) };
  }
}

/** A name can be changed while the container runs, a label cannot. */
function doubted(context: OperateEnvironment, network: string, seen: Resident, { kind, why }: Doubt): Found {
  const { container, id = container, node, address } = seen;
  const short = id.slice(0, 12);
  const mend =
    kind === 'unfit' ? command('docker rename', [short, `renamed-${short}`]) : command('docker rm --force', [short]);
  const about = { network, address, identity: seen.identity, message: `${told(context, seen)}: ${why}`, mend };
  return { kind, ...about, ...(node !== undefined && { on: nameOfNode(context, node) }) };
}

/** What brings a container home: a new start. Swarm has no command for one task alone. */
function restart(context: OperateEnvironment, { identity, container, node }: Resident): Pick<Found, 'mend' | 'on'> {
  const service = serviceOf(identity);
  if (service !== undefined) return { mend: command('docker service update --force', [service]) };
  const mend = command('docker restart', [container]);
  return node === undefined ? { mend } : { mend, on: nameOfNode(context, node) };
}

function ownersText(owner: string): string {
  return isSecondHome(owner) ? `the second home of ${whose(owner)}` : `${owner}'s`;
}

function told(context: OperateEnvironment, { identity, container, node }: Resident): string {
  const name = identity === container ? identity : `${identity} (${container})`;
  return node === undefined ? name : `${name} on ${nameOfNode(context, node)}`;
}
