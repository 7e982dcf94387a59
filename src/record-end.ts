// Finds where a record ends that is too long for the core's window. Goes on where it stopped, so that a record which
// comes in many pieces is looked at once.

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const NEWLINE = 0x0a;

export class RecordEnd {
  readonly #form: 'array' | 'lines';
  #at = 0;
  #depth = 0;
  #inString = false;

  constructor(form: 'array' | 'lines') {
    this.#form = form;
  }

  /** The record's length; 0 when it goes on after `bytes`, which hold it from its start; −1 when it is no object. */
  find(bytes: Uint8Array): number {
    if (this.#form === 'array') return this.#findClosing(bytes);
    const at = bytes.indexOf(NEWLINE, this.#at);
    this.#at = bytes.length;
    return at < 0 ? 0 : at;
  }

  #findClosing(bytes: Uint8Array): number {
    let at = this.#at;
    for (; at < bytes.length; at++) {
      const byte = bytes[at] as number;
      if (this.#inString) {
        if (byte === BACKSLASH) at++;
        else if (byte === QUOTE) this.#inString = false;
      } else if (byte === QUOTE) {
        this.#inString = true;
      } else if ((byte | 0x20) === 0x7b) {
        this.#depth++;
      } else if ((byte | 0x20) === 0x7d && --this.#depth === 0) {
        return at + 1;
      }
      if (this.#depth === 0 && !this.#inString) return -1;
    }
    this.#at = at;
    return 0;
  }
}
