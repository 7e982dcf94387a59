// A disk of a simulated machine: files whose bytes are in the page cache before they are on the disk, and names that
// last only once their folder is flushed. A process can die in the middle of a write, the machine can lose its power,
// and the disk can be full, or fail.
import { LimpetError } from '../../../src/host/errors.js';
import type { Chance } from '../../../src/simulator/random.js';
import type { Process } from '../../../src/simulator/swarm/process.js';
import type { Disk } from '../../../src/stores/file/disk.js';
import type { Files, Sink } from '../../../src/stores/file/files.js';

/** One file: what a reader gets, and what is left without power. */
interface Content {
  bytes: Buffer;
  durable: Buffer;
}

interface Write {
  readonly content: Content;
  readonly bytes: Uint8Array;
  readonly position: number;
}

type Names = Map<string, Content>;

export class SimulatedDisk {
  /** `full`: writes come to a part of their bytes. `broken`: nor can that part be cut off. */
  state: 'well' | 'full' | 'broken' = 'well';
  readonly #chance: Chance;
  #names: Names = new Map();
  /** How the folder was after each change since it was flushed last. */
  #unflushed: Names[] = [new Map()];
  readonly #open = new Map<number, Content>();
  readonly #underWay = new Set<Write>();
  #lockedBy: Process | undefined;
  #opened = 0;

  constructor(chance: Chance) {
    this.#chance = chance;
  }

  /** As a process uses it. */
  of(process: Process): Disk {
    const pause = () => process.clock.sleep(0.1 + process.clock.random() * 2);
    return {
      files: this.#files(process, pause),
      append: async (fd, bytes, position) => {
        const write: Write = { content: this.#contentOf(fd), bytes: Uint8Array.from(bytes), position };
        this.#underWay.add(write);
        await pause();
        this.#underWay.delete(write);
        if (this.state !== 'well') {
          this.#put(write, this.#chance.below(bytes.length + 1));
          throw Object.assign(new Error('ENOSPC: no space left on device, write'), {
            code: 'ENOSPC',
            syscall: 'write',
          });
        }
        this.#put(write, bytes.length);
        write.content.durable = write.content.bytes;
      },
      truncate: async (fd, length) => {
        await pause();
        if (this.state === 'broken')
          throw Object.assign(new Error('EIO: i/o error, ftruncate'), { code: 'EIO', syscall: 'ftruncate' });
        const content = this.#contentOf(fd);
        content.bytes = content.bytes.subarray(0, length);
        content.durable = content.bytes;
      },
    };
  }

  /** The process has died: what it was writing is written in part. */
  end(process: Process): void {
    for (const write of this.#underWay) this.#put(write, this.#chance.below(write.bytes.length + 1));
    this.#underWay.clear();
    if (this.#lockedBy === process) this.#lockedBy = undefined;
  }

  /** The machine has lost its power: what was not flushed is lost, or is there in part. */
  losePower(): void {
    this.#names = new Map(this.#chance.pick(this.#unflushed));
    this.#unflushed = [new Map(this.#names)];
    for (const content of new Set(this.#names.values())) {
      const { bytes, durable } = content;
      if (bytes === durable) continue;
      const more = this.#chance.below(Math.max(bytes.length - durable.length, 0) + 1);
      const torn = Buffer.concat([durable, bytes.subarray(durable.length, durable.length + more)]);
      // A file system can leave room for what it has not written.
      if (this.#chance.below(3) === 0) torn.fill(0, durable.length);
      content.bytes = torn;
      content.durable = torn;
    }
  }

  #files(process: Process, pause: () => Promise<void>): Files {
    return {
      make: pause,
      names: async (folder) => {
        await pause();
        const inside = [...this.#names.keys()].filter((path) => path.startsWith(`${folder}/`));
        return inside.map((path) => path.slice(folder.length + 1));
      },
      create: async (path, write) => {
        const content: Content = { bytes: Buffer.alloc(0), durable: Buffer.alloc(0) };
        this.#change((names) => names.set(`${path}.tmp`, content));
        const sink: Sink = {
          writeFile: async (bytes) => {
            await pause();
            if (this.state !== 'well') throw Object.assign(new Error('ENOSPC'), { code: 'ENOSPC', syscall: 'write' });
            content.bytes = Buffer.concat([content.bytes, bytes]);
          },
        };
        try {
          await write(sink);
          await pause();
          content.durable = content.bytes;
          this.#change((names) => {
            names.delete(`${path}.tmp`);
            names.set(path, content);
          });
        } catch (error) {
          this.#change((names) => names.delete(`${path}.tmp`));
          throw error;
        }
        await pause();
        this.#flush();
      },
      remove: async (_, paths) => {
        for (const path of paths) {
          this.#change((names) => names.delete(path));
          await pause();
        }
        this.#flush();
      },
      open: async (path) => {
        await pause();
        const fd = ++this.#opened;
        this.#open.set(fd, this.#at(path));
        return { fd, close: async () => void this.#open.delete(fd) };
      },
      read: (path) => {
        const { bytes } = this.#at(path);
        return {
          size: bytes.length,
          read: (into, offset, length, position) =>
            bytes.copy(into, offset, position, Math.min(position + length, bytes.length)),
          close: () => {},
        };
      },
      lock: async (path) => {
        await pause();
        if (this.#lockedBy !== undefined)
          throw new LimpetError('LOCKED', `another process has ${path}`, { file: path });
        this.#lockedBy = process;
        return {
          release: async () => {
            this.#lockedBy = undefined;
          },
        };
      },
    };
  }

  #contentOf(fd: number): Content {
    const content = this.#open.get(fd);
    if (content === undefined) throw new Error(`EBADF: ${fd} is not open`);
    return content;
  }

  #at(path: string): Content {
    const content = this.#names.get(path);
    if (content === undefined) throw Object.assign(new Error(`ENOENT: ${path}`), { code: 'ENOENT', syscall: 'open' });
    return content;
  }

  #change(change: (names: Names) => unknown): void {
    change(this.#names);
    this.#unflushed.push(new Map(this.#names));
  }

  #flush(): void {
    this.#unflushed = [new Map(this.#names)];
  }

  #put({ content, bytes, position }: Write, count: number): void {
    const length = Math.max(content.bytes.length, position + count);
    const whole = Buffer.alloc(length);
    content.bytes.copy(whole);
    whole.set(bytes.subarray(0, count), position);
    content.bytes = whole;
  }
}
