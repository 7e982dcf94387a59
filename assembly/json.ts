// Walks over JSON text without building anything. Unlike a parser it reads only what it is asked for: what is skipped
// is checked for balanced brackets and closed strings, not for grammar. It gives up rather than guess (see ODD).
//
// Positions are addresses; two small values that no address has say why there is none. The text must be followed by
// eight zero bytes: a zero ends every loop, so that the hot ones need not compare with the end.

/** The text ends before the value does. */
export const CUT: usize = 0;
/** Something that the scanner does not understand: the host reads this record. */
export const ODD: usize = 1;

export const QUOTE: u32 = 0x22;
export const COMMA: u32 = 0x2c;
export const COLON: u32 = 0x3a;
export const OPEN_OBJECT: u32 = 0x7b;
export const CLOSE_OBJECT: u32 = 0x7d;
export const OPEN_ARRAY: u32 = 0x5b;
export const CLOSE_ARRAY: u32 = 0x5d;
const BACKSLASH: u32 = 0x5c;
const NEWLINE: u32 = 0x0a;
const SPACE: u32 = 0x20;

const ONES: u64 = 0x0101010101010101;
const HIGHS: u64 = 0x8080808080808080;

/** Where the text ends, and what the last calls found beside a position. */
export abstract class Text {
  static end: usize = 0;
  /** Whether a line break ends a record, so that none may stand inside. */
  static lines: bool = false;
  /** The key of the last member, or the last string; without its quotes. */
  static from: usize = 0;
  static length: u32 = 0;
  static number: u64 = 0;
  /** The last member or item was the end of its object or array. */
  static closed: bool = false;

  /** As skipSpace, inline: nearly always there is none. */
  @inline
  static skip(at: usize): usize {
    return <u32>load<u8>(at) > SPACE ? at : skipSpace(at);
  }
}

/** Why there is no position: the text is over, or what stands here is not understood. */
export function fail(at: usize): usize {
  return at >= Text.end ? CUT : ODD;
}

export function skipSpace(at: usize): usize {
  while (true) {
    const c = <u32>load<u8>(at);
    if (c > SPACE) return at;
    if (c != SPACE && c != NEWLINE && c != 0x0d && c != 0x09) return at;
    if (c == NEWLINE && Text.lines) return at;
    at++;
  }
}

/** From the first byte of a string to its closing quote, eight bytes at a time. */
export function stringEnd(at: usize): usize {
  while (true) {
    const word = load<u64>(at);
    const quote = word ^ (ONES * QUOTE);
    const backslash = word ^ (ONES * BACKSLASH);
    // The lowest high bit marks the first byte that is a quote, a backslash or a control character.
    const marks =
      (((quote - ONES) & ~quote) | ((backslash - ONES) & ~backslash) | ((word - ONES * SPACE) & ~word)) & HIGHS;
    if (!marks) {
      at += 8;
      continue;
    }
    at += <usize>(ctz(marks) >> 3);
    const c = <u32>load<u8>(at);
    if (c == QUOTE) return at;
    if (c != BACKSLASH) return fail(at);
    // A control character is never escaped like this: a line break still ends its line, a zero the text.
    if (<u32>load<u8>(++at) < SPACE) return fail(at);
    at++;
  }
}

/** From anywhere in a line to the break that ends it. */
export function lineEnd(at: usize): usize {
  for (; at < Text.end; at++) if (load<u8>(at) == NEWLINE) return at;
  return CUT;
}

/** From any value to the byte after it. */
export function skipValue(at: usize): usize {
  const c = <u32>load<u8>(at);
  if (c == QUOTE) {
    const end = stringEnd(at + 1);
    return end > ODD ? end + 1 : end;
  }
  if (c == OPEN_OBJECT || c == OPEN_ARRAY) return skipNested(at);
  const from = at;
  while (true) {
    const d = <u32>load<u8>(at);
    if (d <= SPACE || d == COMMA || (d | 0x20) == CLOSE_OBJECT) return at > from && d ? at : fail(at);
    if (d == QUOTE || d == COLON || (d | 0x20) == OPEN_OBJECT) return ODD;
    at++;
  }
}

/** From the opening bracket of an object or array to the byte after the one that closes it. */
function skipNested(at: usize): usize {
  // One bit for each open bracket, 1 for an object, above a guard.
  let open: u64 = 1;
  while (true) {
    const c = <u32>load<u8>(at);
    if (c == QUOTE) {
      at = stringEnd(at + 1);
      if (at <= ODD) return at;
    } else if ((c | 0x20) == OPEN_OBJECT) {
      if (open >> 63) return ODD;
      open = (open << 1) | ((c >> 5) & 1);
    } else if ((c | 0x20) == CLOSE_OBJECT) {
      if ((open & 1) != ((c >> 5) & 1)) return ODD;
      open >>= 1;
      if (open == 1) return at + 1;
    } else if (c < SPACE) {
      if (c == 0 || (c == NEWLINE && Text.lines)) return fail(at);
    }
    at++;
  }
}

/** A plain string: ASCII without escapes, into Text; anything else is odd. Answers the byte after it. */
export function readString(at: usize): usize {
  if (load<u8>(at) != QUOTE) return fail(at);
  Text.from = ++at;
  while (true) {
    const word = load<u64>(at);
    const quote = word ^ (ONES * QUOTE);
    const backslash = word ^ (ONES * BACKSLASH);
    // As in stringEnd; besides, bytes from 0x7f on, by their own high bit or by that of the byte after them.
    const marks =
      (((quote - ONES) & ~quote) |
        ((backslash - ONES) & ~backslash) |
        ((word - ONES * SPACE) & ~word) |
        word |
        (word + ONES)) &
      HIGHS;
    if (!marks) {
      at += 8;
      continue;
    }
    at += <usize>(ctz(marks) >> 3);
    if (<u32>load<u8>(at) != QUOTE) return fail(at);
    break;
  }
  Text.length = <u32>(at - Text.from);
  return at + 1;
}

/** A whole number of up to 15 digits, into Text; anything else is odd. Answers the byte after it. */
export function readNumber(at: usize): usize {
  const from = at;
  let number: u64 = 0;
  while (true) {
    const digit = <u32>load<u8>(at) - 0x30;
    if (digit > 9) break;
    number = number * 10 + digit;
    at++;
  }
  const c = <u32>load<u8>(at);
  if (c == 0) return fail(at);
  if (at == from || at - from > 15 || (load<u8>(from) == 0x30 && at - from > 1)) return ODD;
  if (c > SPACE && c != COMMA && (c | 0x20) != CLOSE_OBJECT) return ODD;
  Text.number = number;
  return at;
}

/**
 * To the value of the next member of an object, its key in Text; or, with Text.closed, to the byte after the object.
 * `expected` is OPEN_OBJECT before the first member and COMMA before the others.
 */
export function nextMember(at: usize, expected: u32): usize {
  at = nextItem(at, expected, CLOSE_OBJECT);
  if (at <= ODD || Text.closed) return at;
  at = readString(at);
  if (at <= ODD) return at;
  at = Text.skip(at);
  if (load<u8>(at) != COLON) return fail(at);
  return Text.skip(at + 1);
}

/**
 * To the next item of an array (or member of an object), or, with Text.closed, to the byte after the closing bracket.
 */
export function nextItem(at: usize, expected: u32, close: u32): usize {
  at = Text.skip(at);
  const c = <u32>load<u8>(at);
  Text.closed = c == close && expected == COMMA;
  if (Text.closed) return at + 1;
  if (c != expected) return fail(at);
  at = Text.skip(at + 1);
  if (load<u8>(at) != close) return at;
  // An empty object or array; after a comma a closing bracket is an error.
  Text.closed = expected != COMMA;
  return Text.closed ? at + 1 : ODD;
}
