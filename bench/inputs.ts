// What the cases work on. Everything is made from numbers, so that two runs work on the same.

import { readFileSync } from 'node:fs';

/** Identities of 27 bytes. */
export function identities(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `production-frontend.${String(i).padStart(7, '0')}`);
}

/** Ordinals 1 to `count` in an order that jumps about. */
export function shuffled(count: number): number[] {
  const ordinals = Array.from({ length: count }, (_, i) => i + 1);
  let seed = 1;
  for (let i = count - 1; i > 0; i--) {
    seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
    const j = seed % (i + 1);
    [ordinals[i], ordinals[j]] = [ordinals[j] as number, ordinals[i] as number];
  }
  return ordinals;
}

/** Packed records (docs/ABI.md) in pieces that fit the window; every third one reserved. */
export function packedRecords(names: readonly string[], ordinals: readonly number[]): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  let piece = Buffer.alloc(65536);
  let at = 0;
  for (const [i, name] of names.entries()) {
    if (at + 28 + name.length > piece.length) {
      pieces.push(piece.subarray(0, at));
      piece = Buffer.alloc(65536);
      at = 0;
    }
    piece.writeUInt32LE(ordinals[i] as number, at);
    piece.writeUInt32LE(i % 1000, at + 16);
    piece[at + 25] = i % 3 ? 1 : 0;
    piece[at + 27] = name.length;
    piece.write(name, at + 28, 'latin1');
    at += 28 + name.length;
  }
  pieces.push(piece.subarray(0, at));
  return pieces;
}

const dotted = (ordinal: number) => `10.${ordinal >>> 16}.${(ordinal >>> 8) & 255}.${ordinal & 255}`;

export function compactLines(names: readonly string[], ordinals: readonly number[]): Buffer {
  const lines = names.map((identity, i) =>
    JSON.stringify({ identity, address: dotted(ordinals[i] as number), state: 'live' }),
  );
  return Buffer.from(lines.join('\n'));
}

export interface Recording {
  readonly tasks: Buffer;
  readonly services: unknown;
  readonly network: string;
}

/**
 * The recorded tasks of a real service, multiplied by slot and address and grown to about 2.5 KB each by environment
 * variables.
 */
export function dockerTasks(count: number): Recording {
  const read = (file: string) =>
    JSON.parse(readFileSync(new URL(`../tests/fixtures/swarm/1-created/${file}`, import.meta.url), 'utf8'));
  const recorded = read('tasks.json').filter((task: { Slot?: number }) => task.Slot !== undefined);
  const network: string = recorded[0].NetworksAttachments[0].Network.ID;
  const own = recorded.filter((task: (typeof recorded)[0]) => task.NetworksAttachments[0].Network.ID === network);
  const tasks = Array.from({ length: count }, (_, i) => {
    const task = structuredClone(own[i % own.length]);
    task.Slot = i + 1;
    task.Spec.ContainerSpec.Env = Array.from({ length: 30 }, (_, n) => `SETTING_NUMBER_${n}=the value of it, ${i}`);
    task.NetworksAttachments[0].Addresses = [`${dotted(i + 1)}/8`];
    return task;
  });
  return { tasks: Buffer.from(JSON.stringify(tasks)), services: read('services.json'), network };
}
