// What a visitor dropped or pasted: which of Docker's lists it is, or why it is none. Nothing is kept here, nothing
// shown.

import type { Scenario } from 'limpet/simulator';
import { kindOfList } from 'limpet/swarm';

/** Input that cannot be used; the message says which and why. */
export class Unusable extends Error {
  override readonly name = 'Unusable';
}

export type Piece =
  | { readonly kind: 'tasks'; readonly name: string; readonly bytes: Uint8Array; readonly records: readonly unknown[] }
  | { readonly kind: 'services' | 'networks'; readonly name: string; readonly list: readonly unknown[] }
  | { readonly kind: 'scenario'; readonly name: string; readonly scenario: Scenario };

/**
 * Finds out what some bytes are: an array of JSON, or one record a line.
 * @param name for messages: a file's name, or `the pasted text`
 * @throws Unusable
 */
export function readPiece(name: string, bytes: Uint8Array): Piece {
  const text = decode(name, bytes);
  if (text.trim() === '') throw new Unusable(`${name} is empty`);
  const value = parse(name, text);
  if (!Array.isArray(value)) return readObject(name, value);
  if (value.length === 0) throw new Unusable(`${name} is an empty list: there is nothing to rebuild from`);
  const kind = kindOfList(value);
  if (kind === 'tasks') return { kind, name, bytes: new TextEncoder().encode(text), records: value };
  if (kind === 'services' || kind === 'networks') return { kind, name, list: value };
  const first = value.find(isObject);
  const seen = kind
    ? `${kind}, it seems`
    : first === undefined
      ? 'no objects'
      : `objects with ${Object.keys(first).slice(0, 4).join(', ') || 'nothing in them'}`;
  throw new Unusable(`${name} is a list of ${seen}: not what GET /tasks, /services or /networks answers`);
}

function readObject(name: string, value: unknown): Piece {
  if (isObject(value) && Array.isArray(value.events)) {
    return { kind: 'scenario', name, scenario: value as unknown as Scenario };
  }
  if (isObject(value) && kindOfList([value]) === 'tasks')
    return { kind: 'tasks', name, bytes: new TextEncoder().encode(`[${JSON.stringify(value)}]`), records: [value] };
  const said = isObject(value) && typeof value.message === 'string' ? `; it says “${value.message.slice(0, 120)}”` : '';
  const what = isObject(value) ? 'one object' : 'a single value';
  throw new Unusable(`${name} holds ${what} and not the list that GET /tasks answers${said}`);
}

function decode(name: string, bytes: Uint8Array): string {
  const [a, b] = bytes;
  if ((a === 0xff && b === 0xfe) || (a === 0xfe && b === 0xff))
    throw new Unusable(`${name} is UTF-16: save it as UTF-8`);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new Unusable(`${name} is not text: it is not UTF-8`);
  }
}

function parse(name: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const lines = text.split('\n').filter((line) => line.trim() !== '');
    const records = lines.map(parsedLine);
    if (lines.length > 1 && records.some(isObject)) return records;
    throw new Unusable(`${name} is not JSON: ${(error as Error).message}`);
  }
}

/** A bad line among good ones is the rebuild's affair: it reports it. */
function parsedLine(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
