// The folder of one run: everything that its nodes write, and a record of what was made outside of it, written before
// it is made, so that whoever finds the folder later can take it all down again.
import { mkdir, mkdtemp, readdir, readFile, rename, rm, rmdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { isAlive, kill, markOf, type ProcessMark } from './processes.js';
import { run } from './run.js';

const PREFIX = 'limpet-swarm-';
const CGROUPS = '/sys/fs/cgroup';

interface RunRecord {
  readonly runner: ProcessMark;
  /** The first process of each machine: all others of that machine end with it. */
  readonly processes: ProcessMark[];
  readonly namespaces: string[];
}

export class RunFolder {
  readonly path: string;
  /** Distinguishes this run's namespaces and cgroups from everybody else's. */
  readonly name: string;
  readonly #record: RunRecord;
  #writing: Promise<void> = Promise.resolve();
  #isClosed = false;

  private constructor(path: string, record: RunRecord) {
    this.path = path;
    this.name = basename(path);
    this.#record = record;
  }

  static async make(): Promise<RunFolder> {
    const path = await mkdtemp(join(tmpdir(), PREFIX));
    const folder = new RunFolder(path, { runner: markOf(process.pid), processes: [], namespaces: [] });
    await folder.#write();
    return folder;
  }

  /** A folder of its own for a node. */
  async sub(name: string): Promise<string> {
    const path = join(this.path, name);
    await mkdir(path, { recursive: true });
    return path;
  }

  /** @throws Error once the folder is closed */
  async namespace(name: string): Promise<string> {
    this.#demandOpen();
    const full = `${this.name}-${name}`;
    if (!this.#record.namespaces.includes(full)) this.#record.namespaces.push(full);
    await this.#write();
    return full;
  }

  /** @throws Error once the folder is closed, and the process is ended */
  async process(pid: number): Promise<ProcessMark> {
    const mark = markOf(pid);
    if (this.#isClosed) await kill(mark);
    this.#demandOpen();
    this.#record.processes.push(mark);
    await this.#write();
    return mark;
  }

  /** Ends every machine; nothing more is made. What is under way in them fails. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const mark of this.#record.processes) await kill(mark);
  }

  /** Takes down everything that this run made, and the folder. */
  async remove(): Promise<void> {
    await this.#writing;
    await takeDown(this.path, this.#record);
  }

  #demandOpen(): void {
    if (this.#isClosed) throw new Error(`${this.name} is being taken down`);
  }

  /** One write after the other, and never half a record. */
  #write(): Promise<void> {
    const text = JSON.stringify(this.#record);
    const file = recordOf(this.path);
    this.#writing = this.#writing.then(async () => {
      await writeFile(`${file}.new`, text);
      await rename(`${file}.new`, file);
    });
    return this.#writing;
  }
}

/** Takes down what runs left whose process is gone; answers their folders. Runs that are under way stay as they are. */
export async function removeLeftOvers(): Promise<string[]> {
  const removed: string[] = [];
  for (const name of await readdir(tmpdir())) {
    if (!name.startsWith(PREFIX)) continue;
    const path = join(tmpdir(), name);
    const record = await recordIn(path);
    if (record === undefined || isAlive(record.runner)) continue;
    await takeDown(path, record);
    removed.push(path);
  }
  return removed;
}

/** Undefined for a folder of that name that no run of ours has made. */
async function recordIn(path: string): Promise<RunRecord | undefined> {
  const text = await readFile(recordOf(path), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
    throw error;
  });
  return text === undefined ? undefined : JSON.parse(text);
}

const recordOf = (path: string) => join(path, 'record.json');

async function takeDown(path: string, record: RunRecord): Promise<void> {
  for (const mark of record.processes) await kill(mark);
  const there = new Set((await run('ip', ['netns', 'list'])).split('\n').map((line) => line.split(' ')[0]));
  for (const name of record.namespaces) if (there.has(name)) await run('ip', ['netns', 'delete', name]);
  await removeCgroups(basename(path));
  await rm(path, { recursive: true, force: true, maxRetries: 5 });
}

/** Docker leaves the cgroups of killed containers behind: folders without processes, one tree for each controller. */
async function removeCgroups(name: string): Promise<void> {
  const roots = [CGROUPS, ...(await folders(CGROUPS)).map((controller) => join(CGROUPS, controller))];
  for (const root of roots) if ((await folders(root)).includes(name)) await removeTree(join(root, name));
}

async function removeTree(path: string): Promise<void> {
  for (const child of await folders(path)) await removeTree(join(path, child));
  await rmdir(path);
}

async function folders(path: string): Promise<string[]> {
  const entries = await readdir(path, { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
}
