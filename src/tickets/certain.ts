// Whose ticket it is that Swarm's leader asks for, where that is certain: then its home can be the ticket, so that
// Swarm's own record is true and no second address is used. The leader says nothing of whom it asks for, so everything
// has to agree: what it has by its own word is what its records show, nothing else is on its way, and one task waits.
// Where anything speaks against it, it is nobody's: a wrong guess would make a home the virtual IP of a service.

import { canonical } from '../docker/address.js';
import { made, nodeOfMade } from '../docker/made-up.js';
import { ofSubnet } from '../docker/networks.js';
import { readRecords, type SwarmRecords, usesOf } from '../docker/observed.js';
import type { Network } from '../docker/shapes.js';
import { mayRun } from '../docker/states.js';
import { waitingOn } from '../docker/waiting.js';
import { LimpetError } from '../host/errors.js';
import type { SubnetService } from '../service/index.js';
import { homesOf } from '../service/second-homes.js';
import type { Environment, Meant, WhoIsMeant } from './environment.js';
import type { Said } from './said.js';

/** Milliseconds: what has changed in the records so lately may have been otherwise when the leader decided to ask. */
const RECENT = 3000;
/** A leader that has just begun says again what it has, and asks for what is missing, all at once. */
const BEGUN = 10_000;
/** So long it is not looked again after several waited: the leader asks for them one after the other. */
const BUSY = 500;
/** And so many times as long as the look took: in a large swarm the list of all tasks costs its manager seconds. */
const REST = 10;

export class Certainty implements WhoIsMeant {
  readonly #environment: Environment;
  readonly #said: Said;
  /** Calls of the leader that are at work, by subnet. */
  readonly #calls = new Map<string, number>();
  /** Until when it is not looked, by subnet and the clock that nobody sets. */
  readonly #busy = new Map<string, number>();

  constructor(environment: Environment, said: Said) {
    this.#environment = environment;
    this.#said = said;
  }

  async during<T>({ spec, cidr }: SubnetService, work: () => Promise<T>): Promise<T> {
    const key = `${spec.space} ${cidr}`;
    this.#calls.set(key, (this.#calls.get(key) ?? 0) + 1);
    try {
      return await work();
    } finally {
      const left = (this.#calls.get(key) ?? 1) - 1;
      if (left === 0) this.#calls.delete(key);
      else this.#calls.set(key, left);
    }
  }

  async meant(net: SubnetService): Promise<Meant> {
    const { clock, docker } = this.#environment;
    const key = `${net.spec.space} ${net.cidr}`;
    const since = clock.now() - RECENT;
    const has = this.#said.has(net.spec, BEGUN);
    if (has === undefined) return unclear('what the leader has is known in part');
    if (this.#calls.get(key) !== 1) return unclear('the leader has asked twice at once');
    if ((this.#busy.get(key) ?? 0) > clock.elapsed()) return unclear('several wait');
    if (docker.silent) return unclear('Docker does not answer');
    const before = [...has].join();
    const began = clock.elapsed();
    const found = await this.#look(net, has, since);
    // Nothing of it counts if the leader has gone on meanwhile, or is another one's.
    if (this.#said.has(net.spec, BEGUN) !== has || [...has].join() !== before) return unclear('the leader has gone on');
    if (found.kind === 'unclear') {
      const now = clock.elapsed();
      this.#busy.set(key, now + Math.max(BUSY, REST * (now - began)));
    }
    return found;
  }

  async #look(net: SubnetService, has: ReadonlySet<string>, since: number): Promise<Meant> {
    const { docker, networks: list, nodeOf } = this.#environment;
    try {
      const [records, all] = await Promise.all([readRecords(docker), list.all()]);
      const [network, ...more] = ofSubnet(all, net.cidr);
      if (network === undefined || more.length > 0) return unclear('it is not one network that has the subnet');
      if (!records.nodes.get(nodeOf(net))?.leader) return unclear('this node does not lead');
      const ends = endsOf(net, network, records, has);
      const wrong = disagreement(net, network, records, has, ends);
      if (wrong !== undefined) return unclear(wrong);
      const waiting = waitingOn(network, records, { since, ends: new Set(ends.keys()) });
      return waiting.kind === 'task' ? homeFor(net, waiting.identity, has) : waiting;
    } catch (error) {
      if (error instanceof LimpetError && error.code === 'UNAVAILABLE') return unclear('Docker does not answer');
      throw error;
    }
  }
}

/**
 * The ends of the load balancer that nodes have asked for, and the leader still has, by node. Before Docker 29 whoever
 * cannot be known is called an end as well, with a ticket that the records show.
 */
function endsOf(
  net: SubnetService,
  network: Network,
  records: SwarmRecords,
  has: ReadonlySet<string>,
): ReadonlyMap<string, string> {
  const used = new Set(usesOf(records, network, net.cidr).map(({ address }) => address));
  const ends = new Map<string, string>();
  for (const { identity, address } of net.list()) {
    const node = made(identity) === 'endpoint' ? nodeOfMade(identity) : undefined;
    if (node !== undefined && has.has(address) && !used.has(address)) ends.set(node, address);
  }
  return ends;
}

/**
 * What the leader has by its word, and its records show otherwise: something is on its way. Undefined when they agree.
 */
function disagreement(
  net: SubnetService,
  network: Network,
  records: SwarmRecords,
  has: ReadonlySet<string>,
  ends: ReadonlyMap<string, string>,
): string | undefined {
  const uses = usesOf(records, network, net.cidr);
  const shown = new Set([...uses.map(({ address }) => address), ...ends.values()]);
  const { gateway } = net.spec;
  if (gateway !== undefined) shown.add(canonical(gateway));
  for (const address of has) if (!shown.has(address)) return `the leader has ${address}, which no record shows`;
  const lost = uses.find(({ address, task }) => !has.has(address) && (task === undefined || mayRun(task)));
  return lost && `the leader has given back ${lost.address}, which its records show`;
}

/** One of the homes that nobody has for a ticket. */
function homeFor(net: SubnetService, identity: string, has: ReadonlySet<string>): Meant {
  for (const home of homesOf(identity)) {
    const own = net.lookup(home);
    if (own === undefined || net.pinOf(home)?.waits) continue;
    if (!net.isHeld(own.address) && !has.has(own.address)) return { kind: 'home', home };
  }
  return unclear(`${identity} has no home that is nobody's ticket`);
}

function unclear(why: string): Meant & { readonly kind: 'unclear' } {
  return { kind: 'unclear', why };
}
