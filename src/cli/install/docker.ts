// The node's own `docker` command, which knows where its Docker is (DOCKER_HOST, contexts). What changes something is
// said as the command that it is, so that anybody can do it, or undo it, by hand.

import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { EXIT, Failure } from '../failure.js';

/** Making a plugin copies 100 MB to a Docker that may be busy. */
const PATIENCE = 180_000;

/** What the command printed. @throws Failure with what Docker says */
export async function docker(...args: string[]): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)('docker', args, { timeout: PATIENCE, maxBuffer: 64 << 20 });
    return stdout.trim();
  } catch (error) {
    const { code, stderr = '', killed } = error as { code?: unknown; stderr?: string; killed?: boolean };
    const command = `docker ${args.slice(0, 2).join(' ')}`;
    if (code === 'ENOENT') throw new Failure('no docker command on this machine: install Docker first');
    if (killed) throw new Failure(`${command}: no answer within ${PATIENCE / 1000} s`, EXIT.unreachable);
    const why = stderr.trim().replace(/^Error( response from daemon)?: /, '');
    const away = /cannot connect to the docker daemon|connection refused|permission denied while/i.test(why);
    throw new Failure(`${command}: ${why || (error as Error).message}`, away ? EXIT.unreachable : EXIT.found);
  }
}

/** The plugin as Docker has it. */
export interface Installed {
  readonly enabled: boolean;
  /** As `docker plugin set` takes them. */
  readonly settings: ReadonlyMap<string, string>;
}

/** Undefined when there is none of that name. @throws Failure */
export async function installed(name: string): Promise<Installed | undefined> {
  const names = await docker('plugin', 'ls', '--format', '{{.Name}}');
  if (!names.split('\n').includes(tagged(name))) return undefined;
  const [found] = JSON.parse(await docker('plugin', 'inspect', name)) as [Inspected];
  const { Env, Mounts } = found.Settings;
  const settings = new Map<string, string>();
  for (const each of Env) settings.set(each.slice(0, each.indexOf('=')), each.slice(each.indexOf('=') + 1));
  for (const { Name, Source } of Mounts) settings.set(`${Name}.source`, Source ?? '');
  return { enabled: found.Enabled, settings };
}

interface Inspected {
  readonly Enabled: boolean;
  readonly Settings: {
    readonly Env: readonly string[];
    readonly Mounts: readonly { readonly Name: string; readonly Source: string | null }[];
  };
}

/** Where the swarm's certificates of this node are. @throws Failure */
export async function swarmFolder(): Promise<string> {
  return join(await docker('info', '--format', '{{.DockerRootDir}}'), 'swarm');
}

/** Names of the networks whose addresses it gives. @throws Failure */
export async function networksOf(name: string): Promise<string[]> {
  const ids = (await docker('network', 'ls', '--quiet', '--no-trunc')).split('\n').filter((id) => id !== '');
  if (ids.length === 0) return [];
  const all = await docker('network', 'inspect', '--format', '{{.Name}}\t{{.IPAM.Driver}}', ...ids);
  const found = all.split('\n').map((line) => line.split('\t') as [string, string]);
  return found.filter(([, driver]) => tagged(driver) === tagged(name)).map(([network]) => network);
}

/** Docker adds the tag when there is none. */
export function tagged(name: string): string {
  return name.includes(':') ? name : `${name}:latest`;
}
