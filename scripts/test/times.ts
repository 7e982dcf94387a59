// How long each test file took the last time, so that the long ones begin first.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

const FILE = 'node_modules/.cache/limpet/test-times.json';

/** Milliseconds by suite and file. */
export type Times = Record<string, number>;

export function readTimes(): Times {
  try {
    return JSON.parse(readFileSync(FILE, 'utf8'));
  } catch {
    return {};
  }
}

export function writeTimes(times: Times): void {
  mkdirSync(dirname(FILE), { recursive: true });
  writeFileSync(FILE, JSON.stringify(times));
}
