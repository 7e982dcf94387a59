// Reads what script.ts wrote. The identities are made strings of their own, not slices that keep the whole text alive.

import { readFileSync } from 'node:fs';
import type { Case } from './script.js';

export interface Script extends Pick<Case, 'name' | 'kind' | 'prefix' | 'setUp' | 'operations' | 'full'> {
  readonly names: readonly string[];
  /** Of the identities, when they are to be restored. */
  readonly ordinals: Uint32Array;
  /** What the slots of churn hold at first. */
  readonly slots: Uint32Array;
  /** One for each operation: a slot or the number of an identity. */
  readonly args: Uint32Array;
}

export function readScript(path: string): Script {
  const lines = readFileSync(path, 'latin1').split('\n');
  const header = JSON.parse(lines[0] as string) as Case & { slots: number };
  const names: string[] = [];
  const ordinals = new Uint32Array(header.identities);
  let at = 1;
  for (let i = 0; i < header.identities; i++) {
    const [name, ordinal] = (lines[at++] as string).split(' ') as [string, string];
    names.push(Buffer.from(name, 'latin1').toString('latin1'));
    ordinals[i] = Number(ordinal);
  }
  const slots = Uint32Array.from(lines.slice(at, at + header.slots), Number);
  at += header.slots;
  const args = Uint32Array.from(lines.slice(at, at + header.operations), Number);
  if (args.length !== header.operations) throw new Error(`${path} is cut off`);
  return { ...header, names, ordinals, slots, args };
}
