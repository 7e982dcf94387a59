// Folders for tests of the file store: fresh ones, copies, and what they hold byte by byte.

import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';

/** A path in a folder of its own, removed when the tests have ended; nothing is there yet. */
export function freshFolder(parent = tmpdir()): string {
  const made = fs.mkdtempSync(join(parent, 'limpet-file-'));
  after(() => fs.rmSync(made, { recursive: true, force: true }));
  return join(made, 'store');
}

/** Every file's bytes by name. */
export function filesOf(folder: string): Record<string, Buffer> {
  return Object.fromEntries(
    fs
      .readdirSync(folder)
      .sort()
      .map((name) => [name, fs.readFileSync(join(folder, name))]),
  );
}

/** Makes the folder hold just these. */
export function putFiles(folder: string, files: Record<string, Buffer>): void {
  fs.mkdirSync(folder, { recursive: true });
  for (const name of fs.readdirSync(folder)) if (!(name in files)) fs.rmSync(join(folder, name));
  for (const [name, bytes] of Object.entries(files)) fs.writeFileSync(join(folder, name), bytes);
}

/** Where each record of a file begins, and where the last one ends. */
export function recordsOf(bytes: Buffer): number[] {
  const offsets = [28];
  for (let at = 28; at < bytes.length; offsets.push(at)) at += 12 + bytes.readUInt32LE(at);
  return offsets;
}
