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
 * What happens at a moment: the event that goes on, or the last look, and what has come of it so far: of the followed
 * identity if anything has, else the last there was. Undefined where there is nothing to tell.
 */
export function tell(
  states: readonly State[],
  { step }: State,
  followed: string,
): Record<'now' | 'more', string | undefined> {
  let own: LogLine | undefined;
  let last: LogLine | undefined;
  for (let at = step; at > 0; at--) {
    const lines = states[at]?.log ?? [];
    const rest = lines.filter((line) => !isCause(line) && line.kind !== 'sticky');
    own ??= rest.filter(({ identity }) => identity === followed).at(-1);
    last ??= rest.at(-1);
    const cause = lines.filter(isCause).at(-1);
    const more = own ?? last;
    if (cause !== undefined) return { now: sentence(cause.text), more: more && sentence(more.text) };
  }
  return { now: undefined, more: undefined };
}

/** Names stay as they are. */
function sentence(text: string): string {
  return `${text.replace(/^(service|the|cannot|no) /, (word) => word.charAt(0).toUpperCase() + word.slice(1))}.`;
}

function isCause({ kind }: LogLine): boolean {
  return kind === 'event' || kind === 'refused' || kind === 'look';
}
