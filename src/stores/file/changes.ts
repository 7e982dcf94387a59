// Commits as text: the body of a journal's record is `[space, cidr, change...]`, a change `[op, field...]` with its
// fields in the order of CHANGES; what a node is called is `{ "id", "name" }` instead. JSON, since it is parsed faster
// than any format of our own could be and anyone can read it. How it is read again, values.ts says.

import type { Change, NodeName, SubnetKey } from '../../service/store.js';
import { fieldsOf } from '../values.js';

export function encodeCommit({ space, cidr }: SubnetKey, changes: readonly Change[]): string {
  return JSON.stringify([space, cidr, ...changes.map(encodeChange)]);
}

function encodeChange(change: Change): unknown[] {
  const values: unknown[] = [change.op];
  for (const { name, isFlag } of fieldsOf(change.op)) {
    const value = (change as unknown as Record<string, unknown>)[name];
    if (!isFlag) values.push(value);
    else if (value) values.push(1);
  }
  return values;
}

export function encodeNode({ id, name }: NodeName): string {
  return JSON.stringify({ id, name });
}
