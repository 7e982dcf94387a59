// Swarm's records against holds: every address that Swarm has given is held, once, and nothing else is.

import { serviceOf } from '../../docker/identities.js';
import type { Resident, Use } from '../../docker/observed.js';
import type { SubnetService } from '../../service/index.js';
import { command } from '../command.js';
import type { Found } from './finding.js';

/** @param network the network's name */
export function* checkRecords(net: SubnetService, network: string, uses: readonly Use[]): Generator<Found> {
  const tickets = new Map<string, Use>();
  for (const use of uses) {
    const { address, kind, of } = use;
    if (net.inspect(address).state === 'free') {
      const message = `${address}, ${kind} of ${of}, is free in Limpet: somebody else could be given it`;
      yield { kind: 'unheld', network, address, message, mend: command('limpet import', [network]) };
    }
    if (kind !== 'ticket') continue;
    const other = tickets.get(address);
    if (other === undefined) tickets.set(address, use);
    else yield doubleTicket(network, other, use);
  }
}

function doubleTicket(network: string, first: Use, second: Use): Found {
  const { address } = first;
  const service = serviceOf(second.of) ?? second.of;
  return {
    kind: 'double-ticket',
    network,
    address,
    identity: second.of,
    message: `Swarm's records have ${address} for ${first.of} and for ${second.of}`,
    mend: command('docker service update --force', [service]),
  };
}

/** Addresses held without an identity that nothing uses. To be asked only with the records of a manager. */
export function* checkLeaks(
  net: SubnetService,
  uses: readonly Use[],
  seen: readonly Resident[],
  where: string,
): Generator<Found> {
  const used = new Set([...uses, ...seen].map(({ address }) => address));
  for (const address of net.held()) {
    if (used.has(address) || address === net.spec.gateway) continue;
    const message = `${address} is held, and no task, virtual IP or gateway has it`;
    yield { kind: 'leak', address, message, mend: `limpet unhold ${address}${where}` };
  }
}
