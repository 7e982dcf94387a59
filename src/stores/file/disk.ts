// The calls that a file store's durability hangs on, in one place so that tests can make them fail, or play them on a
// disk that is none (files.ts has the others).

import * as fs from 'node:fs';
import { promisify } from 'node:util';
import type { Files } from './files.js';
import { DSYNC } from './flags.js';

export interface Disk {
  /** Default: the machine's own. */
  readonly files?: Files;
  /** Writes all bytes at the position into a file opened with `JOURNAL_FLAGS`; they are durable when it answers. */
  append(fd: number, bytes: Uint8Array, position: number): Promise<void>;
  /** Cuts the file off, durably. */
  truncate(fd: number, length: number): Promise<void>;
}

const ftruncate = promisify(fs.ftruncate);
const fsync = promisify(fs.fsync);

export const disk: Disk = {
  // Callbacks, not promises: this is the time that every caller waits.
  append: (fd, bytes, position) =>
    new Promise((resolve, reject) => {
      const end = (error: Error | null) => (error ? reject(error) : resolve());
      const write = (from: number) =>
        fs.write(fd, bytes, from, bytes.length - from, position + from, (error, written) => {
          if (error) reject(error);
          else if (from + written < bytes.length) write(from + written);
          else if (DSYNC) resolve();
          else fs.fdatasync(fd, end);
        });
      write(0);
    }),

  async truncate(fd, length) {
    await ftruncate(fd, length);
    await fsync(fd);
  },
};
