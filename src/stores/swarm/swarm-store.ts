// The store of a Docker Swarm, on Swarm's own raft: each subnet is one of Swarm's configs, its bindings are the labels,
// and every commit is one compare-and-swap. Nothing has to be installed. How this node reaches the swarm, by its own
// Docker or by a manager's plugin, remote/node-swarm.ts knows.

import type { SwarmApi } from '../../docker/swarm-api.js';
import { LimpetError } from '../../host/errors.js';
import { type Clock, systemClock } from '../../service/clock.js';
import { Deadline } from '../../service/deadline.js';
import type {
  Change,
  Commit,
  DamagedSubnet,
  NodeName,
  Store,
  StoreEvent,
  StoreListener,
  SubnetKey,
} from '../../service/store.js';
import { Configs } from './configs.js';
import { type DraftChange, draft } from './draft.js';
import { Following } from './following.js';
import { Kept, type KeptText } from './kept.js';
import { Recovery } from './recovery.js';
import type { Figures, Register } from './register.js';
import type { SubnetContent } from './subnet-content.js';

export interface SwarmStoreOptions {
  /** The way to the swarm; `report` takes what an operator should know of it. */
  readonly connect: (report: Report) => SwarmApi;
  readonly clock?: Clock;
  /** Milliseconds between two readings of everything, in case an event got lost. Default one minute. */
  readonly reread?: number;
  /** What the names of the configs begin with: at most twelve letters and digits. Default `limpet`. */
  readonly prefix?: string;
  /** What keeps what is known, for when nobody answers. */
  readonly kept?: KeptText;
}

type Report = (level: StoreEvent['level'], message: string, details?: Record<string, unknown>) => void;

const REREAD = 60_000;
const REFRESH = 4000;
/** Milliseconds that a call without a deadline of its own has. */
const PATIENCE = 12_000;

export class SwarmStore implements Store {
  readonly name = 'swarm:';
  readonly shared = true;
  readonly block = 256;
  readonly figures: Figures = { commits: 0, writes: 0, stale: 0 };
  readonly #clock: Clock;
  readonly #api: SwarmApi;
  readonly #kept: Kept | undefined;
  readonly #configs: Configs;
  readonly #recovery: Recovery;
  readonly #following: Following;
  /** Marks of changes of which somebody was told that nobody knows what became of them, and what shuts each out. */
  readonly #lost = new Map<string, (deadline: Deadline) => Promise<unknown>>();
  #listener: StoreListener | undefined;
  /** Counts the readings: what was proposed before one is no longer in the core. */
  #epoch = 0;
  #isOpen = false;

  /** Asks nobody yet. */
  constructor({ connect, clock = systemClock, reread = REREAD, prefix = 'limpet', kept }: SwarmStoreOptions) {
    const api = connect((level, message, details) => this.#report(level, message, details));
    this.#api = api;
    this.#clock = clock;
    this.#kept = kept === undefined ? undefined : new Kept(kept, clock);
    this.#configs = new Configs({
      ...{ api, clock, prefix, figures: this.figures },
      listener: () => this.#listener as StoreListener,
      learnt: () => this.#kept?.note(() => this.#configs.kept),
      lost: (mark, shutOut) => {
        this.#lost.set(mark, shutOut);
        this.#recovery.need();
      },
      report: (level, message, details) => this.#report(level, message, details),
    });
    this.#recovery = new Recovery(
      clock,
      () => this.#recover(),
      (error) => this.#report('warn', error.message),
    );
    this.#following = new Following(this.#configs, {
      ...{ api, clock, reread },
      report: (level, message) => this.#report(level, message),
      markDown: (register, change, known) => this.#write(register, [change], this.#within(undefined), known),
    });
  }

  async open(listener: StoreListener): Promise<void> {
    this.#listener = listener;
    await this.#read();
    this.#isOpen = true;
    this.#following.begin();
  }

  async commit(subnet: SubnetKey, changes: readonly Change[], caller?: Deadline): Promise<Commit> {
    const deadline = this.#within(caller);
    // What the service has proposed, it has by what was known when it called.
    const [epoch, premise] = [this.#epoch, this.#configs.find(subnet)?.content];
    const space = this.#configs.spaceAsText(subnet.space);
    if (this.#recovery.isUnderWay && changes.every((change) => isSo(premise, change))) return 'done';
    await this.#steady(deadline);
    if (epoch !== this.#epoch && changes.some(isProposed)) return 'conflict';
    const [first] = changes;
    if (first?.op === 'create') return this.#configs.create(first.spec, space, deadline);
    const register = this.#configs.find(subnet);
    // Nothing is live, held or left to end in a subnet that is not there.
    if (register === undefined) return changes.every(isMoot) ? 'done' : 'conflict';
    const commit = await this.#write(register, changes, deadline, premise);
    if (first?.op === 'remove' && commit === 'done') await this.#configs.forget(subnet, register, deadline);
    return commit;
  }

  async introduce(node: NodeName, caller?: Deadline): Promise<void> {
    const deadline = this.#within(caller);
    await this.#steady(deadline);
    await this.#configs.introduce(node, deadline);
  }

  async refresh(_space: string, caller?: Deadline): Promise<void> {
    // Who asks can often do without.
    const deadline = new Deadline(this.#clock, Math.min(this.#within(caller).left, REFRESH));
    await this.#steady(deadline);
    await deadline.wait(this.#configs.refresh(), 'learn which subnets there are');
  }

  async refreshBinding(subnet: SubnetKey, _identity: string, caller?: Deadline): Promise<void> {
    const deadline = this.#within(caller);
    await this.#steady(deadline);
    const register = this.#configs.find(subnet);
    if (register === undefined) return;
    await deadline.wait(this.#following.lookAt(register), 'learn where it is live');
  }

  async answers(deadline: Deadline): Promise<void> {
    await this.#steady(deadline);
    await this.#configs.answers();
  }

  damaged(): Iterable<DamagedSubnet> {
    return this.#configs.damaged();
  }

  async close(): Promise<void> {
    if (!this.#isOpen) {
      await this.#api.close?.();
      return;
    }
    this.#isOpen = false;
    this.#recovery.end();
    await this.#following.end();
    await this.#configs.idle();
    await this.#kept?.end(this.#configs.kept);
    await this.#api.close?.();
  }

  /** Where nobody answers, what was known last; it is read as soon as somebody does. @throws LimpetError UNAVAILABLE */
  async #read(): Promise<void> {
    try {
      await this.#configs.readAll();
    } catch (error) {
      const known = (error as LimpetError).code === 'UNAVAILABLE' ? await this.#kept?.read() : undefined;
      if (known === undefined) throw error;
      this.#configs.install(known);
      this.#report('warn', `begun with what was known last: ${(error as Error).message}`);
      this.#recovery.need();
    }
  }

  /** What is live here already stays so while no manager answers: who restarts comes home. */
  async #write(
    register: Register<SubnetContent>,
    changes: readonly DraftChange[],
    deadline: Deadline,
    premise = register.content,
  ): Promise<Commit> {
    const { isDown } = this.#following;
    const apply = (content: SubnetContent) => draft(content, changes, { premise, isDown, now: this.#clock.now() });
    const [first] = changes;
    try {
      return await register.submit({ what: `commit a change (${first?.op}) of ${register.config}`, apply }, deadline);
    } catch (error) {
      const isUnwritten = error instanceof LimpetError && error.details.outcome === 'none';
      if (isUnwritten && register.content !== undefined && changes.every((change) => isSo(register.content, change)))
        return 'done';
      throw error;
    }
  }

  #within(caller: Deadline | undefined): Deadline {
    return caller ?? new Deadline(this.#clock, PATIENCE);
  }

  /** @throws LimpetError UNAVAILABLE, ENDED */
  async #steady(deadline: Deadline): Promise<void> {
    await this.#recovery.steady(deadline);
    if (!this.#isOpen) throw new LimpetError('ENDED', `${this.name} is not open`);
  }

  /** First nothing that was lost may come any more, or what is read would not be the end of it. */
  async #recover(): Promise<void> {
    await this.#configs.idle();
    for (const [mark, shutOut] of [...this.#lost]) {
      await shutOut(this.#within(undefined));
      this.#lost.delete(mark);
    }
    this.#epoch++;
    await this.#configs.readAll();
    this.#listener?.ready();
    this.#report('info', "the swarm's configs were read again", { look: true });
  }

  #report(level: StoreEvent['level'], message: string, details: Record<string, unknown> = {}): void {
    this.#listener?.report({ level, message, details: { store: this.name, ...details } });
  }
}

/** What stands in the core as a proposal, and no longer does after a reading. */
function isProposed({ op }: Change): boolean {
  return op === 'bind' || op === 'hold' || op === 'create' || op === 'settings';
}

function isMoot({ op }: Change): boolean {
  return op === 'remove' || op === 'gone' || op === 'unhold' || op === 'disuse';
}

function isSo(content: SubnetContent | undefined, change: DraftChange): boolean {
  return change.op === 'live' && content?.binding(change.identity)?.nodes.includes(change.node) === true;
}
