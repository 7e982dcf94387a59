// Replaces the body of one exported function of a wasm module: how tests come by a core that traps, or speaks another
// ABI. Knows only as much of the format as that takes.

const IMPORT = 2;
const EXPORT = 7;
const CODE = 10;
const FUNCTION = 0;

/** Without locals; `unreachable`, then `end`. */
export const TRAP = [0x00, 0x00, 0x0b];

/** A body that answers a small number: `i32.const`, `end`. */
export function answering(number: number): number[] {
  return [0x00, 0x41, number & 0x3f, 0x0b];
}

export function patched(module: Uint8Array, name: string, body: number[]): Uint8Array<ArrayBuffer> {
  const sections = readSections(module);
  if (sections.some(({ id }) => id === IMPORT)) throw new Error('imported functions would shift the indices');
  const index = exportedFunctions(sections.find(({ id }) => id === EXPORT)!.content).get(name);
  if (index === undefined) throw new Error(`${name} is not exported`);
  const bytes = [...module.subarray(0, 8)];
  for (const { id, content } of sections) {
    const written = id === CODE ? withBody(content, index, body) : [...content];
    bytes.push(id, ...unsigned(written.length));
    for (const byte of written) bytes.push(byte);
  }
  return Uint8Array.from(bytes);
}

function readSections(module: Uint8Array): { id: number; content: Uint8Array }[] {
  const reader = new Reader(module, 8);
  const sections = [];
  while (!reader.done) sections.push({ id: reader.byte(), content: reader.take(reader.unsigned()) });
  return sections;
}

function exportedFunctions(content: Uint8Array): Map<string, number> {
  const reader = new Reader(content);
  const found = new Map<string, number>();
  for (let count = reader.unsigned(); count > 0; count--) {
    const name = new TextDecoder().decode(reader.take(reader.unsigned()));
    const kind = reader.byte();
    const index = reader.unsigned();
    if (kind === FUNCTION) found.set(name, index);
  }
  return found;
}

function withBody(content: Uint8Array, index: number, body: number[]): number[] {
  const reader = new Reader(content);
  const count = reader.unsigned();
  const written = unsigned(count);
  for (let i = 0; i < count; i++) {
    const own = reader.take(reader.unsigned());
    const next = i === index ? body : own;
    written.push(...unsigned(next.length));
    for (const byte of next) written.push(byte);
  }
  return written;
}

/** LEB128. */
function unsigned(number: number): number[] {
  return number < 0x80 ? [number] : [(number & 0x7f) | 0x80, ...unsigned(number >>> 7)];
}

class Reader {
  constructor(
    private readonly bytes: Uint8Array,
    private at = 0,
  ) {}

  get done(): boolean {
    return this.at >= this.bytes.length;
  }

  byte(): number {
    return this.bytes[this.at++]!;
  }

  take(length: number): Uint8Array {
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }

  unsigned(): number {
    const byte = this.byte();
    return byte < 0x80 ? byte : (byte & 0x7f) + this.unsigned() * 0x80;
  }
}
