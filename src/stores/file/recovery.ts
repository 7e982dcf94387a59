// Reads a folder's whole state: the newest snapshot, then every journal from its generation on. Changes nothing on
// disk.

import { join } from 'node:path';
import type { StoreListener } from '../../service/store.js';
import { type Body, readBody } from '../values.js';
import { damaged, isRefusal } from './failure.js';
import type { Folder } from './folder.js';
import type { FileKind } from './format.js';
import { RecordReader } from './records.js';
import { readSnapshot } from './snapshot.js';

export interface Recovered {
  /** The generation of the newest journal, and how much of it is whole; undefined in a folder without any. */
  readonly newest?: { readonly generation: number; readonly length: number };
  /** Bytes in journals that no snapshot covers. */
  readonly journaled: number;
  /** Commits that were read from them. */
  readonly commits: number;
  readonly torn?: { readonly file: string; readonly offset: number; readonly bytes: number };
  /** Files that are of no use any more. */
  readonly stale: readonly string[];
}

/**
 * Tells the state to the listener. Reads synchronously: nothing else can be done before it is known anyhow.
 * @throws LimpetError DAMAGED
 */
export async function recover(folder: Folder, listener: StoreListener): Promise<Recovered> {
  const { journals, snapshots, temporary } = await folder.list();
  const base = snapshots.at(-1) ?? 0;
  const first = Math.max(base, 1);
  const last = Math.max(journals.at(-1) ?? 0, base);
  const stale = [
    ...temporary.map((name) => join(folder.path, name)),
    ...journals.filter((each) => each < first).map((each) => folder.file('journal', each)),
    ...snapshots.filter((each) => each < base).map((each) => folder.file('snapshot', each)),
  ];
  if (base > 0) read(folder, 'snapshot', base, (reader) => readSnapshot(reader, listener));
  let [journaled, commits, length] = [0, 0, 0];
  let torn: Recovered['torn'];
  for (let generation = first; generation <= last; generation++) {
    if (!journals.includes(generation)) throw damaged(folder.file('journal', generation), 0, 'the file is missing');
    read(folder, 'journal', generation, (reader) => {
      if (generation > first && reader.header.previous !== length) {
        const before = folder.file('journal', generation - 1);
        throw damaged(before, length, `it was ${reader.header.previous} bytes long when the next journal took over`);
      }
      commits += readJournal(reader, listener);
      length = reader.end;
      journaled += length;
      if (length === reader.size) return;
      torn = { file: reader.path, offset: length, bytes: reader.size - length };
      if (generation < last) throw damaged(reader.path, length, 'its last record is torn, but another journal follows');
    });
  }
  const known = { journaled, commits, stale };
  return { ...known, ...(last > 0 && { newest: { generation: last, length } }), ...(torn && { torn }) };
}

function readJournal(reader: RecordReader, listener: StoreListener): number {
  for (let commits = 0; ; commits++) {
    const body = reader.next();
    if (body === undefined) return commits;
    const commit = readBody(body);
    if ('wrong' in commit) throw damaged(reader.path, reader.offset, `the record is not a commit: ${commit.wrong}`);
    tell(commit.value, listener, reader);
  }
}

/** What the core refuses was never answered by it: the file says something else than was written. */
function tell(body: Body, listener: StoreListener, reader: RecordReader): void {
  try {
    if ('node' in body) listener.introduced(body.node);
    else for (const change of body.changes) listener.apply(body.subnet, change);
  } catch (error) {
    if (!isRefusal(error)) throw error;
    throw damaged(reader.path, reader.offset, `what the record says cannot be: ${error.message}`, { cause: error });
  }
}

function read(folder: Folder, kind: FileKind, generation: number, use: (reader: RecordReader) => void): void {
  const path = folder.file(kind, generation);
  const source = folder.files.read(path);
  try {
    use(new RecordReader(source, path, kind, generation));
  } finally {
    source.close();
  }
}
