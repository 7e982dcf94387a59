// The store for one machine: a folder with a journal, flushed before each answer, and now and then a snapshot instead.
// What was answered survives `kill -9` and power loss. One store at a time has the folder.
//
// A generation begins when its journal is made, empty; from then on commits go there while the snapshot of the state at
// that moment is written beside it. With the snapshot renamed into place, what is older is removed. Until then, and if
// it never is, the older snapshot and all journals since make up the state: a crash at any point leaves a readable
// folder.

import { pathToFileURL } from 'node:url';
import { LimpetError } from '../../host/errors.js';
import { type Clock, systemClock } from '../../service/clock.js';
import type { Deadline } from '../../service/deadline.js';
import type { Change, Commit, NodeName, Store, StoreListener, SubnetKey } from '../../service/store.js';
import { encodeCommit, encodeNode } from './changes.js';
import { type Disk, disk as realDisk } from './disk.js';
import { unavailable } from './failure.js';
import { Folder } from './folder.js';
import { GroupCommit } from './group-commit.js';
import { Journal } from './journal.js';
import type { Lock } from './lock.js';
import { type Recovered, recover } from './recovery.js';
import { type FrozenState, freeze, writeSnapshot } from './snapshot.js';

export interface FileStoreOptions {
  /**
   * Bytes of journal after which a snapshot takes its place. More make starting slower (16 MiB hold some 150 000
   * commits and take about a second), fewer have the whole state written more often. Default 16 MiB.
   */
  readonly compactAfter?: number;
  /** Default: the machine's own. */
  readonly clock?: Clock;
  /** @internal Disks that fail, for tests. */
  readonly disk?: Disk;
}

const COMPACT_AFTER = 16 << 20;
/** Milliseconds between attempts to get a journal right that could be neither written nor cut back. */
const RETRY = 500;

/** What an open store has. */
interface Opened {
  readonly listener: StoreListener;
  readonly lock: Lock;
  journal: Journal;
}

export class FileStore implements Store {
  readonly name: string;
  readonly shared = false;
  readonly #folder: Folder;
  readonly #compactAfter: number;
  readonly #disk: Disk;
  readonly #clock: Clock;
  readonly #commits = new GroupCommit((bodies) => this.#write(bodies));
  #opened: Opened | undefined;
  #closing: Promise<void> | undefined;
  /** Bytes journaled since a snapshot was last taken or tried. */
  #journaled = 0;
  #compaction: Promise<void> | undefined;
  /** Whether the last write did. */
  #hasFailed = false;
  /** Set while the disk's state is not known; calls off the next look at it. */
  #callOff: (() => void) | undefined;

  /** @param folder made at `open`, readable for its owner only, if it is not there */
  constructor(folder: string, options: FileStoreOptions = {}) {
    if (typeof folder !== 'string') throw new TypeError(`a folder is a string, not ${typeof folder}`);
    const { compactAfter = COMPACT_AFTER } = options;
    if (typeof compactAfter !== 'number')
      throw new TypeError(`compactAfter is a number of bytes, not ${typeof compactAfter}`);
    if (!(compactAfter > 0))
      throw new LimpetError('BAD_INPUT', `compactAfter is a number of bytes above 0, not ${compactAfter}`, {
        value: compactAfter,
      });
    this.#disk = options.disk ?? realDisk;
    this.#folder = new Folder(folder, this.#disk.files);
    this.#compactAfter = compactAfter;
    this.#clock = options.clock ?? systemClock;
    this.name = pathToFileURL(this.#folder.path).href;
  }

  async open(listener: StoreListener): Promise<void> {
    let held: Lock | undefined;
    try {
      await this.#folder.make();
      held = await this.#folder.files.lock(this.#folder.lock);
      const journal = await this.#recover(listener);
      this.#opened = { listener, lock: held, journal };
    } catch (error) {
      await held?.release();
      if (error instanceof LimpetError || !isSystemError(error)) throw error;
      throw unavailable(`the folder ${this.#folder.path} cannot be used`, 'none', error);
    }
  }

  async commit(subnet: SubnetKey, changes: readonly Change[], deadline?: Deadline): Promise<Commit> {
    return this.#journal(encodeCommit(subnet, changes), deadline);
  }

  async introduce(node: NodeName, deadline?: Deadline): Promise<void> {
    await this.#journal(encodeNode(node), deadline);
  }

  /** After a write that failed the disk is asked, by an empty commit; else it is as it was when it last answered. */
  async answers(deadline: Deadline): Promise<void> {
    const empty = encodeCommit({ space: this.name, cidr: this.name }, []);
    if (this.#opened === undefined || this.#closing || this.#hasFailed) await this.#journal(empty, deadline);
  }

  /** Waits for the commits that are under way, and for a snapshot that is being written. */
  close(): Promise<void> {
    this.#closing ??= this.#close().finally(() => {
      this.#closing = undefined;
    });
    return this.#closing;
  }

  async #journal(body: string, deadline: Deadline | undefined): Promise<Commit> {
    if (this.#opened === undefined || this.#closing) throw unavailable(`the store ${this.name} is not open`, 'none');
    if (this.#callOff !== undefined) throw unavailable(`the store ${this.name} waits for its disk`, 'none');
    return this.#commits.add(body, deadline);
  }

  async #close(): Promise<void> {
    await this.#commits.idle();
    await this.#compaction;
    this.#callOff?.();
    const opened = this.#opened;
    this.#opened = undefined;
    this.#callOff = undefined;
    await opened?.journal.close();
    await opened?.lock.release();
  }

  async #recover(listener: StoreListener): Promise<Journal> {
    const { newest, journaled, commits, torn, stale }: Recovered = await recover(this.#folder, listener);
    this.#journaled = journaled;
    const journal = newest
      ? await Journal.open(this.#folder, this.#disk, newest.generation, newest.length)
      : await Journal.create(this.#folder, this.#disk, 1, 0);
    if (torn) {
      const what = `its ${torn.bytes} bytes at offset ${torn.offset} are cut off`;
      const message = `${torn.file}: the last record was torn; it was never answered, and ${what}`;
      listener.report({ level: 'warn', message, details: torn });
    }
    await this.#folder.remove(stale);
    listener.report({
      level: 'info',
      message: `${this.name}: read ${commits} commits from ${journaled} bytes of journal`,
      details: { commits, bytes: journaled, generation: journal.generation },
    });
    return journal;
  }

  async #write(bodies: string[]): Promise<void> {
    const { journal } = this.#opened as Opened;
    try {
      this.#journaled += await journal.append(bodies);
      this.#hasFailed = false;
    } catch (error) {
      this.#hasFailed = true;
      if ((error as LimpetError).details.outcome === 'unknown') this.#stopFor(error);
      throw error;
    }
    if (this.#journaled >= this.#compactAfter && !this.#closing) this.#compaction ??= this.#compact();
  }

  /** Never rejects: without a snapshot the store goes on with what it has. */
  async #compact(): Promise<void> {
    const { listener } = this.#opened as Opened;
    try {
      const started = this.#clock.now();
      const { generation, removed } = await this.#newGeneration();
      listener.report({
        level: 'info',
        message: `${this.name}: snapshot of generation ${generation} written`,
        details: { generation, removed, milliseconds: Math.round(this.#clock.now() - started) },
      });
    } catch (error) {
      listener.report({
        level: 'warn',
        message: `${this.name}: no snapshot was written, the journal goes on: ${(error as Error).message}`,
        details: { cause: error },
      });
    } finally {
      this.#compaction = undefined;
    }
  }

  async #newGeneration(): Promise<{ generation: number; removed: number }> {
    const { state, generation } = await this.#commits.between(() => this.#switchJournal());
    await this.#folder.create(this.#folder.file('snapshot', generation), (file) =>
      writeSnapshot(file, generation, state),
    );
    const { journals, snapshots } = await this.#folder.list();
    const old = [
      ...snapshots.filter((each) => each < generation).map((each) => this.#folder.file('snapshot', each)),
      ...journals.filter((each) => each < generation).map((each) => this.#folder.file('journal', each)),
    ];
    await this.#folder.remove(old);
    return { generation, removed: old.length };
  }

  /** Takes the state down, and leaves the journal that has led to it for a new one. */
  async #switchJournal(): Promise<{ state: FrozenState; generation: number }> {
    const opened = this.#opened as Opened;
    const { listener, journal } = opened;
    if (this.#callOff !== undefined) throw new Error('the store waits for its disk');
    this.#journaled = 0;
    const generation = journal.generation + 1;
    const state = freeze(listener);
    try {
      opened.journal = await Journal.create(this.#folder, this.#disk, generation, journal.length);
    } catch (error) {
      // It must not be there when the old one goes on: it says how long that one is.
      await this.#removeAfter(journal).catch((cause) => this.#stopFor(cause));
      throw error;
    }
    await journal.close();
    return { state, generation };
  }

  async #removeAfter(journal: Journal): Promise<void> {
    const { journals } = await this.#folder.list();
    const later = journals.filter((each) => each > journal.generation);
    await this.#folder.remove(later.map((each) => this.#folder.file('journal', each)));
  }

  /** Refuses commits until the disk's state is known again and told anew. */
  #stopFor(cause: unknown): void {
    const error = unavailable(`the store ${this.name} waits for its disk`, 'none', cause);
    this.#commits.refuse(error);
    this.#opened?.listener.report({ level: 'error', message: error.message, details: { cause } });
    this.#tryAgain();
  }

  #tryAgain(): void {
    this.#callOff = this.#clock.after(RETRY, () => {
      if (this.#closing) return;
      this.#commits.between(() => this.#readAgain()).catch(() => this.#tryAgain());
    });
  }

  async #readAgain(): Promise<void> {
    const opened = this.#opened as Opened;
    const { journal, listener } = opened;
    await journal.cutBack();
    await this.#removeAfter(journal);
    listener.reset();
    opened.journal = await this.#recover(listener);
    await journal.close();
    this.#callOff = undefined;
    listener.ready();
  }
}

function isSystemError(error: unknown): boolean {
  return error instanceof Error && typeof (error as NodeJS.ErrnoException).syscall === 'string';
}
