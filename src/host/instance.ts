// One instance of the core with its subnets. Who compiles the module, and where its bytes come from, is not known here.

import { type Cidr, mergeRanges, parseAddress, parseCidr, parseRange, quote, type Range } from './address.js';
import { describe } from './arguments.js';
import { foreign } from './boundary/calls.js';
import { Core } from './boundary/core.js';
import { POLICIES } from './boundary/status.js';
import type { RecordReading } from './claims.js';
import { compactOnly } from './compact-records.js';
import { LimpetError } from './errors.js';
import { Restore } from './restore.js';
import { Subnet } from './subnet.js';
import type { LoadOptions, SubnetOptions } from './types.js';

export class Instance {
  readonly #core: Core;
  readonly #reading: RecordReading;
  #restoring: Restore | undefined;

  /** @internal Made by load; `reading` knows records that are not Limpet's own. */
  constructor(core: Core, reading: RecordReading = compactOnly) {
    this.#core = core;
    this.#reading = reading;
  }

  /**
   * A new, empty subnet. Excluded besides what the options say: the network address, and in IPv4 the broadcast address,
   * where the prefix leaves room for them (RFC 3021 /31 and RFC 6164 /127 have neither). Subnets are not compared:
   * overlapping ones are the caller's affair.
   * @throws TypeError, LimpetError BAD_INPUT (malformed, or host bits set), OUT_OF_RANGE, NO_MEMORY
   * @example limpet.subnet('10.0.0.0/24', { gateway: '10.0.0.1', exclude: ['10.0.0.128/25'] })
   */
  subnet(cidr: string, options: SubnetOptions = {}): Subnet {
    if (typeof cidr !== 'string') throw new TypeError(`a CIDR is a string, not ${describe(cidr)}`);
    if (typeof options !== 'object' || options === null)
      throw new TypeError(`options are an object, not ${describe(options)}`);
    const parsed = parseCidr(cidr);
    if (options.policy !== undefined && typeof options.policy !== 'string')
      throw new TypeError(`a policy is a string, not ${describe(options.policy)}`);
    const policy = options.policy ?? 'serial';
    if (!POLICIES.includes(policy)) {
      const message = `no policy is named ${quote(policy)}: there are ${POLICIES.join(' and ')}`;
      throw new LimpetError('BAD_INPUT', message, { value: policy });
    }
    const gateway = options.gateway === undefined ? undefined : gatewayIn(parsed, options.gateway);
    const ranges = mergeRanges([...edges(parsed), ...excluded(parsed, options.exclude ?? [])]);
    if (ranges.length > Core.MOST_RANGES) {
      const message = `${ranges.length} excluded ranges that do not touch: ${Core.MOST_RANGES} is the most`;
      throw new LimpetError('BAD_INPUT', message, { value: ranges.length });
    }
    const net = new Subnet(this.#core.createSubnet({ cidr: parsed, policy, excluded: ranges }), this.#reading);
    try {
      if (gateway !== undefined && net.inspect(gateway).state === 'free') net.hold(gateway);
    } catch (error) {
      if (!(error instanceof LimpetError && error.code === 'BROKEN')) net.destroy();
      throw error;
    }
    return net;
  }

  /**
   * A subnet from the bytes of `snapshot()`, whatever host made them.
   * @throws LimpetError BAD_SNAPSHOT when they are no snapshot, damaged, cut off or of another version; NO_MEMORY
   */
  restore(bytes: Uint8Array): Subnet {
    if (!(bytes instanceof Uint8Array)) throw new TypeError(`a snapshot is a Uint8Array, not ${describe(bytes)}`);
    return this.#restorer(bytes.length).feed(bytes).commit();
  }

  /** A restore in steps, for a snapshot that comes in pieces. One at a time: the next one ends it. */
  restorer(): Restore {
    return this.#restorer();
  }

  /** Bytes that subnets use now, and bytes of the whole memory, which never shrinks. */
  get memory(): { readonly used: number; readonly total: number } {
    return { used: this.#core.memoryUsed, total: this.#core.memorySize };
  }

  #restorer(size?: number): Restore {
    this.#restoring?.abort();
    this.#restoring = new Restore(this.#core.restore(), (core) => new Subnet(core, this.#reading), size);
    return this.#restoring;
  }
}

/**
 * A fresh core from a compiled module, keyed and bounded as the options say.
 * @throws TypeError; LimpetError BAD_INPUT when the seed is not 16 bytes long, when there is no memory, or when the
 * module is no Limpet core
 */
export async function instantiate(module: WebAssembly.Module, options: LoadOptions = {}): Promise<Core> {
  const { maxMemory } = options;
  const seed = options.seed ?? globalThis.crypto.getRandomValues(new Uint8Array(16));
  if (!(seed instanceof Uint8Array)) throw new TypeError(`a seed is a Uint8Array of 16 bytes, not ${describe(seed)}`);
  if (seed.length !== 16)
    throw new LimpetError('BAD_INPUT', `a seed has 16 bytes, not ${seed.length}`, { bytes: seed.length });
  if (maxMemory !== undefined && typeof maxMemory !== 'number')
    throw new TypeError(`maxMemory is a number of bytes, not ${describe(maxMemory)}`);
  if (maxMemory !== undefined && !(maxMemory > 0))
    throw new LimpetError('BAD_INPUT', `maxMemory is a number of bytes above 0, not ${maxMemory}`, {
      value: maxMemory,
    });
  let instance: WebAssembly.Instance;
  try {
    instance = await WebAssembly.instantiate(module, {});
  } catch (cause) {
    throw foreign((cause as Error).message, cause);
  }
  return new Core(instance.exports, seed, maxMemory);
}

/** What no host may have: RFC 4291 section 2.6.1 for IPv6, RFC 1122 section 3.2.1.3 for IPv4. */
function edges({ base, size, version }: Cidr): Range[] {
  if (size <= 2n) return [];
  const network: Range = [base, base];
  const last = base + size - 1n;
  return version === 4 ? [network, [last, last]] : [network];
}

function excluded(cidr: Cidr, texts: Iterable<string>): Range[] {
  if (typeof texts !== 'object' || texts === null || !(Symbol.iterator in texts))
    throw new TypeError(`exclude is a list of strings, not ${describe(texts)}`);
  return Array.from(texts, (text) => {
    if (typeof text !== 'string') throw new TypeError(`an exclusion is a string, not ${describe(text)}`);
    const range = parseRange(text, cidr.version);
    if (range[0] >= cidr.base && range[1] < cidr.base + cidr.size) return range;
    throw new LimpetError('OUT_OF_RANGE', `the exclusion ${quote(text)} reaches outside ${cidr.text}`, {
      subnet: cidr.text,
      value: text,
    });
  });
}

function gatewayIn(cidr: Cidr, gateway: string): string {
  if (typeof gateway !== 'string') throw new TypeError(`a gateway is a string, not ${describe(gateway)}`);
  const address = parseAddress(gateway, cidr.version);
  if (address === undefined) {
    throw new LimpetError('BAD_INPUT', `the gateway ${quote(gateway)} is no IPv${cidr.version} address`, {
      value: gateway,
    });
  }
  const details = { subnet: cidr.text, address: gateway };
  if (address < cidr.base || address >= cidr.base + cidr.size) {
    throw new LimpetError('OUT_OF_RANGE', `the gateway ${gateway} is outside ${cidr.text}`, details);
  }
  if (edges(cidr).some(([edge]) => edge === address)) {
    throw new LimpetError(
      'EXCLUDED',
      `the gateway ${gateway} is the network or broadcast address of ${cidr.text}`,
      details,
    );
  }
  return gateway;
}
