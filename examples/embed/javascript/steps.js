// Runs a script on the core's plain ABI, in JavaScript for whatever has WebAssembly: the main files of ../node, ../bun
// and ../chromium differ only in how they come by files. Guide: docs/ABI.md; the form of a script: ../README.md.

/** Places in the memory: the area, the offset in it, and the size in bytes. */
const NUMBERS = { ordinal: [0, 16], time: [16, 8], state: [24, 4], length: [28, 4], position: [32, 4], end: [36, 4] };
const TEXTS = { identity: [64, 255], other: [320, 255] };
const AREAS = { io: [0, 576], window: [0, 65536] };
const PLACES = { ...NUMBERS, ...TEXTS, ...AREAS };

class Failed extends Error {}

function demand(condition, reason, kind = Error) {
  if (!condition) throw new kind(reason);
}

const compare = (what, expected, got) => demand(expected === got, `expected ${what} ${expected}, got ${got}`, Failed);

const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

/** The bytes that a value has in memory. */
function encode(place, value) {
  demand(Object.hasOwn(PLACES, place), `there is no place ${place}`);
  if (place in TEXTS) return new TextEncoder().encode(value);
  if (place in AREAS) {
    demand(/^([0-9a-f]{2})*$/i.test(value), `not hex: ${value}`);
    return Uint8Array.from(value.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
  }
  const size = PLACES[place][1];
  demand(/^\d{1,39}$/.test(value) && BigInt(value) >> BigInt(8 * size) === 0n, `${place} cannot be ${value}`);
  return Uint8Array.from({ length: size }, (_, at) => Number((BigInt(value) >> BigInt(8 * at)) & 255n));
}

/** The reverse. */
function decode(place, bytes) {
  if (place in TEXTS) return new TextDecoder().decode(bytes);
  if (place in AREAS) return hex(bytes);
  return bytes.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);
}

/** An instance of the core, and the numbers that the script has saved. */
class Host {
  saved = new Map();

  constructor(core, files) {
    Object.assign(this, { core, files });
    demand(core.abi_version() === 1, `version ${core.abi_version()} of the ABI is not known here`);
  }

  /** The memory of a place; a new view each time, for the memory may have grown. */
  view(place, size) {
    const [offset, most] = PLACES[place];
    demand(size <= most, `${place} has no ${size} bytes`);
    const area = place === 'window' ? this.core.window() : this.core.io();
    return new Uint8Array(this.core.memory.buffer, (area >>> 0) + offset, size);
  }

  /** A number that a step gives: itself, or the name that it was saved under. */
  number(given) {
    const value = typeof given === 'string' ? this.saved.get(given) : given;
    demand(Number.isInteger(value) && value >= -(2 ** 31) && value < 2 ** 32, `not a number of 32 bits: ${given}`);
    return value | 0;
  }

  call(name, args) {
    const called = Object.hasOwn(this.core, name) ? this.core[name] : undefined;
    demand(called?.length === args.length, `no call ${name} of ${args.length} arguments`);
    return called(...args.map((given) => this.number(given))) ?? 0;
  }

  /** The last status; CHANGED when there is a new subnet, whose number io.end says. */
  restore(snapshot) {
    let [left, taken, status] = [snapshot, 1, 0];
    this.core.restore_begin();
    for (; status === 0 && taken > 0; left = left.subarray(taken)) {
      const piece = left.subarray(0, AREAS.window[1]);
      this.view('window', piece.length).set(piece);
      status = this.core.restore_feed(piece.length);
      taken = Number(decode('position', this.view('position', 4)));
    }
    if (status === 0) this.core.restore_abort();
    return status;
  }

  snapshot() {
    const bytes = [];
    for (let size = this.core.snapshot_next(); size > 0; size = this.core.snapshot_next())
      for (const byte of this.view('window', size)) bytes.push(byte);
    return Uint8Array.from(bytes);
  }

  async step({ op, note, set = {}, name, args = [], subnet, file, same, save, expect = {}, ...more }) {
    demand(Object.keys(more).length === 0, `unknown fields: ${Object.keys(more)}`);
    for (const [place, value] of Object.entries(set)) {
      const bytes = encode(place, value);
      this.view(place, bytes.length).set(bytes);
    }
    if (op === 'call') this.result = this.call(name, args);
    else if (op === 'restore') this.result = this.restore(await this.files.read(file));
    else if (op === 'snapshot') this.result = this.call('snapshot_begin', [subnet]);
    else demand(false, `unknown op ${op}`);
    if (op === 'snapshot' && this.result === 0) {
      const bytes = this.snapshot();
      if (same !== undefined) compare('bytes', hex(await this.files.read(same)), hex(bytes));
      if (file !== undefined) await this.files.write(file, bytes);
    }
    if (save !== undefined)
      this.saved.set(save, op === 'restore' ? Number(decode('end', this.view('end', 4))) : this.result);
    const { result = this.result, ...places } = expect;
    compare('result', this.number(result), this.result);
    for (const [place, value] of Object.entries(places)) {
      const bytes = encode(place, value);
      compare(place, decode(place, bytes), decode(place, this.view(place, bytes.length)));
    }
  }
}

/** Runs a script: the exit code, and what to say. `files` has `read(name)` and `write(name, bytes)`. */
export async function run(module, script, files) {
  const { exports } = await WebAssembly.instantiate(module, {});
  const host = new Host(exports, files);
  let steps = 0;
  for (const [index, line] of script.split('\n').entries()) {
    if (line.trim() === '') continue;
    try {
      await host.step(JSON.parse(line));
      steps++;
    } catch (error) {
      const core = error instanceof Failed || error instanceof WebAssembly.RuntimeError;
      return { code: core ? 1 : 2, message: `line ${index + 1}: ${error.message}${core ? '' : `: ${line}`}` };
    }
  }
  return { code: steps > 0 ? 0 : 2, message: `${steps} steps hold` };
}
