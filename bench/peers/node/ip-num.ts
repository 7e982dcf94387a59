// ip-num as a contestant, twice: its Pool, and free ranges kept in an array of its RangedSet. No stickiness.

import { IPv4, IPv4Prefix, Pool, RangedSet } from 'ip-num';
import { BASE, type Peer } from '../peer.js';
import { packageVersion } from './version.js';

const HOST = IPv4Prefix.fromNumber(32n);
const at = (ordinal: number) => new IPv4(BigInt(BASE + ordinal));
const single = (address: IPv4) => RangedSet.fromSingleIP(address);

/** What is free at first, or after a set-up that leaves every n-th ordinal free. */
const all = (prefix: number) => [new RangedSet(at(1), at(2 ** (32 - prefix) - 2))];
const each = (prefix: number, every: number) =>
  Array.from({ length: Math.floor((2 ** (32 - prefix) - 2) / every) }, (_, i) => single(at((i + 1) * every)));

abstract class IpNumPeer {
  readonly version = packageVersion('ip-num');

  ordinal(address: IPv4): number {
    return Number(address.getValue()) - BASE;
  }

  address(ordinal: number): IPv4 {
    return at(ordinal);
  }
}

export class PoolPeer extends IpNumPeer implements Peer<IPv4> {
  #pool = new Pool<RangedSet<IPv4>>([]);

  open(prefix: number): void {
    this.#pool = new Pool(all(prefix));
  }

  take(): IPv4 {
    return this.#pool.getCidrRange(HOST).getFirst();
  }

  give(address: IPv4): void {
    this.#pool.add([single(address)]);
  }

  occupy(ordinal: number): IPv4 {
    const address = at(ordinal);
    if (!this.#pool.removeOverlapping(single(address))) throw new Error(`${address} is not free`);
    return address;
  }

  prepare(prefix: number, every: number): void {
    this.#pool = new Pool(each(prefix, every));
  }
}

export class RangesPeer extends IpNumPeer implements Peer<IPv4> {
  #free: RangedSet<IPv4>[] = [];

  open(prefix: number): void {
    this.#free = all(prefix);
  }

  take(): IPv4 | undefined {
    const range = this.#free.pop();
    if (range === undefined) return undefined;
    const address = range.getFirst();
    const rest = range.getSize() - 1n;
    if (rest > 0n) this.#free.push(range.takeSubRange(1n, rest) as RangedSet<IPv4>);
    return address;
  }

  give(address: IPv4): void {
    this.#free.push(single(address));
  }

  occupy(ordinal: number): IPv4 {
    const address = at(ordinal);
    const wanted = single(address);
    const i = this.#free.findIndex((range) => range.contains(wanted));
    const range = this.#free[i];
    if (range === undefined) throw new Error(`${address} is not free`);
    this.#free.splice(i, 1, ...(range.isEquals(wanted) ? [] : (range.difference(wanted) as RangedSet<IPv4>[])));
    return address;
  }

  prepare(prefix: number, every: number): void {
    this.#free = each(prefix, every);
  }
}
