// Asking the wire: whether anything answers at an address that Limpet knows nothing of, such as a printer on the LAN of
// a macvlan network. Only where the network wants it (`limpet.probe=arp`), and only before an address is an identity's
// for the first time: who comes home is not asked about.

import { LimpetError } from '../host/errors.js';
import type { AllocateOptions, SubnetService } from '../service/index.js';
import type { InSpace, Wire } from '../tickets/environment.js';
import type { Told } from '../tickets/told.js';

export type WireAnswer =
  | { readonly kind: 'nobody' }
  /** Something answers there, by that hardware address where it is known. */
  | { readonly kind: 'somebody'; readonly who: string }
  /** This node cannot ask: why not. */
  | { readonly kind: 'unknown'; readonly why: string };

/** How a node asks. Does not fail: what it cannot know, it says. */
export interface Asking {
  ask(cidr: string, address: string): Promise<WireAnswer>;
}

/** So many addresses in turn may belong to others before it is given up: Docker does not wait for ever. */
const MOST = 8;

export class AskedWire implements Wire {
  readonly #asking: Asking;
  readonly #tell: (told: Told) => void;
  readonly #nodeOf: (net: InSpace) => string;

  constructor(asking: Asking, tell: (told: Told) => void, nodeOf: (net: InSpace) => string) {
    this.#asking = asking;
    this.#tell = tell;
    this.#nodeOf = nodeOf;
  }

  async claim(net: SubnetService, name: string, options: AllocateOptions): Promise<string> {
    const isNew = net.spec.probe !== undefined && net.lookup(name) === undefined;
    if (!isNew) return net.claim(name, options);
    if (options.ticket === undefined) return this.#claimNext(net, name, options);
    await this.refuseTaken(net, options.ticket);
    return net.claim(name, options);
  }

  async refuseTaken(net: SubnetService, address: string): Promise<void> {
    if (net.spec.probe === undefined || net.inspect(address).identity !== undefined) return;
    const who = await this.#ask(net, address);
    if (who === undefined) return;
    const message = `Address already in use: ${address} of ${net.cidr} is nobody's here, and ${who} answers there`;
    throw new LimpetError('OCCUPIED', message, { subnet: net.cidr, address });
  }

  /** Each address is held while it is asked about, so that no other node is given it meanwhile. */
  async #claimNext(net: SubnetService, name: string, { range, gone, ...options }: AllocateOptions): Promise<string> {
    const held: string[] = [];
    try {
      while (held.length < MOST) {
        const address = await net.holdNext({ range, gone, deadline: options.deadline });
        held.push(address);
        if ((await this.#ask(net, address)) === undefined)
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
  async #ask(net: SubnetService, address: string): Promise<string | undefined> {
    const answer = await this.#asking.ask(net.cidr, address);
    if (answer.kind === 'nobody') return undefined;
    const about = { event: 'wire', level: 'warn', subnet: net.cidr, address, node: this.#nodeOf(net) } as const;
    if (answer.kind === 'somebody') this.#tell({ ...about, why: `not given: ${answer.who} answers there` });
    else this.#tell({ ...about, why: `this node cannot ask whether anybody has it: ${answer.why}` });
    return answer.kind === 'somebody' ? answer.who : undefined;
  }
}
