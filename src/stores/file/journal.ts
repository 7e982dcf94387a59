// The journal that is written to. Its length is that of what is durable; whatever a failed write left behind it is cut
// off before anything else is written.

import type { Disk } from './disk.js';
import { unavailable } from './failure.js';
import type { Opened } from './files.js';
import type { Folder } from './folder.js';
import { encodeHeader, encodeRecords, HEADER_SIZE } from './format.js';

export class Journal {
  readonly generation: number;
  readonly path: string;
  readonly #file: Opened;
  readonly #disk: Disk;
  #length: number;

  private constructor(file: Opened, disk: Disk, path: string, generation: number, length: number) {
    this.#file = file;
    this.#disk = disk;
    this.path = path;
    this.generation = generation;
    this.#length = length;
  }

  /** A new, empty one, which takes over from a journal of `previous` bytes. */
  static async create(folder: Folder, disk: Disk, generation: number, previous: number): Promise<Journal> {
    const path = folder.file('journal', generation);
    const header = encodeHeader({ kind: 'journal', generation, previous });
    await folder.create(path, (file) => file.writeFile(header));
    return new Journal(await folder.files.open(path), disk, path, generation, HEADER_SIZE);
  }

  /** One that has been read and is whole up to `length`; a torn tail is cut off. */
  static async open(folder: Folder, disk: Disk, generation: number, length: number): Promise<Journal> {
    const path = folder.file('journal', generation);
    const file = await folder.files.open(path);
    try {
      // Flushed even when nothing is cut off: what was read may so far be in the page cache alone.
      await disk.truncate(file.fd, length);
    } catch (error) {
      await file.close();
      throw error;
    }
    return new Journal(file, disk, path, generation, length);
  }

  get length(): number {
    return this.#length;
  }

  /**
   * Appends one record for each body, all in one write and one flush. Answers their size.
   * @throws LimpetError UNAVAILABLE, with outcome `unknown` when what was written could not be taken back: then nothing
   * may be appended before `cutBack` has succeeded
   */
  async append(bodies: readonly string[]): Promise<number> {
    const bytes = encodeRecords(bodies, this.generation, this.#length);
    try {
      await this.#disk.append(this.#file.fd, bytes, this.#length);
    } catch (cause) {
      const what = `${this.path} cannot be written`;
      await this.cutBack().catch(() => {
        throw unavailable(what, 'unknown', cause);
      });
      throw unavailable(what, 'none', cause);
    }
    this.#length += bytes.length;
    return bytes.length;
  }

  /** Cuts off what a failed write left. */
  async cutBack(): Promise<void> {
    await this.#disk.truncate(this.#file.fd, this.#length);
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}
