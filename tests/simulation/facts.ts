// What the stores of a world have agreed on, as the judge reads it: one set of keys, whichever store it is. Those of
// etcd are its own, as docs/STORES.md tells them; of other stores the same keys are made of what they have written.
import type { Change, Entry, Revision } from './etcd/history.js';

export interface Facts {
  get(key: string): { readonly value: Buffer } | undefined;
  /** Sorted by their keys. */
  under(prefix: string): readonly { readonly key: string }[];
  /** Who has asked for the last change. */
  readonly by: string;
  /** Whether a live mark still counts by what it stands on: a lease, or the word of the swarm. */
  counts(mark: Entry): boolean;
}

/** What the plugins share, and what can befall it. */
export interface Shared {
  readonly facts: Facts;
  /** Whom plugins ask. */
  readonly members: readonly string[];
  /** The member dies, or is cut off from the others. */
  leave(member: string, how: 'dies' | 'isolated'): void;
  comeBack(member: string): void;
  /** What has been told so far is told no more: who has not heard it reads everything. */
  compact(): void;
  onChange: (revision: Revision) => void;
}

/** The keys that a store has written, made out of what it keeps. */
export class Written implements Facts {
  by = '';
  revision = 0;
  onChange: (revision: Revision) => void = () => {};
  readonly #entries = new Map<string, Entry>();
  readonly #counts: (mark: Entry) => boolean;

  constructor(counts: (mark: Entry) => boolean = () => true) {
    this.#counts = counts;
  }

  get(key: string): Entry | undefined {
    return this.#entries.get(key);
  }

  under(prefix: string): readonly Entry[] {
    const found = [...this.#entries.values()].filter(({ key }) => key.startsWith(prefix));
    return found.sort((one, other) => (one.key < other.key ? -1 : 1));
  }

  counts(mark: Entry): boolean {
    return this.#counts(mark);
  }

  /** These keys are so from now on; undefined: there is none. */
  put(by: string, values: ReadonlyMap<string, string | undefined>): void {
    const changes: Change[] = [];
    const mod = this.revision + 1;
    for (const [key, text] of values) {
      const before = this.#entries.get(key);
      if (before?.value.toString() === text) continue;
      const value = Buffer.from(text ?? '');
      const after: Entry | undefined =
        text === undefined ? undefined : { key, value, created: before?.created ?? mod, mod, version: 1, lease: '' };
      if (before === undefined && after === undefined) continue;
      changes.push({ key, before, after });
      if (after === undefined) this.#entries.delete(key);
      else this.#entries.set(key, after);
    }
    if (changes.length === 0) return;
    this.by = by;
    this.revision = mod;
    this.onChange({ revision: mod, changes });
  }
}

/** Several, each with keys of its own. */
export class Together implements Facts {
  readonly #all: readonly Written[];

  constructor(all: readonly Written[]) {
    this.#all = all;
  }

  get by(): string {
    return this.#all.reduce((one, other) => (other.revision > one.revision ? other : one)).by;
  }

  get(key: string): Entry | undefined {
    for (const each of this.#all) {
      const entry = each.get(key);
      if (entry !== undefined) return entry;
    }
    return undefined;
  }

  under(prefix: string): readonly Entry[] {
    return this.#all.flatMap((each) => each.under(prefix)).sort((one, other) => (one.key < other.key ? -1 : 1));
  }

  counts(mark: Entry): boolean {
    return this.#all.every((each) => each.get(mark.key) === undefined || each.counts(mark));
  }
}

const PREFIX = '/limpet/v2/';

/** The key of a kind, with its segments escaped as docs/STORES.md says. */
export function keyOf(kind: string, subnet: string, ...rest: readonly string[]): string {
  const segments = [...subnet.split(' '), ...rest].map((each) => encodeURIComponent(each).replaceAll('%3A', ':'));
  return `${PREFIX}${kind}/${segments.join('/')}`;
}
