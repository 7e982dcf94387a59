// Looking into JSON of unknown shape: the few questions that services, networks and records all ask.

export type Json = Readonly<Record<string, unknown>>;

const LONGEST_QUOTE = 60;

/** True for an object that is neither null nor an array. */
export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Go's encoder writes an unset slice, map or pointer as null or leaves it out. */
export function isUnset(value: unknown): value is null | undefined {
  return value === undefined || value === null;
}

/** The value at a path of keys, or undefined as soon as one of them is not there. */
export function dig(value: unknown, ...keys: string[]): unknown {
  let at = value;
  for (const key of keys) {
    if (!isObject(at)) return undefined;
    at = at[key];
  }
  return at;
}

/** A short name for a value of the wrong shape; strings are quoted and cut, so that a message stays one line. */
export function describe(value: unknown): string {
  if (value === undefined) return 'missing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'string') {
    const text = value.length > LONGEST_QUOTE ? `${value.slice(0, LONGEST_QUOTE)}…` : value;
    return JSON.stringify(text);
  }
  return typeof value === 'object' ? 'an object' : String(value);
}
