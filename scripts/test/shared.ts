// What the suites of one run share, made when the first of them needs it: the packed and installed tarball, and the
// hosts of examples/embed.
import { type Prepared, prepareHosts } from '../embed/prepare.js';
import { type Installed, packAndInstall } from '../pack.js';

export class Shared {
  #installed?: Promise<Installed>;
  #hosts?: Promise<Prepared[]>;

  installed(): Promise<Installed> {
    this.#installed ??= packAndInstall();
    return this.#installed;
  }

  /** Those that the machine has no tools for are among them, and say so. */
  hosts(): Promise<Prepared[]> {
    this.#hosts ??= prepareHosts();
    return this.#hosts;
  }

  /** Removes what was made. */
  async close(): Promise<void> {
    const installed = await this.#installed?.catch(() => undefined); // that it failed was told where it was needed
    await installed?.remove();
  }
}
