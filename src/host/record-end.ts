// Finds where a record ends when the core does not: it is longer than the window, or nested too deep. Goes on where it
// stopped, so that a record which comes in many pieces is looked at once.

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const NEWLINE = 0x0a;
const OPENING = [QUOTE, 0x5b, 0x7b];

export class RecordEnd {
  readonly #form: 'array' | 'lines';
  #at = 0;
  #depth = 0;
  #inString = false;

  constructor(form: 'array' | 'lines') {
    this.#form = form;
  }

  /**
   * The record's length; 0 when it goes on after `bytes`, which hold it from its start; −1 when no value begins there.
   */
  find(bytes: Uint8Array): number {
    if (this.#form === 'array') return this.#findClosing(bytes);
    const at = bytes.indexOf(NEWLINE, this.#at);
    this.#at = bytes.length;
    return at < 0 ? 0 : at;
  }

  #findClosing(bytes: Uint8Array): number {
    let at = this.#at;
    if (at === 0 && !OPENING.includes(bytes[0] as number)) return -1;
    for (; at < bytes.length; at++) {
      const byte = bytes[at] as number;
      if (this.#inString) {
        if (byte === BACKSLASH) at++;
        else if (byte === QUOTE) {
          this.#inString = false;
          if (this.#depth === 0) return at + 1;
        }
      } else if (byte === QUOTE) {
        this.#inString = true;
      } else if ((byte | 0x20) === 0x7b) {
        this.#depth++;
      } else if ((byte | 0x20) === 0x7d && --this.#depth === 0) {
        return at + 1;
      }
    }
    this.#at = at;
    return 0;
  }
}
