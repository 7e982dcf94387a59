// What was chosen for who asks: an address, by a pin or by its container's label, or the part of the subnet that a new
// one comes from. A label pins as `limpet pin` does; it never takes what is somebody else's.

import { type Choice, choiceOf, isOfOther, numberOf } from '../docker/choices.js';
import { Chosen } from '../docker/chosen.js';
import { isSame } from '../docker/containers.js';
import { serviceOf } from '../docker/identities.js';
import { ofSubnet } from '../docker/networks.js';
import type { Container, Network } from '../docker/shapes.js';
import { formatAddress, parseAddress, parseRange } from '../host/address.js';
import { count } from '../host/count.js';
import { LimpetError } from '../host/errors.js';
import type { CallOptions, SubnetService } from '../service/index.js';
import type { Environment, Wanted } from './environment.js';
import { Neighbours } from './neighbours.js';
import type { Someone } from './someone.js';
import type { Tenants } from './tenants.js';

/** What a container's labels say of one subnet. */
interface Said {
  readonly address: Choice | undefined;
  readonly pool: Choice | undefined;
  readonly container: Container;
  /** As far as they are known. */
  readonly networks: readonly Network[];
}

export class Choices {
  readonly #environment: Environment;
  readonly #tenants: Tenants;

  constructor(environment: Environment, tenants: Tenants) {
    this.#environment = environment;
    this.#tenants = tenants;
  }

  /**
   * Does what the asker's labels say, before it gets anything: pins the address that they choose for it. Answers what
   * is wanted by them: with a pool a new address comes from there, and its ticket counts only inside. Where no label
   * says a pool, the network can have one for the asker's service.
   * @throws LimpetError naming the label: BAD_INPUT, OUT_OF_RANGE, EXCLUDED, OCCUPIED
   */
  async apply<W extends Wanted>(net: SubnetService, asker: Someone, wanted: W): Promise<W> {
    const said = await this.#saidOf(net, asker);
    if (said?.address !== undefined) await this.#pin(net, asker, said, said.address, wanted);
    const pool = said?.pool === undefined ? undefined : by(said.pool, asker, () => poolOf(net, asker, said, wanted));
    const range = pool ?? poolOfService(net, asker.identity);
    if (range === undefined) return wanted;
    const { address } = wanted;
    return { ...wanted, range, address: address !== undefined && isWithin(range, address) ? address : undefined };
  }

  /** An address that waits for the identity is its own now: nobody is at its home here. */
  async comeHome(net: SubnetService, identity: string, { deadline }: CallOptions): Promise<void> {
    if (!net.pinOf(identity)?.waits) return;
    const node = this.#environment.nodeOf(net);
    const nodes = net.lookup(identity)?.nodes ?? [];
    // The mark is of a start that Docker has not given back.
    if (nodes.length === 1 && nodes[0] === node) await net.release(identity, node, { deadline });
    await net.comeHome(identity, { deadline });
  }

  async #saidOf(net: SubnetService, { around, name, id }: Someone): Promise<Said | undefined> {
    const container = around?.find((each) => isSame(each, { name, id }));
    if (container?.labels === undefined) return undefined;
    const networks = await this.#networks(net);
    const here = ofSubnet(networks, net.cidr);
    const [address, pool] = (['address', 'pool'] as const).map((kind) => choiceOf(container, kind, here));
    return { address, pool, container, networks };
  }

  /** Right after its start Docker lists containers before it lists networks. */
  async #networks(net: SubnetService): Promise<readonly Network[]> {
    const { networks } = this.#environment;
    try {
      await networks.withSubnet(net.cidr);
    } catch (error) {
      if (!(error instanceof LimpetError) || error.code !== 'UNAVAILABLE') throw error;
    }
    return networks.known;
  }

  async #pin(net: SubnetService, asker: Someone, said: Said, choice: Choice, wanted: Wanted): Promise<void> {
    const { identity, wish } = asker;
    const address = by(choice, asker, () => this.#addressFor(net, asker, said, choice));
    if (address === undefined) return;
    if (wish && address !== wanted.address)
      throw told(bad(`it chooses ${address}, and its user asks for ${wanted.address}`, address), choice, asker);
    const pin = net.pinOf(identity);
    if (pin?.address === address) return;
    const { address: ticket, deadline } = wanted;
    const neighbours = new Neighbours(this.#environment, this.#tenants, net, asker.around);
    try {
      await neighbours.first({ deadline }, async (isDue) => {
        await this.#environment.wire?.refuseTaken(net, address);
        await net.pin(identity, address, { deadline, isDue, ...(ticket === undefined ? {} : { ticket }) });
      });
    } catch (error) {
      throw told(error, choice, asker);
    }
  }

  /** Undefined when the label is about another subnet, or has no address left for it. */
  #addressFor(net: SubnetService, { identity }: Someone, said: Said, { label, text }: Choice): string | undefined {
    const chosen = new Chosen(text);
    const version = versionOf(net);
    const firsts = ([4, 6] as const).flatMap((each) => chosen.at(1, each) ?? []);
    const isHere = firsts.some((each) => isIn(net, each));
    if (!isHere && firsts.some((each) => isOfOther(said.container, each, net.cidr, said.networks))) return undefined;
    const named = chosen.count(version);
    if (named === 0) throw bad(`${text} is IPv${version === 4 ? 6 : 4}, and ${net.cidr} is IPv${version}`, text);
    const slot = slotOf(identity, said.container);
    if (slot === undefined && serviceOf(identity) !== undefined)
      throw bad(`${identity} has no slot: pin it by its node, with limpet pin`, identity);
    if (slot === undefined && named > 1) throw bad(`it names ${named} addresses for one container`, text);
    const address = chosen.at(slot ?? 1, version);
    if (address !== undefined) return net.inspect(address).address;
    const beyond = `${identity} is beyond ${named === 1 ? 'it' : 'them'}: it gets a free one`;
    const why = `${label} names ${count(named, 'address', 'addresses')}, and ${beyond}`;
    this.#environment.tell({ event: 'choice', level: 'warn', subnet: net.cidr, identity, why });
    return undefined;
  }
}

/** Which of its service's containers it is: a task's slot, or the number that Compose gave. */
function slotOf(identity: string, container: Container): number | undefined {
  const service = serviceOf(identity);
  if (service === undefined) return numberOf(container);
  const slot = Number(identity.slice(service.length + 1));
  return Number.isSafeInteger(slot) && slot > 0 ? slot : undefined;
}

/** The range that a label names; undefined when it is about another subnet. */
function poolOf(net: SubnetService, asker: Someone, { pool, ...said }: Said, wanted: Wanted): string | undefined {
  const text = pool?.text as string;
  const version = versionOf(net);
  const [from] = text.split(/[-/]/);
  if (!isIn(net, from as string) && isOfOther(said.container, from as string, net.cidr, said.networks))
    return undefined;
  const [low, high] = parseRange(text, version).map((end) => formatAddress(end, version)) as [string, string];
  for (const end of [low, high]) net.inspect(end);
  const range = `${low}-${high}`;
  const { address } = wanted;
  if (!asker.wish || (address !== undefined && isWithin(range, address))) return range;
  throw bad(`${address}, which its user asks for, is not in ${text}`, text);
}

/** The range that the network has for the service of the identity. */
function poolOfService({ spec }: SubnetService, identity: string): string | undefined {
  const service = serviceOf(identity);
  return spec.pools?.find((each) => each.service === service)?.range;
}

function isWithin(range: string, address: string): boolean {
  const version = address.includes(':') ? 6 : 4;
  const [first, last] = parseRange(range, version);
  const number = parseAddress(address, version);
  return number !== undefined && number >= first && number <= last;
}

function versionOf({ cidr }: SubnetService): 4 | 6 {
  return cidr.includes(':') ? 6 : 4;
}

function isIn(net: SubnetService, address: string): boolean {
  try {
    net.inspect(address);
    return true;
  } catch {
    return false;
  }
}

/** What is wrong is said with the label that says it. */
function by<T>(choice: Choice, asker: Someone, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw told(error, choice, asker);
  }
}

function told(error: unknown, { label }: Choice, { name }: Someone): unknown {
  if (!(error instanceof LimpetError)) return error;
  return new LimpetError(error.code, `the label ${label} of ${name}: ${error.message}`, { ...error.details });
}

function bad(message: string, value: string): LimpetError {
  return new LimpetError('BAD_INPUT', message, { value });
}
