// What the processes of the crowd are told, and what they write down.
import { readFileSync } from 'node:fs';

export interface Setup {
  /** Docker's. */
  readonly socket: string;
  readonly certificates: string;
  /** Swarm's ID of the node. */
  readonly node: string;
  readonly cidr: string;
  readonly identities: number;
  readonly lanes: number;
  readonly log: string;
}

/** One line of a process's log. */
export type Entry = { readonly at: number } & (
  | { readonly op: 'allocated'; readonly identity: string; readonly address: string }
  | { readonly op: 'refused' | 'told'; readonly why: string }
  | {
      readonly op: 'counted';
      readonly commits: number;
      readonly writes: number;
      readonly stale: number;
      readonly conflicts: number;
    }
  | { readonly op: 'began' }
);

/** The last line may be torn. */
export function readLog(log: string): Entry[] {
  const lines = readFileSync(log, { encoding: 'utf8', flag: 'a+' }).split('\n');
  lines.pop();
  return lines.map((line) => JSON.parse(line));
}
