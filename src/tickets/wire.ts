// Asking the wire: whether anything answers at an address that Limpet knows nothing of, such as a printer on the LAN of
// a macvlan network. Only where the network wants it (`limpet.probe=arp`), and only before an address is an identity's
// for the first time: who comes home is not asked about.

import { LimpetError } from '../host/errors.js';
import type { AllocateOptions, SubnetService } from '../service/index.js';
import type { Environment, WireAnswer } from './environment.js';

/** So many addresses in turn may belong to others before it is given up: Docker does not wait for ever. */
const MOST = 8;

/**
 * As `net.claim`. An address that the name does not have yet is asked about before, and not given if something answers.
 * @throws LimpetError OCCUPIED when the ticket is somebody's, or too many addresses in turn are; what `claim` throws
 */
export async function claimAsked(
  environment: Environment,
  net: SubnetService,
  name: string,
  options: AllocateOptions,
): Promise<string> {
  const isNew = net.spec.probe !== undefined && net.lookup(name) === undefined;
  if (!isNew) return net.claim(name, options);
  if (options.ticket === undefined) return claimNext(environment, net, name, options);
  await refuseTaken(environment, net, options.ticket);
  return net.claim(name, options);
}

/** An address that somebody wants and nobody has yet. @throws LimpetError OCCUPIED when something answers there */
export async function refuseTaken(environment: Environment, net: SubnetService, address: string): Promise<void> {
  if (net.spec.probe === undefined || net.inspect(address).identity !== undefined) return;
  const who = await asked(environment, net, address);
  if (who === undefined) return;
  const message = `Address already in use: ${address} of ${net.cidr} is nobody's here, and ${who} answers there`;
  throw new LimpetError('OCCUPIED', message, { subnet: net.cidr, address });
}

/** Each address is held while it is asked about, so that no other node is given it meanwhile. */
async function claimNext(
  environment: Environment,
  net: SubnetService,
  name: string,
  { range, gone, ...options }: AllocateOptions,
): Promise<string> {
  const held: string[] = [];
  try {
    while (held.length < MOST) {
      const address = await net.holdNext({ range, gone, deadline: options.deadline });
      held.push(address);
      if ((await asked(environment, net, address)) === undefined)
        return await net.claim(name, { ...options, ticket: address });
    }
  } finally {
    for (const address of held) await net.unhold(address);
  }
  const last = `the last of them ${held.at(-1)}: exclude them`;
  const message = `${MOST} addresses of ${net.cidr} in turn are somebody's, ${last}`;
  throw new LimpetError('OCCUPIED', message, { subnet: net.cidr, address: held.at(-1) as string });
}

/** Who is there; undefined when nobody is, or the node cannot know. */
async function asked(
  { wire, tell, nodeOf }: Environment,
  net: SubnetService,
  address: string,
): Promise<string | undefined> {
  const answer: WireAnswer = (await wire?.ask(net.cidr, address)) ?? { kind: 'unknown', why: 'it has no way to' };
  if (answer.kind === 'nobody') return undefined;
  const about = { event: 'wire', level: 'warn', subnet: net.cidr, address, node: nodeOf(net) } as const;
  if (answer.kind === 'somebody') tell({ ...about, why: `not given: ${answer.who} answers there` });
  else tell({ ...about, why: `this node cannot ask whether anybody has it: ${answer.why}` });
  return answer.kind === 'somebody' ? answer.who : undefined;
}
