// The list of containers, for those who ask within a call of Docker's: one question for all who ask at the same moment,
// and no waiting for a Docker that does not answer, since it may be waiting for the very call.

import { LimpetError } from '../host/errors.js';
import type { Clock } from '../service/clock.js';
import type { DockerApi } from './api.js';
import { Coalesced } from './coalesced.js';
import type { Container } from './shapes.js';

/** Milliseconds after which Docker counts as silent where that is not noticed at once. A list takes some ten. */
const SILENT = 500;

/** So many that are gone are remembered beside as many as there are: no list is compared with the one before. */
const SPARE = 100;

export class ContainerList {
  readonly #docker: DockerApi;
  readonly #clock: Pick<Clock, 'after'>;
  readonly #list: Coalesced<readonly Container[]>;
  /** The lists that first showed the containers that there are, and some that there were, by their IDs. */
  readonly #firstSeen = new Map<string, number>();
  #lists = 0;
  /** A question has been out for too long. */
  #unanswered = false;

  constructor(docker: DockerApi, clock: Pick<Clock, 'after'>) {
    this.#docker = docker;
    this.#clock = clock;
    this.#list = new Coalesced(async () => this.#seen(await docker.containers()));
  }

  /**
   * The newest of these, by the lists that first showed them: when they were made Docker says by a clock that can be
   * set. Several when they came in one list.
   */
  newest(containers: readonly Container[]): readonly Container[] {
    const seen = containers.map(({ id }) => this.#firstSeen.get(id) ?? 0);
    const last = Math.max(...seen);
    return containers.filter((_, n) => seen[n] === last);
  }

  /** As it is after this call. @throws LimpetError UNAVAILABLE */
  fresh(): Promise<readonly Container[]> {
    return this.#list.fresh();
  }

  /** The same, or undefined when Docker does not answer: at once when that is known. */
  async ifAnswered(): Promise<readonly Container[] | undefined> {
    if (this.#docker.silent || this.#unanswered) return undefined;
    try {
      const answer = this.#list.fresh();
      return await (this.#docker.watched ? answer : this.#soon(answer));
    } catch (error) {
      if (error instanceof LimpetError && error.code === 'UNAVAILABLE') return undefined;
      throw error;
    }
  }

  #seen(containers: readonly Container[]): readonly Container[] {
    this.#lists++;
    for (const { id } of containers) if (!this.#firstSeen.has(id)) this.#firstSeen.set(id, this.#lists);
    if (this.#firstSeen.size > 2 * containers.length + SPARE) this.#forgetGone(containers);
    return containers;
  }

  #forgetGone(containers: readonly Container[]): void {
    const there = new Set(containers.map(({ id }) => id));
    for (const id of this.#firstSeen.keys()) if (!there.has(id)) this.#firstSeen.delete(id);
  }

  /** How many lists there were so far. */
  get lists(): number {
    return this.#lists;
  }

  /** Whether the container was on one of the first so many lists. */
  wasOn(lists: number, { id }: Container): boolean {
    return (this.#firstSeen.get(id) ?? Number.POSITIVE_INFINITY) <= lists;
  }

  #soon(answer: Promise<readonly Container[]>): Promise<readonly Container[] | undefined> {
    return new Promise((resolve, reject) => {
      const callOff = this.#clock.after(SILENT, () => {
        // Until this question has come to its end, those who ask next know that they would wait in vain.
        this.#unanswered = true;
        const end = () => {
          this.#unanswered = false;
        };
        answer.then(end, end);
        resolve(undefined);
      });
      answer.then(resolve, reject).finally(callOff);
    });
  }
}
