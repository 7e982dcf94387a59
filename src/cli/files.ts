// Reading what the options name: small lists whole, task lists in chunks that can be gone through twice.

import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { Failure } from './failure.js';

/** The file name that means standard input. */
export const STDIN = '-';

/** A task list. */
export interface TaskFile {
  /** For messages. */
  readonly name: string;
  /** From the first byte on; can be called twice. */
  chunks(): AsyncIterable<Uint8Array>;
  /** How much of it this pass has read, for people: `tasks.json, 120 of 300 MB`. */
  seen(): string;
}

/**
 * Opens a task list without reading it. A regular file is read again on each pass; a pipe gives its bytes only once,
 * so that the part that was read is kept.
 */
export async function openTasks(path: string): Promise<TaskFile> {
  const name = nameOf(path);
  if (path !== STDIN) {
    const found = await reading(name, () => stat(path));
    if (found.isDirectory()) throw new Failure(`${name} is a directory, not a file`);
    if (found.isFile())
      return taskFile(name, found.size, (read) => checked(name, tallied(createReadStream(path), read)));
  }
  const source = path === STDIN ? process.stdin : createReadStream(path);
  return taskFile(name, undefined, replayable(name, source));
}

/** Told of every chunk, as it comes from where the list is. */
type Tally = (bytes: number) => void;

function taskFile(
  name: string,
  size: number | undefined,
  chunks: (read: Tally) => AsyncIterable<Uint8Array>,
): TaskFile {
  let done = 0;
  const begin = () => {
    done = 0;
    return chunks((bytes) => {
      done += bytes;
    });
  };
  const megabytes = (bytes: number) => Math.ceil(bytes / 1e6);
  const whole = size === undefined ? '' : ` of ${megabytes(size)}`;
  return { name, chunks: begin, seen: () => `${name}, ${megabytes(done)}${whole} MB` };
}

async function* tallied(stream: AsyncIterable<Uint8Array>, read: Tally): AsyncGenerator<Uint8Array> {
  for await (const chunk of stream) {
    read(chunk.length);
    yield chunk;
  }
}

/** A whole file as JSON. @throws Failure naming the file. */
export async function readJson(path: string): Promise<unknown> {
  const name = nameOf(path);
  const chunks: Uint8Array[] = [];
  const stream = path === STDIN ? process.stdin : createReadStream(path);
  for await (const chunk of checked(name, stream)) chunks.push(chunk);
  const text = await reading(name, () => new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks)));
  if (text.trim() === '') throw new Failure(`${name} is empty`);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Failure(`${name} is not JSON: ${(error as Error).message}`);
  }
}

export function nameOf(path: string): string {
  return path === STDIN ? 'standard input' : path;
}

async function* checked(name: string, stream: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const chunks = unpacked(stream)[Symbol.asyncIterator]();
  let first = true;
  try {
    while (true) {
      const { value, done } = await reading(name, () => chunks.next());
      if (done) return;
      if (first) yield* stripped(name, value);
      else yield value;
      first = false;
    }
  } finally {
    await chunks.return?.(); // closes a file that was not read to its end
  }
}

/** What is compressed with gzip, as it was before (RFC 1952). */
async function* unpacked(stream: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, void> {
  const chunks = stream[Symbol.asyncIterator]();
  const first = await chunks.next();
  const all = async function* (): AsyncGenerator<Uint8Array> {
    for (let each = first; !each.done; each = await chunks.next()) yield each.value;
  };
  const isGzip = !first.done && first.value[0] === 0x1f && first.value[1] === 0x8b;
  yield* isGzip ? (Readable.from(all()).pipe(createGunzip()) as AsyncIterable<Uint8Array>) : all();
}

/** The first chunk without a byte order mark. Windows shells write one, and sometimes UTF-16. */
function* stripped(name: string, chunk: Uint8Array): Generator<Uint8Array> {
  const [a, b, c] = chunk;
  const wide = (a === 0xff && b === 0xfe) || (a === 0xfe && b === 0xff);
  if (wide) throw new Failure(`${name} is UTF-16; save it as UTF-8`);
  yield a === 0xef && b === 0xbb && c === 0xbf ? chunk.subarray(3) : chunk;
}

/** A source that can be begun once more: what had been read by then comes again, then the rest. */
function replayable(name: string, stream: AsyncIterable<Uint8Array>): (read: Tally) => AsyncIterable<Uint8Array> {
  let tell: Tally = () => {};
  const source = checked(
    name,
    tallied(stream, (bytes) => tell(bytes)),
  );
  const kept: Uint8Array[] = [];
  let passes = 0;
  return async function* chunks(read) {
    tell = read;
    passes += 1;
    for (const chunk of kept) {
      read(chunk.length);
      yield chunk;
    }
    while (true) {
      const { value, done } = await source.next();
      if (done) return;
      if (passes === 1) kept.push(value);
      yield value;
    }
  };
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  ENOTDIR: 'part of its path is not a directory',
  EISDIR: 'it is a directory',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  Z_DATA_ERROR: 'it is damaged gzip',
  Z_BUF_ERROR: 'its gzip ends too early',
  ERR_ENCODING_INVALID_ENCODED_DATA: 'it is not UTF-8',
};

async function reading<T>(name: string, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Failure) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    throw new Failure(`cannot read ${name}: ${REASONS[code ?? ''] ?? message}`);
  }
}
