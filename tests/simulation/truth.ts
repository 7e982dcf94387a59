// What the plugins have agreed on, as the judge reads it: by the layout that docs/STORES.md tells, with no code of the
// product.
import { type Facts, keyOf } from './facts.js';

const PREFIX = '/limpet/v2/';

/** A key taken apart: its kind, and the segments behind it. */
export interface Key {
  readonly kind: string;
  readonly subnet: string;
  readonly rest: readonly string[];
}

export interface Settings {
  readonly space: string;
  readonly cidr: string;
  readonly gateway?: string;
  readonly reclaim: { readonly after?: number; readonly whenFull?: { readonly holdDown: number } };
}

export function parse(key: string): Key | undefined {
  if (!key.startsWith(PREFIX)) return undefined;
  const [kind = '', ...segments] = key.slice(PREFIX.length).split('/').map(decodeURIComponent);
  return { kind, subnet: segments.slice(0, 2).join(' '), rest: segments.slice(2) };
}

export class Truth {
  readonly #facts: Facts;

  constructor(facts: Facts) {
    this.#facts = facts;
  }

  /** Whose the address is. */
  ownerOf(subnet: string, address: string): string | undefined {
    return this.#get('address', subnet, address)?.toString();
  }

  homeOf(subnet: string, identity: string): string | undefined {
    const value = this.#get('identity', subnet, identity);
    return value === undefined ? undefined : JSON.parse(value.toString()).address;
  }

  isHeld(subnet: string, address: string): boolean {
    return this.#get('held', subnet, address) !== undefined;
  }

  /** The nodes that the identity is live on. */
  liveOn(subnet: string, identity: string): string[] {
    return this.#under('live', subnet, identity).map(([node = '']) => node);
  }

  settings(subnet: string): Settings | undefined {
    const value = this.#get('subnet', subnet);
    return value === undefined ? undefined : JSON.parse(value.toString());
  }

  subnets(): string[] {
    return this.#facts.under(`${PREFIX}subnet/`).map(({ key }) => parse(key)!.subnet);
  }

  held(subnet: string): string[] {
    return this.#under('held', subnet).map(([address = '']) => address);
  }

  /** Every identity with its address. */
  bindings(subnet: string): [identity: string, address: string][] {
    return this.#under('identity', subnet).map(([identity = '']) => [identity, this.homeOf(subnet, identity)!]);
  }

  /** The host whose process has the lease. */
  hostOf(lease: string): string | undefined {
    const entry = this.#facts.get(`${PREFIX}process/${lease}`);
    return entry === undefined ? undefined : JSON.parse(entry.value.toString()).node;
  }

  #get(kind: string, subnet: string, ...rest: string[]): Buffer | undefined {
    return this.#facts.get(keyOf(kind, subnet, ...rest))?.value;
  }

  #under(kind: string, subnet: string, ...rest: string[]): readonly string[][] {
    const found = this.#facts.under(`${keyOf(kind, subnet, ...rest)}/`);
    return found.map(({ key }) => parse(key)!.rest.slice(rest.length) as string[]);
  }
}
