// The node's own `docker` command, which knows where its Docker is (DOCKER_HOST, contexts). What changes something is
// said as the command that it is, so that anybody can do it, or undo it, by hand.

import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { endingsAreDeferred } from '../endings.js';
import { EXIT, Failure } from '../failure.js';

/** Making a plugin copies 100 MB to a Docker that may be busy. */
const PATIENCE = 180_000;

/** What the command printed. @throws Failure with what Docker says */
export async function docker(...args: string[]): Promise<string> {
  const { code, stdout, stderr, error, wasSlow } = await run(args);
  if (code === 0) return stdout.trim();
  const command = `docker ${args.slice(0, 2).join(' ')}`;
  if (error?.code === 'ENOENT') throw new Failure('no docker command on this machine: install Docker first');
  if (wasSlow) throw new Failure(`${command}: no answer within ${PATIENCE / 1000} s`, EXIT.unreachable);
  const why = stderr.trim().replace(/^Error( response from daemon)?: /, '');
  const away =
    code === null || /cannot connect to the docker daemon|connection refused|permission denied while/i.test(why);
  const without = error?.message ?? `it failed (${code ?? 'by a signal'}) without a word`;
  throw new Failure(`${command}: ${why || without}`, away ? EXIT.unreachable : EXIT.found);
}

interface Ran {
  /** None when it could not be started, or was ended by a signal. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly error?: NodeJS.ErrnoException;
  readonly wasSlow: boolean;
}

/**
 * Ctrl-C on a terminal, and a terminal that goes, are signals to every process of the group. While these are to wait,
 * docker has a group of its own, and works on.
 */
function run(args: readonly string[]): Promise<Ran> {
  const options = { detached: endingsAreDeferred(), timeout: PATIENCE } as const;
  const child = spawn('docker', args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text) => (stderr += text));
  return new Promise((resolve) => {
    const end = (code: number | null, error?: NodeJS.ErrnoException) =>
      resolve({ code, stdout, stderr, wasSlow: child.killed, ...(error !== undefined && { error }) });
    child.on('error', (error) => end(null, error));
    child.on('close', (code) => end(code));
  });
}

/** The plugin as Docker has it. */
export interface Installed {
  /** Another one for each `docker plugin create`. */
  readonly id: string;
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
  return { id: found.Id, enabled: found.Enabled, settings };
}

interface Inspected {
  readonly Id: string;
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
