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

/** Where it is kept: a text that is there whole, as it was or as it is to be. */
export interface KeptText {
  /** @throws system errors, when there is none */
  read(): Promise<string>;
  write(text: string): Promise<void>;
}

/** In a file, which only its owner reads. */
export function keptIn(file: string): KeptText {
  return {
    read: () => readFile(file, 'utf8'),
    write: async (text) => {
      const draft = `${file}.tmp`;
      await rm(draft, { force: true }); // of a process that died, or a link that somebody has laid: never followed
      await writeFile(draft, text, { flag: 'wx', mode: 0o600 });
      await rename(draft, file);
    },
  };
}

export class Kept {
  readonly #text: KeptText;
  readonly #clock: Pick<Clock, 'after'>;
  #callOff: (() => void) | undefined;
  #hasEnded = false;
  #writing: Promise<void> = Promise.resolve();

  constructor(text: KeptText, clock: Pick<Clock, 'after'>) {
    this.#text = text;
    this.#clock = clock;
  }

  /** Undefined when there is nothing that can be used. */
  async read(): Promise<readonly Config[] | undefined> {
    try {
      return KEPT.parse(JSON.parse(await this.#text.read())).configs;
    } catch {
      return undefined;
    }
  }

  /** Something has changed: written in a moment. */
  note(configs: () => readonly Config[]): void {
    if (this.#callOff !== undefined || this.#hasEnded) return;
    this.#callOff = this.#clock.after(EVERY, () => {
      this.#callOff = undefined;
      this.#writing = this.#writing.then(() => this.#write(configs())).catch(() => {}); // the next change writes it
    });
  }

  /** Written once more, and never again: whoever has ended it may remove the file. */
  async end(configs: readonly Config[]): Promise<void> {
    this.#hasEnded = true;
    this.#callOff?.();
    await this.#writing;
    await this.#write(configs).catch(() => {});
  }

  #write(configs: readonly Config[]): Promise<void> {
    return this.#text.write(JSON.stringify({ version: VERSION, configs }));
  }
}
