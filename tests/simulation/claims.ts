// Linearizability of what the stores have answered: for every address, and for every identity, there must be one
// order of the commits, each between its call and its answer, in which all the answers are true. A commit whose
// answer was lost may have happened at any time after its call, or never.
import type { Deadline } from '../../src/service/deadline.js';
import type { Change, Commit, NodeName, Rank, Store, StoreListener, SubnetKey } from '../../src/service/store.js';

interface Operation {
  readonly key: string;
  readonly step: (state: string) => string | undefined;
  readonly what: string;
}

interface Moment {
  readonly at: number;
  readonly operation: Operation;
  readonly kind: 'call' | 'answer' | 'over';
  /** Certainly nothing happened. */
  isVoid: boolean;
}

/** Who writes commits down. Answers what to call with the outcome. `none`: certainly nothing happened. */
export interface Ledger {
  begin(subnet: SubnetKey, changes: readonly Change[], at: number): (outcome: Commit | 'none', at: number) => void;
}

/** No more configurations than this are followed: beyond it nothing is said. */
const MOST = 4096;
/** Of what led to an answer so much is shown. */
const SHOWN = 11;

/** One object, whose states are texts: which operations can have happened in which order, as they are heard of. */
class Checker {
  /** Each: a state, and those of the open operations that have happened. */
  #configurations = new Map<string, { state: string; happened: ReadonlySet<Operation> }>();
  readonly #open = new Set<Operation>();
  /** More could have been than was followed. */
  isLost = false;

  constructor() {
    this.#configurations.set('', { state: '', happened: new Set() });
  }

  call(operation: Operation): void {
    this.#open.add(operation);
  }

  /** It has not happened until now, or it has: not any more from now on. */
  over(operation: Operation): void {
    const next = new Map<string, { state: string; happened: ReadonlySet<Operation> }>();
    const left = [...this.#configurations.values()];
    for (const { state, happened } of left) {
      // It may have happened without anybody having heard of it yet.
      const after = happened.has(operation) ? undefined : operation.step(state);
      for (const each of after === undefined ? [state] : [state, after]) {
        const one = { state: each, happened: new Set([...happened].filter((other) => other !== operation)) };
        next.set(`${each}|${[...one.happened].map(({ what }) => what).join()}`, one);
      }
    }
    this.#open.delete(operation);
    this.#configurations = next;
  }

  /** False when no order makes the answer true. */
  answer(operation: Operation): boolean {
    const next = new Map<string, { state: string; happened: ReadonlySet<Operation> }>();
    const seen = new Set<string>();
    const queue = [...this.#configurations.values()];
    for (let each = queue.pop(); each !== undefined; each = queue.pop()) {
      const key = this.#keyOf(each);
      if (seen.has(key)) continue;
      seen.add(key);
      if (seen.size > MOST) {
        this.isLost = true;
        return true;
      }
      if (each.happened.has(operation)) {
        const happened = new Set([...each.happened].filter((one) => one !== operation));
        const left = { state: each.state, happened };
        next.set(this.#keyOf(left), left);
        continue;
      }
      for (const one of this.#open) {
        if (each.happened.has(one)) continue;
        const state = one.step(each.state);
        if (state !== undefined) queue.push({ state, happened: new Set([...each.happened, one]) });
      }
    }
    this.#open.delete(operation);
    if (next.size === 0) return false;
    this.#configurations = next;
    return true;
  }

  #keyOf({ state, happened }: { state: string; happened: ReadonlySet<Operation> }): string {
    return `${state}|${[...this.#open].map((one) => (happened.has(one) ? '1' : '0')).join('')}`;
  }
}

export class Claims implements Ledger {
  readonly #moments: Moment[] = [];
  /** Without an answer as yet. */
  readonly #calls = new Set<Moment>();
  readonly #keys = new Set<string>();
  /** Addresses and identities of which the verdict says nothing. */
  unsaid = 0;

  begin(subnet: SubnetKey, changes: readonly Change[], at: number): (outcome: Commit | 'none', at: number) => void {
    const name = `${subnet.space} ${subnet.cidr}`;
    const operations = changes.flatMap((change) =>
      change.op === 'remove' ? this.#emptied(name) : operationsOf(name, change),
    );
    for (const { key } of operations) this.#keys.add(key);
    const calls = operations.map((operation): Moment => ({ at, operation, kind: 'call', isVoid: false }));
    this.#moments.push(...calls);
    for (const call of calls) this.#calls.add(call);
    return (outcome, answeredAt) => {
      for (const call of calls) this.#calls.delete(call);
      const counts = outcome === 'done' || outcome === 'told';
      for (const call of calls) call.isVoid = !counts;
      if (!counts) return;
      for (const operation of operations)
        this.#moments.push({ at: answeredAt, operation, kind: 'answer', isVoid: false });
    };
  }

  /** What was under way is done or lost by now: whoever was to do it is dead. */
  over(at: number): void {
    for (const call of this.#calls) this.#moments.push({ ...call, at, kind: 'over' });
    this.#calls.clear();
  }

  /** An address is seen to be in a state. */
  see({ space, cidr }: SubnetKey, address: string, seen: string, at: number): void {
    const key = `${space} ${cidr} address ${address}`;
    const step = (state: string) => (state === seen ? state : undefined);
    const operation: Operation = { key, step, what: `seen: ${seen || 'free'}` };
    for (const kind of ['call', 'answer'] as const) this.#moments.push({ at, operation, kind, isVoid: false });
  }

  /** The subnet ends, with all that is in it. */
  #emptied(subnet: string): Operation[] {
    const keys = [...this.#keys].filter((key) => key.startsWith(`${subnet} `));
    return keys.map((key) => ({ key, step: () => '', what: 'remove' }));
  }

  /** What cannot have been; undefined when all can. Moments were noted as time went by, and so are in order. */
  verdict(): string | undefined {
    const checkers = new Map<string, Checker>();
    const past = new Map<string, string[]>();
    for (const { operation, kind, at, isVoid } of this.#moments) {
      const { key, what } = operation;
      const checker = checkers.get(key) ?? new Checker();
      checkers.set(key, checker);
      if (isVoid || checker.isLost) continue;
      past.set(key, [...(past.get(key) ?? []).slice(-SHOWN), `${kind} ${what} at ${at.toFixed(1)}`]);
      if (kind === 'call') checker.call(operation);
      else if (kind === 'over') checker.over(operation);
      else if (!checker.answer(operation))
        return `no order of the commits makes "${what}" of ${key} true: ${past.get(key)?.join('; ')}`;
    }
    this.unsaid = [...checkers.values()].filter(({ isLost }) => isLost).length;
    return undefined;
  }
}

export interface Witness {
  readonly now: () => number;
  /** What a dead process would have been answered is no answer. */
  readonly isAlive: () => boolean;
  /** Whether a commit may have come twice: then the first may be done, and the second is what was answered. */
  readonly mayRepeat: () => boolean;
}

/** A store whose commits are written down. */
export class Recorded implements Store {
  readonly name: string;
  readonly shared: boolean;
  readonly patience?: number;
  readonly block: number;
  readonly #store: Store;
  readonly #claims: Ledger;
  readonly #witness: Witness;

  constructor(store: Store, claims: Ledger, witness: Witness) {
    this.name = store.name;
    this.shared = store.shared;
    if (store.patience !== undefined) this.patience = store.patience;
    this.block = store.block ?? 1;
    this.#store = store;
    this.#claims = claims;
    this.#witness = witness;
  }

  get rank(): Rank | undefined {
    return this.#store.rank;
  }

  open(listener: StoreListener): Promise<void> {
    return this.#store.open(listener);
  }

  async commit(subnet: SubnetKey, changes: readonly Change[], deadline?: Deadline): Promise<Commit> {
    const { now, isAlive, mayRepeat } = this.#witness;
    const end = this.#claims.begin(subnet, changes, now());
    try {
      const outcome = await this.#store.commit(subnet, changes, deadline);
      if (isAlive() && !(outcome === 'conflict' && mayRepeat())) end(outcome, now());
      return outcome;
    } catch (error) {
      const { details } = error as { details?: { outcome?: string } };
      if (isAlive() && details?.outcome !== 'unknown' && !mayRepeat()) end('none', now());
      throw error;
    }
  }

  introduce(node: NodeName, deadline?: Deadline): Promise<void> {
    return this.#store.introduce(node, deadline);
  }

  async refresh(space: string, deadline?: Deadline): Promise<void> {
    await this.#store.refresh?.(space, deadline);
  }

  async refreshBinding(subnet: SubnetKey, identity: string, deadline?: Deadline): Promise<void> {
    await this.#store.refreshBinding?.(subnet, identity, deadline);
  }

  close(): Promise<void> {
    return this.#store.close();
  }
}

/**
 * An address is '' or the name of who is bound to it, with '+' behind it while it is held; an identity is '' or its
 * address.
 */
function operationsOf(subnet: string, change: Change): Operation[] {
  const what = JSON.stringify(change);
  const address = (at: string, step: Operation['step']) => ({ key: `${subnet} address ${at}`, step, what });
  const identity = (of: string, step: Operation['step']) => ({ key: `${subnet} identity ${of}`, step, what });
  switch (change.op) {
    case 'bind': {
      const held = change.ticket ? '+' : '';
      const own = `${change.identity}${held}`;
      return [
        address(change.address, (state) => (state === held ? own : isOf(state, change.identity) ? state : undefined)),
        identity(change.identity, (state) => (state === '' || state === change.address ? change.address : undefined)),
      ];
    }
    case 'reclaim':
      return [
        address(change.address, (state) => {
          if (isOf(state, change.identity)) return state.endsWith('+') ? '+' : '';
          return state; // it has ended already
        }),
        identity(change.identity, (state) => (state === change.address ? '' : state)),
      ];
    case 'hold':
      // What was pinned is not followed here: its owner is known by the hold.
      return [
        address(change.address, (state) =>
          state === '' || state === change.owner ? `${change.owner ?? ''}+` : undefined,
        ),
      ];
    case 'unhold':
      return [address(change.address, (state) => state.replace('+', ''))];
    default:
      return [];
  }
}

function isOf(state: string, identity: string): boolean {
  return state === identity || state === `${identity}+`;
}
