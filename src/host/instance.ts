// One instance of the core with its subnets. Who compiles the module, and where its bytes come from, is not known here.

import { describe, isBytes } from './arguments.js';
import type { Core } from './boundary/core.js';
import type { RecordReading } from './claims.js';
import { compactOnly } from './compact-records.js';
import { LimpetError } from './errors.js';
import { planOf } from './plan.js';
import { Restore } from './restore.js';
import { Subnet } from './subnet.js';
import type { SubnetOptions } from './types.js';

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
    const { gateway, ...plan } = planOf(cidr, options);
    const net = new Subnet(this.#core.createSubnet(plan), this.#reading);
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
    if (!isBytes(bytes)) throw new TypeError(`a snapshot is a Uint8Array, not ${describe(bytes)}`);
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
