// Text as UTF-8: by the platform's coders, and where there are none (Jest's jsdom) by what the language has.

type Encoder = Pick<TextEncoder, 'encode' | 'encodeInto'>;
type Decoder = { decode(bytes: Uint8Array): string };

/** Half a surrogate pair becomes U+FFFD. */
export const encoder: Encoder = 'TextEncoder' in globalThis ? new TextEncoder() : plainEncoder();
/** What is no UTF-8 becomes U+FFFD; a byte order mark is a character as any other. */
export const decoder: Decoder =
  'TextDecoder' in globalThis ? new TextDecoder('utf-8', { ignoreBOM: true }) : { decode: plainDecode };
/** The same, but throws at what is no UTF-8. */
export const strictDecoder: Decoder =
  'TextDecoder' in globalThis
    ? new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
    : { decode: plainDecodeStrictly };

export function plainEncoder(): Encoder {
  const encode = (text = '') => {
    const escaped = encodeURIComponent(text.replace(/\p{Surrogate}/gu, '\ufffd'));
    const chars = escaped.replace(/%(..)/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)));
    return Uint8Array.from(chars, (char) => char.charCodeAt(0));
  };
  const encodeInto = (text: string, place: Uint8Array) => {
    const bytes = encode(text);
    // The platform's encoder writes what fits; nobody here asks for a part.
    if (bytes.length > place.length) return { read: 0, written: 0 };
    place.set(bytes);
    return { read: text.length, written: bytes.length };
  };
  return { encode, encodeInto };
}

export function plainDecode(bytes: Uint8Array): string {
  try {
    return plainDecodeStrictly(bytes);
  } catch {
    return String.fromCharCode(...Array.from(bytes, (byte) => (byte < 0x80 ? byte : 0xfffd)));
  }
}

export function plainDecodeStrictly(bytes: Uint8Array): string {
  return decodeURIComponent(Array.from(bytes, (byte) => `%${byte.toString(16).padStart(2, '0')}`).join(''));
}
