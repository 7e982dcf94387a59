// What the labels of a subnet's config say, one for each address that is taken:
//
//   10.77.0.9   live <node>[,<node>]: web.3                     it runs there
//   10.77.0.9   reserved 2026-11-26T04:30:00.123Z: web.3        it was released then; `reserved: web.3`: nobody knows
//   10.77.0.9   held 2026-11-26T04:30:00.123Z                   a ticket or a gateway, since then
//   10.77.0.9   held 2026-11-26T04:30:00.123Z, live <node>: web.3
//   10.77.0.9   pinned live <node>: web.3                     a person chose it; `pinned reserved …` as well
//
// All other labels that Limpet writes begin with `limpet.`. What it has not written stays as it is.

/** What one address is taken by. */
export interface Entry {
  readonly address: string;
  /** When it was last held: distinguishes one hold from the next. Milliseconds since the epoch. */
  readonly held?: number;
  readonly identity?: string;
  /** Sorted; empty while the identity is reserved. */
  readonly nodes: readonly string[];
  readonly released?: number;
  /** A person chose the address for the identity. */
  readonly pinned?: true;
}

const FORM = /^(?:held (\S+?)(?:, |$))?(?:(pinned )?(?:live (\S+)|reserved(?: (\S+))?): ([\s\S]+))?$/;

export function printEntry({ held, identity, nodes, released, pinned }: Entry): string {
  const parts: string[] = [];
  if (held !== undefined) parts.push(`held ${new Date(held).toISOString()}`);
  if (identity !== undefined) {
    const since = released === undefined ? '' : ` ${new Date(released).toISOString()}`;
    const state = nodes.length > 0 ? `live ${nodes.map(escapeNode).join(',')}` : `reserved${since}`;
    parts.push(`${pinned ? 'pinned ' : ''}${state}: ${identity}`);
  }
  return parts.join(', ');
}

/** Undefined for what Limpet has not written. */
export function readEntry(address: string, text: string): Entry | undefined {
  const [, since, pinned, live, left, identity] = FORM.exec(text) ?? [];
  const held = since === undefined ? undefined : Date.parse(since);
  const released = left === undefined ? undefined : Date.parse(left);
  const nodes = live === undefined ? [] : live.split(',').map(unescapeNode).sort();
  if ((held === undefined && identity === undefined) || Number.isNaN(held) || Number.isNaN(released)) return undefined;
  if (nodes.includes('')) return undefined;
  return {
    address,
    nodes,
    ...(held === undefined ? {} : { held }),
    ...(identity === undefined ? {} : { identity }),
    ...(released === undefined ? {} : { released }),
    ...(pinned === undefined ? {} : { pinned: true }),
  };
}

/** A node's ID is any text; Swarm's own stay as they are. */
function escapeNode(node: string): string {
  return encodeURIComponent(node);
}

function unescapeNode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return '';
  }
}
