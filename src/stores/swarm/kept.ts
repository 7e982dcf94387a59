// What is known of the swarm's configs, kept in a file: while Docker starts, and while no manager answers, who has an
// address here still comes home by it. It decides nothing, and is never newer than the swarm.

import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { z } from 'zod';
import type { Config } from '../../docker/swarm-api.js';
import type { Clock } from '../../service/clock.js';

/** Milliseconds: what changes often is not written each time. */
const EVERY = 2000;
const VERSION = 1;

const KEPT = z.object({
  version: z.literal(VERSION),
  configs: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      version: z.number(),
      created: z.number().catch(0),
      labels: z.record(z.string(), z.string()),
      data: z.string(),
    }),
  ),
});

export class Kept {
  readonly #file: string;
  readonly #clock: Pick<Clock, 'after'>;
  #isDue = false;
  #writing: Promise<void> = Promise.resolve();

  constructor(file: string, clock: Pick<Clock, 'after'>) {
    this.#file = file;
    this.#clock = clock;
  }

  /** Undefined when there is nothing that can be used. */
  async read(): Promise<readonly Config[] | undefined> {
    try {
      return KEPT.parse(JSON.parse(await readFile(this.#file, 'utf8'))).configs;
    } catch {
      return undefined;
    }
  }

  /** Something has changed: written in a moment. */
  note(configs: () => readonly Config[]): void {
    if (this.#isDue) return;
    this.#isDue = true;
    this.#clock.after(EVERY, () => {
      this.#isDue = false;
      this.#writing = this.#writing.then(() => this.#write(configs())).catch(() => {}); // the next change writes it
    });
  }

  async end(configs: readonly Config[]): Promise<void> {
    await this.#writing;
    await this.#write(configs).catch(() => {});
  }

  async #write(configs: readonly Config[]): Promise<void> {
    const draft = `${this.#file}.tmp`;
    await rm(draft, { force: true }); // of a process that died, or a link that somebody has laid: never followed
    await writeFile(draft, JSON.stringify({ version: VERSION, configs }), { flag: 'wx', mode: 0o600 });
    await rename(draft, this.#file);
  }
}
