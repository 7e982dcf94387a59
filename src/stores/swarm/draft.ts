// Changes of a subnet, done to a draft of its config. `conflict` when what they rest on is not so in the draft: what
// was known when they were proposed is handed in, since a thing can have ended and begun again meanwhile.

import type { Change, SubnetSpec } from '../../service/store.js';
import type { Entry } from './labels.js';
import type { SubnetContent } from './subnet-content.js';

/** `full`: the config would be too big. */
export type Outcome = 'changed' | 'same' | 'conflict' | 'full';

/** Beside the changes that the service knows: the nodes are down, and nothing lives there any more. */
export type DraftChange = Change | { readonly op: 'down'; readonly nodes: ReadonlySet<string>; readonly time: number };

/** Raft takes 1.5 MB in one entry, and a config is one: refused well before, so that what is there can be changed. */
export const MOST_BYTES = 1_000_000;

type Op<Name extends DraftChange['op']> = Extract<DraftChange, { readonly op: Name }>;

export interface Circumstances {
  /** The subnet as it was known when the changes were proposed. */
  readonly premise: SubnetContent | undefined;
  /** Whether marks of the node count no longer. */
  readonly isDown: (node: string) => boolean;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** All of the changes or none. */
export function draft(content: SubnetContent, changes: readonly DraftChange[], around: Circumstances): Outcome {
  const drafting = new Drafting(content, around);
  const before = content.bytes;
  let isFull = false;
  const isDone = content.wholly(() => {
    if (!changes.every((change) => drafting.add(change))) return false;
    isFull = content.bytes > MOST_BYTES && content.bytes > before;
    return !isFull;
  });
  if (!isDone) return isFull ? 'full' : 'conflict';
  return drafting.hasChanged ? 'changed' : 'same';
}

class Drafting {
  hasChanged = false;
  readonly #content: SubnetContent;
  readonly #around: Circumstances;

  constructor(content: SubnetContent, around: Circumstances) {
    this.#content = content;
    this.#around = around;
  }

  /** False when it cannot be. */
  add(change: DraftChange): boolean {
    switch (change.op) {
      case 'create':
        return specText(this.#content.spec) === specText(change.spec);
      case 'remove':
        return this.#remove(change);
      case 'settings':
        return this.#settings(change);
      case 'bind':
        return this.#bind(change);
      case 'pin':
        return this.#pin(change);
      case 'unpin':
        return this.#unpin(change);
      case 'reclaim':
        return this.#reclaim(change);
      case 'live':
        return this.#live(change);
      case 'gone':
        return this.#gone(change);
      case 'down':
        return this.#down(change);
      case 'hold':
        return this.#hold(change);
      case 'unhold':
        return this.#unhold(change);
      case 'use':
        return this.#users(change, this.#content.users.has(change.user));
      case 'disuse':
        return this.#users(change, !this.#content.users.has(change.user));
    }
  }

  #remove({ unused }: Op<'remove'>): boolean {
    const isNeeded = (entry: Entry) => entry.held !== undefined || entry.pinned || this.#nodesOf(entry).length > 0;
    if (unused && (this.#content.users.size > 0 || [...this.#content.entries()].some(isNeeded))) return false;
    this.#content.isRemoved = true;
    this.hasChanged = true;
    return true;
  }

  /** Whatever others have bound or held meanwhile could be on an address that the settings exclude. */
  #settings({ spec }: Op<'settings'>): boolean {
    if (specText(this.#content.spec) === specText(spec)) return true;
    if (!this.#isSameSubnet() || this.#hasNewAddress()) return false;
    this.#content.spec = spec;
    this.hasChanged = true;
    return true;
  }

  #bind({ identity, address, ticket }: Op<'bind'>): boolean {
    if (!this.#isSameSubnet()) return false;
    const own = this.#content.binding(identity);
    if (own !== undefined) return own.address === address;
    const there = this.#content.entry(address);
    if (there?.identity !== undefined || (there?.held !== undefined) !== (ticket === true)) return false;
    if (ticket && this.#around.premise?.entry(address)?.held !== there?.held) return false;
    this.#put({ ...(there ?? { address }), identity, nodes: [] });
    return true;
  }

  #pin({ identity, address, time, ticket }: Op<'pin'>): boolean {
    const isThere = this.#content.binding(identity) !== undefined;
    if (!this.#bind({ op: 'bind', identity, address, ...(ticket ? { ticket } : {}) })) return false;
    const own = this.#content.binding(identity) as Entry;
    if (!own.pinned) this.#put({ ...own, pinned: true, ...(isThere ? {} : { released: time }) });
    return true;
  }

  #unpin({ identity, time }: Op<'unpin'>): boolean {
    const own = this.#content.binding(identity);
    if (!own?.pinned) return true;
    const { pinned: _, ...rest } = own;
    this.#put(this.#nodesOf(own).length > 0 ? rest : { ...rest, released: time });
    return true;
  }

  #reclaim({ identity, address, pinned, beside }: Op<'reclaim'>): boolean {
    const own = this.#content.binding(identity);
    if (own === undefined) return true;
    if (own.address !== address || this.#nodesOf(own).length > 0) return false;
    // By what was known when it was decided: somebody may have come home and left since, or runs at the other one.
    const [before, now] = [this.#around.premise, this.#content];
    const isAnew = (each: string) => before?.binding(each)?.released !== now.binding(each)?.released;
    const runsAnew = (each: string) => !this.#runs(before?.binding(each)) && this.#runs(now.binding(each));
    if (isAnew(identity) || (beside !== undefined && (isAnew(beside) || runsAnew(beside)))) return false;
    if (own.pinned !== pinned) return false;
    const { held } = own;
    this.#put({ address, nodes: [], ...(held === undefined ? {} : { held }) });
    return true;
  }

  #live({ identity, node, sole }: Op<'live'>): boolean {
    const own = this.#content.binding(identity);
    if (own === undefined) return false;
    // Its home was moved since: whoever is let in must not be answered the address that it had.
    const known = this.#around.premise?.binding(identity);
    if (known !== undefined && known.address !== own.address) return false;
    const nodes = this.#nodesOf(own);
    if (sole && nodes.some((other) => other !== node)) return false;
    if (nodes.includes(node) && nodes.length === own.nodes.length) return true;
    const { released: _, ...rest } = own;
    this.#put({ ...rest, nodes: [...new Set([...nodes, node])].sort() });
    return true;
  }

  #gone({ identity, node, time }: Op<'gone'>): boolean {
    const own = this.#content.binding(identity);
    if (own === undefined || !own.nodes.includes(node)) return true;
    this.#leave(own, [node], time);
    return true;
  }

  #down({ nodes, time }: Op<'down'>): boolean {
    for (const entry of [...this.#content.entries()]) {
      const known = this.#around.premise?.entry(entry.address);
      const were = known?.identity === entry.identity ? known?.nodes : [];
      const left = entry.nodes.filter((node) => nodes.has(node) && were?.includes(node));
      if (left.length > 0) this.#leave(entry, left, time);
    }
    return true;
  }

  /** Another's hold is not this one, though the address is the same: each ticket is given once. */
  #hold({ address, owner }: Op<'hold'>): boolean {
    const there = this.#content.entry(address);
    if (!this.#isSameSubnet() || there?.identity !== owner || there?.held !== undefined) return false;
    this.#put({ ...(there ?? { address, nodes: [] }), held: this.#around.now });
    return true;
  }

  #unhold({ address }: Op<'unhold'>): boolean {
    const there = this.#content.entry(address);
    if (there?.held === undefined) return true;
    if (this.#around.premise?.entry(address)?.held !== there.held) return false;
    const { held: _, ...rest } = there;
    this.#put(rest);
    return true;
  }

  #users({ op, user }: Op<'use' | 'disuse'>, isSo: boolean): boolean {
    if (isSo) return true;
    if (op === 'use') this.#content.users.add(user);
    else this.#content.users.delete(user);
    this.hasChanged = true;
    return true;
  }

  #leave(entry: Entry, left: readonly string[], time: number): void {
    const nodes = entry.nodes.filter((node) => !left.includes(node));
    this.#put(nodes.length > 0 ? { ...entry, nodes } : { ...entry, nodes, released: time });
  }

  /** Where it runs, as far as the nodes are there. */
  #runs(entry: Entry | undefined): boolean {
    return entry !== undefined && this.#nodesOf(entry).length > 0;
  }

  #nodesOf({ nodes }: Entry): readonly string[] {
    return nodes.some(this.#around.isDown) ? nodes.filter((node) => !this.#around.isDown(node)) : nodes;
  }

  /** An address that was free by the settings that were known can be excluded by others. */
  #isSameSubnet(): boolean {
    const { premise } = this.#around;
    return premise !== undefined && specText(premise.spec) === specText(this.#content.spec);
  }

  #hasNewAddress(): boolean {
    const { premise } = this.#around;
    for (const { address } of this.#content.entries()) if (premise?.entry(address) === undefined) return true;
    return false;
  }

  #put(entry: Entry): void {
    this.#content.put(entry);
    this.hasChanged = true;
  }
}

function specText(spec: SubnetSpec): string {
  return JSON.stringify(spec);
}
