// What an identity looks like: one of eight colours and one of six glyphs, always the same for the same identity. The
// glyph is there for those who do not see the colour, the name for everybody.

import { h } from '../dom.js';

const COLOURS = 8;
const GLYPHS = 6;

export interface Mark {
  readonly colour: number;
  readonly glyph: number;
}

/** Neighbouring slots differ in colour; every eight slots, and every service, in the glyph. */
function markOf(identity: string): Mark {
  const dot = identity.lastIndexOf('.');
  const number = Number(/\d+$/.exec(identity)?.[0] ?? 0);
  const index = Math.max(0, number - 1);
  let service = 0;
  for (const char of identity.slice(0, Math.max(0, dot))) service = (service * 31 + char.charCodeAt(0)) % 997;
  return { colour: index % COLOURS, glyph: (service + Math.floor(index / COLOURS)) % GLYPHS };
}

/** The mark as an element; decoration, as the name stands beside it. */
export function markElement(identity: string): HTMLElement {
  const { colour, glyph } = markOf(identity);
  return h('span', { class: `glyph glyph-${glyph} id-${colour}`, attrs: { 'aria-hidden': 'true' } });
}
