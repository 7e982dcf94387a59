// What the plugins say: Docker writes each line that a managed plugin prints into its own log, as a quoted message.
import { readFileSync } from 'node:fs';
import { cp, mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { DockerNode } from './rig/docker-node.js';
import type { Rig } from './rig/rig.js';
import type { Swarm } from './rig/swarm.js';
import type { Tickets } from './table.js';

const LAST = 40;

interface Line {
  readonly msg?: string;
  readonly identity?: string;
  readonly address?: string;
  readonly outcome?: string;
  readonly event?: string;
  readonly code?: string;
  readonly network?: string;
  readonly addressSpace?: string;
}

/** The replicas that a plugin has put up as a guest so far. */
export function toldGuests(swarm: Swarm): string[] {
  const lines = swarm.nodes.flatMap(({ log }) => said(log));
  return lines.flatMap(({ outcome, identity }) => (outcome === 'guest' && identity !== undefined ? [identity] : []));
}

/** What the leader has been given so far where it asked for any address. */
export function toldTickets(swarm: Swarm): Tickets {
  const lines = swarm.nodes.flatMap(({ log }) => said(log)).filter(({ addressSpace }) => addressSpace === 'global');
  const homes = lines.filter(({ event, outcome }) => event === 'address' && outcome === 'home').length;
  return { homes, all: homes + lines.filter(({ event, outcome }) => event === 'address' && outcome === 'new').length };
}

/** Whether a plugin has refused an address because that subnet is full. */
export function toldFull(swarm: Swarm, subnet: string): boolean {
  const lines = swarm.nodes.flatMap(({ log }) => said(log));
  return lines.some(({ event, code, msg }) => event === 'refused' && code === 'FULL' && msg?.includes(subnet) === true);
}

/** Whether the node's plugin has warned of that network: on this Docker its tasks do not keep their addresses. */
export function toldShared({ log }: DockerNode, network: string): boolean {
  return said(log).some(({ event, network: named }) => event === 'pool' && named === network);
}

/** The addresses that a plugin has not given, since somebody answers there. */
export function toldTaken(swarm: Swarm): string[] {
  const lines = swarm.nodes.flatMap(({ log }) => said(log));
  return lines.flatMap(({ event, address, msg }) =>
    event === 'wire' && address !== undefined && msg?.startsWith('not given') ? [address] : [],
  );
}

/** The last lines of the plugin on every node, as they are. */
export async function lastWords(swarm: Swarm): Promise<string> {
  return swarm.nodes.map(({ name, log }) => [`--- ${name}`, ...messages(log).slice(-LAST)].join('\n')).join('\n');
}

/** Copies all logs of the run out of its folder. */
export async function saveLogs({ folder }: Rig, target: string): Promise<void> {
  await rm(target, { recursive: true, force: true });
  for (const machine of await readdir(folder.path, { withFileTypes: true })) {
    if (!machine.isDirectory()) continue;
    const files = (await readdir(join(folder.path, machine.name))).filter((name) => name.endsWith('.log'));
    if (files.length === 0) continue;
    await mkdir(join(target, machine.name), { recursive: true });
    for (const file of files) await cp(join(folder.path, machine.name, file), join(target, machine.name, file));
  }
}

function said(log: string): Line[] {
  return messages(log).flatMap((message) => {
    try {
      return [JSON.parse(message) as Line];
    } catch {
      return []; // a line of Node's own, such as a warning
    }
  });
}

/** `time=… level=… msg="…" plugin=…`, with Go's quotes, which JSON reads as well. */
function messages(log: string): string[] {
  const lines = readFileSync(log, 'utf8').split('\n');
  return lines.flatMap((line) => {
    const quoted = /msg=("(?:[^"\\]|\\.)*") plugin=[0-9a-f]{64}/.exec(line)?.[1];
    return quoted === undefined ? [] : [JSON.parse(quoted) as string];
  });
}
