// A first look through a task list: which networks its tasks are on. Only that; the rebuild judges every record,
// and the text itself, so what cannot be read here is passed over.

import { kindOfList, type ListKind } from '../docker/kinds.js';
import { joined, type Network, networksOfTask } from '../docker/network-list.js';

const LONGEST_RECORD = 16 * 1024 * 1024;

export interface Survey {
  /** Networks by ID, as the tasks tell them. */
  readonly networks: ReadonlyMap<string, Network>;
  /** Records looked at. */
  readonly records: number;
  /** There are compact records: they carry no network, so all of them count. */
  readonly compact: boolean;
  /** What the list is, as far as its first records tell. */
  readonly kind?: ListKind;
}

/** Looks through a list until `enough` says so; the survey passed to it is the running one. */
export async function survey(chunks: AsyncIterable<Uint8Array>, enough: (survey: Survey) => boolean): Promise<Survey> {
  const networks = new Map<string, Network>();
  const seen: { -readonly [K in keyof Survey]: Survey[K] } = { networks, records: 0, compact: false };
  for await (const text of recordTexts(chunks)) {
    const record = parsed(text);
    seen.records += 1;
    const kind = seen.kind ?? kindOfList([record]);
    if (kind !== undefined) seen.kind = kind;
    if (typeof record === 'object' && record !== null && 'identity' in record) seen.compact = true;
    for (const network of networksOfTask(record)) networks.set(network.id, joined(networks.get(network.id), network));
    if (enough(seen)) break;
  }
  return seen;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // the rebuild reports it
  }
}

/** The texts of the objects in a JSON array, or the lines of NDJSON, whichever the first character says. */
async function* recordTexts(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let take: ((rest: string) => { texts: string[]; rest: string }) | undefined;
  let rest = '';
  for await (const chunk of chunks) {
    rest += decoder.decode(chunk, { stream: true });
    if (take === undefined) {
      const first = rest.trimStart()[0];
      if (first === undefined) continue;
      take = first === '[' ? objectCutter() : cutLines;
    }
    const cut = take(rest);
    yield* cut.texts;
    rest = cut.rest;
    if (rest.length > LONGEST_RECORD) return;
  }
  if (take === cutLines && rest.trim() !== '') yield rest;
}

function cutLines(text: string): { texts: string[]; rest: string } {
  const lines = text.split('\n');
  const rest = lines.pop() ?? '';
  return { texts: lines.filter((line) => line.trim() !== ''), rest };
}

const [QUOTE, BACKSLASH, OPEN, CLOSE] = ['"', '\\', '{', '}'].map((char) => char.charCodeAt(0));

/** Cuts out objects by their braces; goes on within a half-read one without looking at it again. */
function objectCutter(): (text: string) => { texts: string[]; rest: string } {
  let depth = 0;
  let inString = false;
  let at = 0;
  return (text) => {
    const texts: string[] = [];
    let start = 0;
    for (; at < text.length; at++) {
      const char = text.charCodeAt(at);
      if (inString) {
        if (char === BACKSLASH) at++;
        else if (char === QUOTE) inString = false;
      } else if (char === QUOTE) inString = true;
      else if (char === OPEN && depth++ === 0) start = at;
      else if (char === CLOSE && depth > 0 && --depth === 0) {
        texts.push(text.slice(start, at + 1));
        start = at + 1;
      }
    }
    at -= start; // one past the end when a chunk ends between a backslash and what it escapes
    return { texts, rest: text.slice(start) };
  };
}
