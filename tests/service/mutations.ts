// Values as nobody would write them, made from one that is right: types swapped, fields gone or made up, numbers and
// nestings without measure, text that acts, bytes that are no text, halves.
import fc from 'fast-check';

type Path = readonly (string | number)[];

/** What takes the place of any part. */
const STRANGE: readonly unknown[] = [
  null,
  true,
  false,
  0,
  -1,
  0.5,
  2 ** 53,
  1e300,
  '',
  'x',
  '10.0.0.300',
  '10.0.0.0/33',
  '::ffff:10.0.0.1',
  '../../etc',
  '__proto__',
  '\u202e\u001b[2J\u0000',
  '\ud800',
  'x'.repeat(300),
  'é'.repeat(128),
  [],
  [[]],
  {},
  { toString: 1 },
  [null, 7],
];

/** Fields that another release, or somebody who knows JavaScript, could add. */
const MADE_UP = ['__proto__', 'constructor', 'toString', 'then', 'version', 'lease', 'after', 'released', ''];

/** Takes the place of a number or a text in JSON, where JSON.stringify cannot say it. */
const RAW = ['1e999', '-0', '1'.repeat(400), '['.repeat(20_000) + ']'.repeat(20_000), '{"a":'.repeat(5_000)];

/** Bytes made from the value; of a tenth of them nothing but the bytes is left. */
export function mutated(value: unknown): fc.Arbitrary<Buffer> {
  const text = JSON.stringify(value) ?? '';
  const paths = [...pathsOf(value)];
  const path = fc.constantFrom(...paths);
  const objects = paths.filter((each) => isObject(at(value, each)));
  const json = (changed: unknown) => Buffer.from(JSON.stringify(changed) ?? '');
  return fc.oneof(
    fc.tuple(path, fc.constantFrom(...STRANGE)).map(([where, strange]) => json(put(value, where, strange))),
    path.map((where) => json(without(value, where))),
    fc.tuple(path, fc.constantFrom(...RAW)).map(([where, raw]) => {
      const marked = JSON.stringify(put(value, where, '\u0001raw')) ?? '';
      return Buffer.from(marked.replace('"\\u0001raw"', raw));
    }),
    fc.nat(text.length).map((end) => Buffer.from(text.slice(0, end))),
    fc.tuple(fc.nat(text.length), fc.constantFrom(0xff, 0xc0, 0x80, 0x00)).map(([where, byte]) => {
      const bytes = Buffer.from(text);
      return Buffer.concat([bytes.subarray(0, where), Buffer.of(byte), bytes.subarray(where)]);
    }),
    fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
    fc.constantFrom(...STRANGE).map(json),
    ...(objects.length === 0
      ? []
      : [
          fc
            .tuple(fc.constantFrom(...objects), fc.constantFrom(...MADE_UP), fc.constantFrom(...STRANGE))
            .map(([where, name, strange]) => Buffer.from(added(value, where, name, strange))),
          fc.tuple(fc.constantFrom(...objects), fc.constantFrom(...STRANGE)).map(([where, strange]) => {
            const [name = 'x'] = Object.keys(at(value, where) as object); // there twice: the last one counts
            return Buffer.from(added(value, where, name, strange));
          }),
        ]),
  );
}

function* pathsOf(value: unknown, path: Path = []): Generator<Path> {
  yield path;
  if (typeof value !== 'object' || value === null) return;
  for (const [name, each] of Object.entries(value))
    yield* pathsOf(each, [...path, Array.isArray(value) ? Number(name) : name]);
}

function at(value: unknown, path: Path): unknown {
  return path.reduce((each: any, name) => each[name], value);
}

function put(value: unknown, path: Path, other: unknown): unknown {
  if (path.length === 0) return other;
  const copy: any = structuredClone(value);
  (at(copy, path.slice(0, -1)) as any)[path.at(-1) as string] = other;
  return copy;
}

function without(value: unknown, path: Path): unknown {
  if (path.length === 0) return undefined;
  const copy: any = structuredClone(value);
  const within = at(copy, path.slice(0, -1)) as any;
  if (Array.isArray(within)) within.splice(path.at(-1) as number, 1);
  else delete within[path.at(-1) as string];
  return copy;
}

/** As text: an object has each field once, and no `__proto__`. */
function added(value: unknown, path: Path, name: string, other: unknown): string {
  const fields = JSON.stringify(at(value, path)) ?? '{}';
  const more = `{${JSON.stringify(name)}:${JSON.stringify(other)}`;
  const changed = `${more}${fields === '{}' ? '}' : `,${fields.slice(1)}`}`;
  return (JSON.stringify(put(value, path, '\u0001raw')) ?? '').replace('"\\u0001raw"', () => changed);
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
