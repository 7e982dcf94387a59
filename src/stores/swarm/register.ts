// One config, changed by compare-and-swap. What waits while a change is written is merged into the next one. Each round
// reads the config, does the work on a copy, and writes that if nobody has written meanwhile; when somebody has, or the
// answer is lost, the next round finds out by the marks that every change leaves (recent.ts).

import type { Config, SwarmApi } from '../../docker/swarm-api.js';
import type { Clock } from '../../service/clock.js';
import type { Deadline } from '../../service/deadline.js';
import type { Commit } from '../../service/store.js';
import type { Content } from './content.js';
import type { Outcome } from './draft.js';
import {
  type Answer,
  asNone,
  end,
  isDamaged,
  isGivenUp,
  outcomeOf,
  settleAll,
  tooBig,
  tooLate,
  unknown,
  type Waiting,
  type Work,
} from './waiting.js';

export interface RegisterParts<C> {
  /** Its name. */
  readonly config: string;
  readonly api: SwarmApi;
  readonly clock: Clock;
  /** Undefined when the config can no longer be used. */
  readonly read: (config: Config) => C | undefined;
  /** Makes the config when it is not there; else that is its end. */
  readonly make?: () => Promise<unknown>;
  /** What is known now; undefined: the config has ended. */
  readonly learnt: (before: C | undefined, after: C | undefined) => void;
  /** Somebody was told that it is unknown what became of the change with that mark. */
  readonly lost: (mark: string) => void;
}

/** What has been done so far, in this process. */
export interface Figures {
  /** Changes that somebody asked for and that were written. */
  commits: number;
  /** Writes: fewer than commits where several went out together. */
  writes: number;
  /** Writes that came too late: another process was faster. */
  stale: number;
}

/** Milliseconds that a round is tried again while nothing answers; a caller without a deadline waits as long. */
const PATIENCE = 12_000;
const LONGEST_PAUSE = 15;
const YIELD = 20;

/** A write of which it is not known what became. */
interface Lost {
  readonly mark: string;
  readonly version: number;
  /** No answer came. A manager that stands still can have it yet, and put it into whatever is there then (merge.ts). */
  readonly isUnanswered?: true;
}

/** A write that is out. */
interface Sending<C> extends Lost {
  /** What the config says with it. */
  readonly draft: C;
  readonly works: readonly Waiting<C>[];
}

export class Register<C extends Content> {
  readonly #parts: RegisterParts<C>;
  readonly #figures: Figures;
  #known: { readonly id: string; readonly version: number; readonly content: C } | undefined;
  #queue: Waiting<C>[] = [];
  #running: Promise<void> | undefined;
  #reading: Promise<void> | undefined;
  #again = false;
  #data = '';
  #lastMark: string | undefined;
  #sending: Sending<C> | undefined;
  /** Whether others have written since this process did. */
  #isContended = false;

  constructor(parts: RegisterParts<C>, figures: Figures) {
    this.#parts = parts;
    this.#figures = figures;
  }

  get config(): string {
    return this.#parts.config;
  }

  /** Never changed in place: whoever keeps it has what was known then. */
  get content(): C | undefined {
    return this.#known?.content;
  }

  /** What was read of it. Older news than what is known changes nothing. */
  learn(config: Config | undefined): void {
    if (config === undefined) {
      this.#end();
      return;
    }
    // Another one of that name is of another swarm, whose versions say nothing here.
    if (config.id === this.#known?.id && config.version <= this.#known.version) return;
    this.#data = config.data;
    const content = this.#parts.read(config);
    if (content === undefined) this.#end();
    else if (content.recent.fate(this.#sending?.mark ?? '') === 'done') this.#learnOwn(config);
    else this.#know(config.id, config.version, content);
  }

  /** Whether more is known than this reading of it says. */
  isPast({ id, version }: Config): boolean {
    return this.#known?.id === id && this.#known.version > version;
  }

  /** Reads it; who asks while it is being read gets what is read after that. @throws LimpetError UNAVAILABLE */
  async read(): Promise<void> {
    if (this.#reading !== undefined) {
      this.#again = true;
      return this.#reading;
    }
    this.#reading = this.#readOnce().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  /**
   * The work, done and written; `conflict` when it cannot be done.
   * @throws LimpetError UNAVAILABLE; with `outcome` unknown the mark is lost
   */
  async submit(work: Work<C>, deadline: Deadline): Promise<Commit> {
    let settle: (answer: Answer) => void = () => {};
    const answered = new Promise<Answer>((resolve) => {
      settle = resolve;
    });
    const waiting: Waiting<C> = { work, deadline, settle, sent: undefined, isUnsure: false, isOver: false };
    this.#queue.push(waiting);
    this.#running ??= this.#run();
    try {
      const answer = await deadline.wait(answered, work.what);
      if ('error' in answer) throw answer.error;
      return answer.commit;
    } catch (error) {
      const isWritten = waiting.isUnsure && !waiting.isOver;
      waiting.isOver = true;
      if (!isWritten) throw error;
      this.#parts.lost(waiting.sent as string);
      throw unknown(work.what, error);
    }
  }

  /**
   * Done already, or never: a change with that mark that is still under way finds its version old or its mark void.
   * @throws LimpetError UNAVAILABLE
   */
  async shutOut(mark: string, deadline: Deadline): Promise<void> {
    const apply = ({ recent }: C): Outcome => {
      if (recent.fate(mark) !== undefined) return 'same';
      recent.addVoid(mark);
      return 'changed';
    };
    await this.submit({ what: 'shut out a change that was lost', apply }, deadline);
  }

  /** As it is known, to be kept. */
  get kept(): Config | undefined {
    if (this.#known === undefined) return undefined;
    const { id, version, content } = this.#known;
    return { id, name: this.config, version, created: 0, labels: content.print(), data: this.#data };
  }

  /** Waits until nothing is being written. */
  async idle(): Promise<void> {
    await this.#running;
  }

  async #readOnce(): Promise<void> {
    do {
      this.#again = false;
      this.learn(await this.#parts.api.config(this.#parts.config));
    } while (this.#again);
  }

  #end(): void {
    const before = this.#known?.content;
    this.#known = undefined;
    this.#parts.learnt(before, undefined);
  }

  #know(id: string, version: number, content: C): void {
    const before = this.#known?.content;
    this.#known = { id, version, content };
    this.#parts.learnt(before, content);
  }

  /**
   * News of a write that is out was faster than its answer, and others may have written on top of it. Whoever waits for
   * it takes it in when he is answered, and so before the rest is told: else he would undo what the others did.
   */
  #learnOwn(config: Config): void {
    const { mark, version, draft, works } = this.#sending as Sending<C>;
    this.#sending = undefined;
    this.#know(config.id, version + 0.5, draft);
    this.#done(works, mark);
    this.#parts.clock.after(0, () => this.learn(config));
  }

  #done(works: readonly Waiting<C>[], mark: string): void {
    this.#lastMark = mark;
    this.#figures.commits += works.length;
    settleAll(works, { commit: 'done' });
  }

  async #run(): Promise<void> {
    const { clock } = this.#parts;
    while (this.#queue.length > 0) {
      await this.#decide(this.#queue.splice(0));
      // Whoever has just written lets others in, who have come too late because of that.
      if (this.#isContended) await clock.sleep(YIELD * (1 + clock.random()));
    }
    this.#running = undefined;
  }

  /** Rounds, until everybody has an answer. */
  async #decide(batch: Waiting<C>[]): Promise<void> {
    const { api, clock, config: name, make } = this.#parts;
    let open = batch;
    let lost: Lost | undefined;
    const began = clock.elapsed();
    for (let round = 0; open.length > 0; round++) {
      if (round > 0) await clock.sleep(clock.random() * Math.min(2 ** round, LONGEST_PAUSE)); // less than YIELD
      let config: Config | undefined;
      try {
        config = await api.config(name);
        if (config === undefined && make !== undefined) {
          await make();
          config = await api.config(name);
        }
        this.learn(config);
      } catch (error) {
        const isHopeless = lost === undefined || isDamaged(error) || clock.elapsed() - began > PATIENCE;
        if (isHopeless || open.every(isGivenUp)) return this.#fail(open, error as Error);
        continue;
      }
      if (config === undefined || this.#known === undefined) return settleAll(open, { commit: 'conflict' });
      // What is drafted on other news than this reading must not be sent as a change of it.
      if (this.#known.version !== config.version) {
        open = open.filter(({ isOver }) => !isOver);
        continue;
      }
      this.#isContended = this.#lastMark !== undefined && this.#known.content.recent.last !== this.#lastMark;
      open = [...open, ...this.#queue.splice(0)].filter(({ isOver }) => !isOver);
      if (await this.#shutOutUnanswered(lost, config)) continue;
      lost = this.#learnFate(lost, config, open);
      open = open.filter(({ isOver }) => !isOver);
      const [changed, draft] = this.#draft(open, lost);
      open = open.filter(({ isOver }) => !isOver);
      if (lost !== undefined && changed.length === 0) {
        lost = undefined; // nobody waits for it any more
        this.#sending = undefined;
        continue;
      }
      if (changed.length === 0) return;
      const mark = lost?.mark ?? newMark(clock);
      const sending: Lost = { mark, version: config.version };
      draft.recent.add(mark);
      for (const each of changed) Object.assign(each, { sent: mark, isUnsure: true });
      lost = await this.#write(config, draft, changed, sending, open);
      open = open.filter(({ isOver }) => !isOver);
    }
  }

  /** Undefined when it is known what became of the write. */
  async #write(
    config: Config,
    draft: C,
    changed: Waiting<C>[],
    sending: Lost,
    open: Waiting<C>[],
  ): Promise<Lost | undefined> {
    try {
      this.#figures.writes++;
      this.#sending = { ...sending, draft, works: changed };
      const answer = await this.#parts.api.updateConfig(config, draft.print());
      if (this.#sending === undefined) return undefined; // its news was faster
      if (answer !== 'done') {
        this.#figures.stale++;
        for (const each of changed) each.isUnsure = false;
        return sending; // looked for all the same: Swarm itself may have sent it twice
      }
      this.#sending = undefined;
      // Its new version is not told. Whatever is newer than the one before has this in it.
      this.#know(config.id, config.version + 0.5, draft);
      this.#done(changed, sending.mark);
      return undefined;
    } catch (error) {
      if (this.#sending === undefined) return undefined;
      if (outcomeOf(error) !== 'none') return { ...sending, isUnanswered: true };
      this.#sending = undefined;
      for (const each of changed) Object.assign(each, { sent: undefined, isUnsure: false });
      this.#fail(open, error as Error);
      return undefined;
    }
  }

  /**
   * Others have written since, and the write is not among what they have: it can come there yet, on top of that, and is
   * made void before anything is done anew. Whether there was something to shut out: the next reading says what became
   * of it.
   */
  async #shutOutUnanswered(lost: Lost | undefined, config: Config): Promise<boolean> {
    if (lost?.isUnanswered !== true || config.version === lost.version) return false;
    const { content } = this.#known as { content: C };
    if (content.recent.fate(lost.mark) !== undefined) return false;
    const draft = content.clone();
    draft.recent.addVoid(lost.mark);
    await this.#parts.api.updateConfig(config, draft.print()).catch(() => {});
    return true;
  }

  /** What became of a write that was lost: it is in the config, or cannot come there any more, or may yet. */
  #learnFate(lost: Lost | undefined, config: Config, open: Waiting<C>[]): Lost | undefined {
    if (lost === undefined || config.version === lost.version) return lost;
    const { recent } = (this.#known as { content: C }).content;
    const sent = open.filter((each) => each.sent === lost.mark);
    this.#sending = undefined;
    if (recent.fate(lost.mark) === 'done') this.#done(sent, lost.mark);
    // Else it cannot come any more, and is done anew. Should it have been made, and so many others have written since
    // that its mark is gone: what is so already is done, and a ticket that nobody was told of is swept.
    for (const each of sent) Object.assign(each, { sent: undefined, isUnsure: false });
    return undefined;
  }

  /** What has changed something, or rests on such a change, and the copy that it is done to. */
  #draft(open: readonly Waiting<C>[], lost: Lost | undefined): [Waiting<C>[], C] {
    const draft = (this.#known as { content: C }).content.clone();
    const changed: Waiting<C>[] = [];
    for (const each of open) {
      // A write that may still come is repeated as it was: then it is the same, whichever of the two comes.
      if (lost !== undefined && each.sent !== lost.mark) continue;
      const fate = each.work.mark === undefined ? undefined : draft.recent.fate(each.work.mark);
      if (fate !== undefined) end(each, { commit: fate === 'done' ? 'done' : 'conflict' });
      else if (each.sent === undefined && each.deadline.passed) end(each, { error: tooLate(each.work.what) });
      else {
        const outcome = each.work.apply(draft);
        // What is so only by another's change counts when that is written.
        if (outcome === 'changed' || (outcome === 'same' && changed.length > 0)) changed.push(each);
        else if (outcome === 'full') end(each, { error: tooBig(this.#parts.config) });
        else end(each, { commit: outcome === 'same' ? 'done' : 'conflict' });
        if (outcome === 'changed' && each.work.mark !== undefined) draft.recent.add(each.work.mark);
      }
    }
    return [changed, draft];
  }

  #fail(open: Waiting<C>[], error: Error): void {
    const sent = open.find((each) => !each.isOver && each.isUnsure);
    for (const each of open) {
      if (each.isOver) continue;
      end(each, { error: !each.isUnsure ? asNone(error) : unknown(each.work.what, error) });
    }
    if (sent !== undefined) this.#parts.lost(sent.sent as string);
  }
}

/** Eight letters and digits, which nobody else has. */
export function newMark(clock: Pick<Clock, 'random'>): string {
  return Array.from({ length: 8 }, () => Math.floor(clock.random() * 36).toString(36)).join('');
}
