// The managed plugin on the nodes: created from the folder that `npm run build:docker-plugin` made, set, enabled,
// restarted.
import { readdirSync, readFileSync } from 'node:fs';
import { cp, mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { DockerNode } from './rig/docker-node.js';
import type { Site } from './rig/rig.js';

export const DRIVER = 'limpet:latest';
const PLUGIN_FOLDER = resolve('dist/docker-plugin');

/**
 * Creates and enables it as docs/SWARM.md says, with this node's own paths. Docker 20.10 makes no two plugins of equal
 * content: another one needs a folder that differs.
 */
export async function installPlugin(
  node: DockerNode,
  settings: Readonly<Record<string, string>>,
  { name = DRIVER, folder = PLUGIN_FOLDER } = {},
): Promise<void> {
  const state = join(node.machine.disk, name.replace(':', '-'));
  await mkdir(state, { recursive: true });
  await node.docker(['plugin', 'create', name, folder], { timeout: 180_000 });
  const swarm = join(node.machine.disk, 'docker/swarm');
  const own = { 'socket.source': node.socket, 'state.source': state, 'tls.source': state, 'swarm.source': swarm };
  const all = Object.entries({ ...own, ...settings }).map(([setting, value]) => `${setting}=${value}`);
  await node.docker(['plugin', 'set', name, ...all]);
  await node.docker(['plugin', 'enable', name]);
}

/** The plugin's folder once more, for another plugin on the same Docker, with a file that tells it from the first. */
export async function copyOfPlugin({ folder }: Site, name: string): Promise<string> {
  const base = name.replace(':', '-');
  const copy = join(await folder.sub(`${base}-plugin`), 'plugin');
  await cp(PLUGIN_FOLDER, copy, { recursive: true });
  await writeFile(join(copy, 'rootfs/etc', base), '');
  return copy;
}

/** Networks of Limpet exist, so Docker demands force. */
export async function restartPlugin(node: DockerNode): Promise<void> {
  await node.docker(['plugin', 'disable', '--force', DRIVER]);
  await node.docker(['plugin', 'enable', DRIVER]);
}

/** The number of the plugin's process, as the node counts. @throws Error when it does not run */
export function pluginProcess(node: DockerNode): number {
  const [pid] = pluginProcesses(node);
  if (pid === undefined) throw new Error(`no plugin runs on ${node.name}`);
  return pid;
}

/** Of every plugin of ours on the node. */
export function pluginProcesses(node: DockerNode): number[] {
  const pids = readdirSync(`${node.machine.root}/proc`).filter((name) => /^\d+$/.test(name));
  return pids.map(Number).filter((pid) => commandOf(node, pid).startsWith('/bin/node\0/limpet/'));
}

function commandOf(node: DockerNode, pid: number): string {
  try {
    return readFileSync(node.procFile(pid, 'cmdline'), 'utf8');
  } catch {
    return ''; // it has just ended
  }
}
