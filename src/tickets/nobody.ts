// What a node asks for whoever has no identity: the load balancer's end, auxiliary addresses, and containers that
// cannot be told from others.

import { endpoint } from '../docker/made-up.js';
import type { AllocateOptions, SubnetService } from '../service/index.js';
import { answer, type Given, isFreeFor, unnamedOn } from './answers.js';
import type { Environment, Wanted } from './environment.js';
import { occupied } from './gateways.js';
import { goneFrom } from './gone.js';
import { isLeaders } from './pools.js';
import type { Asker } from './someone.js';
import type { Tenants } from './tenants.js';

type Due = Pick<AllocateOptions, 'deadline' | 'isDue'>;

/**
 * What no container asked for: the load balancer's end of the network, or an auxiliary address, which hosts can share.
 * @throws LimpetError OCCUPIED naming the owner
 */
export async function endpointFor(
  environment: Environment,
  tenants: Tenants,
  net: SubnetService,
  address: string,
  { deadline, isDue }: Due,
): Promise<string> {
  const node = environment.nodeOf(net);
  const { state, identity } = net.inspect(address);
  const name = endpoint(node, address);
  if (identity !== undefined && identity !== name) throw occupied(environment, net, address, identity);
  if (!isLeaders(net)) {
    if (state === 'free') await net.hold(address, { deadline });
    return answer(environment, net, { address, outcome: 'auxiliary' }, 'no container asked for it');
  }
  if (state !== 'excluded')
    await tenants.coming(net, name, () => net.claim(name, { node, ticket: address, deadline, isDue }));
  // Before Docker 29 it may be a plain container's on a worker, which no list shows at its address until it runs.
  tenants.enterUnknown(net, name);
  return answer(environment, net, { identity: name, address, outcome: 'endpoint' }, 'no container asked for it');
}

/**
 * An address of its own, and nobody's home: the one that is asked for, if it is nobody's. @throws LimpetError FULL
 */
export async function unclearFor(
  environment: Environment,
  tenants: Tenants,
  net: SubnetService,
  { address: asked, range, deadline, isDue }: Wanted & Due,
  { candidates, why }: Extract<Asker, { readonly kind: 'unclear' }>,
): Promise<string> {
  if (asked !== undefined && !isLeaders(net) && net.inspect(asked).state === 'held')
    return answer(environment, net, { address: asked, outcome: 'auxiliary' }, 'said again');
  const node = environment.nodeOf(net);
  // A ticket may be the load balancer's end: so called, its node counts as seen. It ends with its use as well.
  const end = asked !== undefined && isLeaders(net) ? endpoint(node, asked) : undefined;
  const identity = end !== undefined && isFreeFor(net, asked as string, end) ? end : unnamedOn(environment, net);
  const isUsable = asked !== undefined && isFreeFor(net, asked, identity);
  const where = { ...(isUsable ? { ticket: asked } : {}), range, gone: goneFrom(environment, tenants, net) };
  const options = { node, deadline, isDue, ...where };
  const address = await tenants.coming(
    net,
    identity,
    () => environment.wire?.claim(net, identity, options) ?? net.claim(identity, options),
  );
  tenants.enterUnknown(net, identity);
  const given: Given = { identity, address, outcome: 'unnamed', candidates: candidates.slice(0, 10) };
  return answer(environment, net, given, `${why}: the address will not be sticky`);
}
