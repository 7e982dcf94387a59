// Commits as text: the body of a journal's record is `[space, cidr, change...]`, a change `[op, field...]` with its
// fields in the order below; what a node is called is `{ "id", "name" }` instead. JSON, since it is parsed faster than
// any format of our own could be and anyone can read it.

import type { Change, NodeName, SubnetKey } from '../../service/store.js';

type Fields = readonly (readonly [name: string, type: 'string' | 'number' | 'object' | 'flag'])[];

/** A flag comes last: it is there or not. */
const FIELDS: Readonly<Record<Change['op'], Fields>> = {
  create: [['spec', 'object']],
  remove: [['unused', 'flag']],
  settings: [['spec', 'object']],
  bind: [
    ['identity', 'string'],
    ['address', 'string'],
    ['ticket', 'flag'],
  ],
  reclaim: [
    ['identity', 'string'],
    ['address', 'string'],
  ],
  live: [
    ['identity', 'string'],
    ['node', 'string'],
  ],
  gone: [
    ['identity', 'string'],
    ['node', 'string'],
    ['time', 'number'],
  ],
  hold: [['address', 'string']],
  unhold: [['address', 'string']],
  use: [['user', 'string']],
  disuse: [['user', 'string']],
};

export function encodeCommit({ space, cidr }: SubnetKey, changes: readonly Change[]): string {
  return JSON.stringify([space, cidr, ...changes.map(encodeChange)]);
}

function encodeChange(change: Change): unknown[] {
  const values: unknown[] = [change.op];
  for (const [name, type] of FIELDS[change.op]) {
    const value = (change as unknown as Record<string, unknown>)[name];
    if (type !== 'flag') values.push(value);
    else if (value) values.push(1);
  }
  return values;
}

export function encodeNode({ id, name }: NodeName): string {
  return JSON.stringify({ id, name });
}

/** The commit that a body holds, or what a node is called; undefined when it holds neither. */
export function decodeBody(
  body: string,
): { readonly subnet: SubnetKey; readonly changes: Change[] } | { readonly node: NodeName } | undefined {
  let values: unknown;
  try {
    values = JSON.parse(body);
  } catch {
    return undefined;
  }
  if (isNode(values)) return { node: values };
  if (!Array.isArray(values)) return undefined;
  const [space, cidr] = values;
  if (typeof space !== 'string' || typeof cidr !== 'string') return undefined;
  const changes: Change[] = [];
  for (let i = 2; i < values.length; i++) {
    const change = decodeChange(values[i]);
    if (change === undefined) return undefined;
    changes.push(change);
  }
  return { subnet: { space, cidr }, changes };
}

export function isNode(value: unknown): value is NodeName {
  const { id, name } = (value ?? {}) as Partial<NodeName>;
  return typeof id === 'string' && typeof name === 'string';
}

function decodeChange(values: unknown): Change | undefined {
  if (!Array.isArray(values)) return undefined;
  const op = values[0];
  if (typeof op !== 'string' || !Object.hasOwn(FIELDS, op)) return undefined;
  const fields = FIELDS[op as Change['op']];
  const change: Record<string, unknown> = { op };
  if (values.length > fields.length + 1) return undefined;
  for (let i = 0; i < fields.length; i++) {
    const [name, type] = fields[i] as Fields[0];
    const value = values[i + 1];
    if (type === 'flag' ? value !== undefined && value !== 1 : typeof value !== type || value === null)
      return undefined;
    if (type !== 'flag') change[name] = value;
    else if (value === 1) change[name] = true;
  }
  return change as unknown as Change;
}
