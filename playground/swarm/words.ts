// What happens, in words for people.

import type { SwarmEvent } from 'limpet/simulator';

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
