// What Limpet's keys in etcd are called; docs/STORES.md lists them, and values.ts knows what their values say. Every
// segment between two slashes is escaped, so that an identity with slashes, or with half a key in it, stays one
// segment.

import { LimpetError } from '../../host/errors.js';
import { isIdentity } from '../../host/identity.js';
import type { SubnetKey } from '../../service/store.js';
import { textOf } from '../values.js';

/** A key taken apart. */
export type Key =
  | { readonly kind: 'subnet'; readonly subnet: SubnetKey }
  | { readonly kind: 'identity'; readonly subnet: SubnetKey; readonly identity: string }
  | { readonly kind: 'address'; readonly subnet: SubnetKey; readonly address: string }
  | { readonly kind: 'held'; readonly subnet: SubnetKey; readonly address: string }
  | { readonly kind: 'live'; readonly subnet: SubnetKey; readonly identity: string; readonly node: string }
  | { readonly kind: 'pin'; readonly subnet: SubnetKey; readonly identity: string }
  | { readonly kind: 'user'; readonly subnet: SubnetKey; readonly user: string }
  | { readonly kind: 'node'; readonly id: string }
  | { readonly kind: 'process'; readonly lease: string };

/** From the first key to the one before the end. Others' keys are bytes, and need not be text. */
export interface KeyRange {
  readonly from: string | Buffer;
  readonly to: string;
}

/** A range between two keys of Limpet's own. */
export interface TextRange extends KeyRange {
  readonly from: string;
}

/** A key of Limpet's own: its text, and what it is the key of. */
export interface OwnKey {
  readonly text: string;
  readonly key: Key;
}

const SEGMENTS: Readonly<Record<Key['kind'], number>> = {
  subnet: 2,
  identity: 3,
  address: 3,
  held: 3,
  live: 4,
  pin: 3,
  user: 3,
  node: 1,
  process: 1,
};

/** What all keys begin with unless told otherwise. It ends with the version of what stands behind it. */
export const DEFAULT_PREFIX = '/limpet/v2/';

export class Keys {
  /** All that is read at the start and watched: everything but the index by address, which sorts before it. */
  readonly watched: TextRange;
  readonly #prefix: string;
  /** The subnet that was read last, and its two segments: of many keys in a row it is the same. */
  #last: { readonly space: string; readonly cidr: string; readonly subnet: SubnetKey } | undefined;
  /** The segments of subnets, with a slash between. */
  readonly #segments = new WeakMap<SubnetKey, string>();

  constructor(prefix: string) {
    if (!prefix.endsWith('/')) {
      throw new LimpetError('BAD_INPUT', `the prefix ${JSON.stringify(prefix)} does not end with a slash`, { prefix });
    }
    this.#prefix = prefix;
    this.watched = { from: `${prefix}held/`, to: after(prefix) };
  }

  /** What the release before this one has written, if it kept to the custom of ending the prefix with its version. */
  get ofOldVersion(): TextRange | undefined {
    const old = this.#prefix.replace(/(^|\/)v2\/$/, '$1v1/');
    return old === this.#prefix ? undefined : under(old);
  }

  /**
   * The same in two, so that no key comes before one that it rests on: first what comes behind the marks, the subnets
   * and their users among it, then what is held, the bindings, and their marks.
   */
  get watchedInOrder(): readonly TextRange[] {
    const middle = `${this.#prefix}node/`;
    const { from, to } = this.watched;
    return [
      { from: middle, to },
      { from, to: middle },
    ];
  }

  subnet(subnet: SubnetKey): string {
    return this.#key('subnet', subnet);
  }

  identity(subnet: SubnetKey, identity: string): string {
    return `${this.#key('identity', subnet)}/${escapeSegment(identity)}`;
  }

  address(subnet: SubnetKey, address: string): string {
    return `${this.#key('address', subnet)}/${escapeSegment(address)}`;
  }

  /** Whether it is of the index by address, which no reading and no watch tells of. */
  isIndex(key: string): boolean {
    return key.startsWith(`${this.#prefix}address/`);
  }

  held(subnet: SubnetKey, address: string): string {
    return `${this.#key('held', subnet)}/${escapeSegment(address)}`;
  }

  live(subnet: SubnetKey, identity: string, node: string): string {
    return `${this.#key('live', subnet)}/${escapeSegment(identity)}/${escapeSegment(node)}`;
  }

  /** Is there while the identity is pinned, as its own key says: so that nobody ends the subnet at that moment. */
  pin(subnet: SubnetKey, identity: string): string {
    return `${this.#key('pin', subnet)}/${escapeSegment(identity)}`;
  }

  user(subnet: SubnetKey, user: string): string {
    return `${this.#key('user', subnet)}/${escapeSegment(user)}`;
  }

  /** What a node is called. Hangs on no lease: what a dead node left is best told by its name. */
  node(id: string): string {
    return `${this.#prefix}node/${escapeSegment(id)}`;
  }

  /** Hangs on the lease of one process; its revision fences off what that process sent before (lease.ts). */
  process(lease: string): string {
    return `${this.#prefix}process/${lease}`;
  }

  /** The live keys of an identity, whatever the node. */
  liveOf(subnet: SubnetKey, identity: string): TextRange {
    return under(`${this.#key('live', subnet)}/${escapeSegment(identity)}/`);
  }

  /** Every subnet of a space. */
  space(space: string): TextRange {
    return under(`${this.#prefix}subnet/${escapeSegment(space)}/`);
  }

  /** The users of every subnet of a space. */
  usersIn(space: string): KeyRange {
    return under(`${this.#prefix}user/${escapeSegment(space)}/`);
  }

  /** The keys that say which of a subnet's addresses are taken. */
  taken(subnet: SubnetKey): TextRange[] {
    return (['held', 'identity'] as const).map((kind) => this.#under(kind, subnet));
  }

  /** The keys that say that a subnet is needed. */
  needs(subnet: SubnetKey): TextRange[] {
    return (['user', 'held', 'live', 'pin'] as const).map((kind) => this.#under(kind, subnet));
  }

  /** All that a subnet has, its own key aside. */
  within(subnet: SubnetKey): TextRange[] {
    return (['address', 'held', 'identity', 'live', 'pin', 'user'] as const).map((kind) => this.#under(kind, subnet));
  }

  /** Undefined for a key that Limpet has not written, whatever bytes it has. */
  read(bytes: Buffer): OwnKey | undefined {
    const text = textOf(bytes);
    const key = text === undefined ? undefined : this.parse(text);
    return key === undefined ? undefined : { text: text as string, key };
  }

  /** Undefined for a key that Limpet has not written. */
  parse(key: string): Key | undefined {
    if (!key.startsWith(this.#prefix)) return undefined;
    const [kind, ...escaped] = key.slice(this.#prefix.length).split('/') as [Key['kind'], ...string[]];
    if (escaped.length !== SEGMENTS[kind]) return undefined;
    const [first = '', second = '', ...rest] = escaped;
    if (kind === 'process' || kind === 'node') {
      const id = unescapeSegment(first);
      if (id === undefined || id === '') return undefined;
      return kind === 'process' ? { kind, lease: id } : { kind, id };
    }
    const subnet = this.#subnetOf(first, second);
    const segments = rest.map(unescapeSegment);
    if (subnet === undefined || segments.includes(undefined) || segments.includes('')) return undefined;
    const [third = '', node = ''] = segments as string[];
    if (kind === 'subnet') return { kind, subnet };
    if (kind === 'identity' || kind === 'pin') return isIdentity(third) ? { kind, subnet, identity: third } : undefined;
    if (kind === 'live') return isIdentity(third) ? { kind, subnet, identity: third, node } : undefined;
    if (kind === 'user') return { kind, subnet, user: third };
    return { kind, subnet, address: third };
  }

  /** By its two segments; undefined when Limpet has not written them. */
  #subnetOf(space: string, cidr: string): SubnetKey | undefined {
    if (this.#last?.space === space && this.#last.cidr === cidr) return this.#last.subnet;
    const [first, second] = [unescapeSegment(space), unescapeSegment(cidr)];
    if (first === undefined || second === undefined || first === '' || second === '') return undefined;
    this.#last = { space, cidr, subnet: { space: first, cidr: second } };
    return this.#last.subnet;
  }

  #under(kind: Key['kind'], subnet: SubnetKey): TextRange {
    return under(`${this.#key(kind, subnet)}/`);
  }

  #key(kind: Key['kind'], subnet: SubnetKey): string {
    let segments = this.#segments.get(subnet);
    if (segments === undefined) {
      segments = `${escapeSegment(subnet.space)}/${escapeSegment(subnet.cidr)}`;
      this.#segments.set(subnet, segments);
    }
    return `${this.#prefix}${kind}/${segments}`;
  }
}

/** What is escaped to itself, as nearly every segment is. */
const PLAIN = /^[\w.!~*'():-]*$/;

/** Percent-encoded UTF-8; letters, digits and `-_.!~*'():` stay as they are. No two texts become one segment. */
export function escapeSegment(text: string): string {
  if (PLAIN.test(text)) return text;
  try {
    return encodeURIComponent(text).replaceAll('%3A', ':');
  } catch {
    throw new LimpetError('BAD_INPUT', `${JSON.stringify(text)} has half a surrogate pair, and so is not Unicode`, {
      value: text,
    });
  }
}

/** Undefined for a segment that {@link escapeSegment} would not make. */
export function unescapeSegment(segment: string): string | undefined {
  if (PLAIN.test(segment)) return segment;
  try {
    const text = decodeURIComponent(segment);
    return escapeSegment(text) === segment ? text : undefined;
  } catch {
    return undefined;
  }
}

function under(prefix: string): TextRange {
  return { from: prefix, to: after(prefix) };
}

/** The first key behind all that begin with the prefix, which ends with a slash. */
function after(prefix: string): string {
  return `${prefix.slice(0, -1)}0`; // '0' follows '/'
}
