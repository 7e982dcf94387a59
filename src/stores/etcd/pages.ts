// Which page of a long reading comes next. etcd counts all keys of the range that a page is asked of, not only those of
// the page: asked of everything, page by page, a million keys would cost it as much as counting half a billion. So it
// is asked of windows, ranges of some pages whose ends are guessed from the keys that have come. A guess that is wrong
// costs time and leaves nothing out: each window begins where the one before has ended.

import type { IRangeResponse } from 'etcd3';
import type { KeyRange } from './keys.js';
import { asRange } from './transaction.js';

/** Keys of a window: with fewer it is asked too often, with more too many are counted again for each page. */
const FEWEST = 2000;
const MOST = 40_000;

export interface PageRequest {
  readonly key: Buffer;
  readonly range_end: Buffer;
  /** 0: of now. */
  readonly revision: number;
}

export class Pages {
  /** The end of it all. */
  readonly #to: Buffer;
  #from: Buffer;
  /** Of the window. */
  #end: Buffer;
  /** How many keys the window has; undefined before its first page has come. */
  #count: number | undefined;
  /** Bytes that all keys of a window begin with; the last is counted up for its end. 0: there is one window. */
  #length = 0;
  /** All pages are of the first one's, unless it is given. */
  revision: number;

  constructor(range: KeyRange, revision = 0) {
    const { key, range_end } = asRange(range);
    [this.#from, this.#end, this.#to] = [key, range_end, range_end];
    this.revision = revision;
  }

  get next(): PageRequest {
    return { key: this.#from, range_end: this.#end, revision: this.revision };
  }

  /** The page after that one; undefined when it was the last. By bytes: others' keys need not be text. */
  after({ header, kvs, more, count }: IRangeResponse): PageRequest | undefined {
    this.revision ||= Number(header.revision);
    this.#count ??= Number(count);
    const [first, last] = [kvs[0]?.key, kvs.at(-1)?.key];
    if (more && first !== undefined && last !== undefined) {
      this.#from = Buffer.concat([last, Buffer.of(0)]);
      if (Number(count) > MOST) this.#begin(Math.max(sharedBy(first, last), this.#length) + 1);
      return this.next;
    }
    if (this.#end === this.#to) return undefined;
    this.#from = this.#end;
    this.#begin(this.#count < FEWEST ? this.#length - 1 : this.#length);
    return this.next;
  }

  /** A window, from here on. */
  #begin(length: number): void {
    this.#length = Math.max(length, 0);
    this.#count = undefined;
    const end = this.#length === 0 ? undefined : following(this.#from.subarray(0, this.#length));
    this.#end = end === undefined || Buffer.compare(end, this.#to) >= 0 ? this.#to : end;
  }
}

/** The first bytes behind all that begin with those; undefined when there are none. */
function following(prefix: Buffer): Buffer | undefined {
  let length = prefix.length;
  while (length > 0 && prefix[length - 1] === 0xff) length--;
  if (length === 0) return undefined;
  const end = Buffer.from(prefix.subarray(0, length));
  end[length - 1] = (end[length - 1] as number) + 1;
  return end;
}

/** How many bytes both begin with. */
function sharedBy(one: Buffer, other: Buffer): number {
  let length = 0;
  while (length < one.length && one[length] === other[length]) length++;
  return length;
}
