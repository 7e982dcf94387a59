// What happens, in words for people.

import type { LogLine, State, SwarmEvent } from 'limpet/simulator';

export function sayEvent(event: SwarmEvent): string {
  switch (event.do) {
    case 'create':
      return event.mode === 'global'
        ? `Create the global service ${event.service}`
        : `Create the service ${event.service} with ${event.replicas ?? 1} replicas`;
    case 'scale':
      return `Scale ${event.service} to ${event.replicas}`;
    case 'update':
      return `Update ${event.service}${event.order === undefined ? '' : `, ${event.order}`}`;
    case 'remove':
      return `Remove the service ${event.service}`;
    case 'restart':
      return `The container of ${event.identity} dies`;
    case 'look':
      return `Look at ${event.identity}`;
    default:
      return `${NODE_EVENTS[event.do]} ${sayNode(event.node)}`;
  }
}

const NODE_EVENTS = { drain: 'Drain', activate: 'Activate', crash: 'Crash', reboot: 'Reboot' } as const;

function sayNode(name: string): string {
  if (name === '@leader') return 'the leader';
  if (name === '@last') return 'the same node';
  return name.startsWith('@node-of ') ? `the node of ${name.slice('@node-of '.length)}` : name;
}

/** `1:05` for 65 seconds. */
export function sayTime(seconds: number): string {
  return `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, '0')}`;
}

/**
 * What happens at a moment: the event that goes on, or the last look, and what this very step brought, the followed
 * identity's part of it first. Undefined where there is nothing to tell.
 */
export function tell(
  states: readonly State[],
  { step }: State,
  followed: string,
): Record<'now' | 'more', string | undefined> {
  const lines = states[step]?.log ?? [];
  const rest = lines.filter((line) => !isCause(line));
  const more = rest.find(({ identity }) => identity === followed) ?? rest.at(-1);
  for (let at = step; at > 0; at--) {
    const cause = states[at]?.log.filter(isCause).at(-1);
    if (cause !== undefined) return { now: `${cause.text}.`, more: more && `${more.text}.` };
  }
  return { now: undefined, more: undefined };
}

function isCause({ kind }: LogLine): boolean {
  return kind === 'event' || kind === 'refused' || kind === 'look';
}
