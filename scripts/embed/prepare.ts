// Makes the hosts of hosts.ts ready to run, and runs scripts on them. What the machine lacks is told, not thrown.
import { execFile } from 'node:child_process';
import { access } from 'node:fs/promises';
import { delimiter, isAbsolute, join, resolve } from 'node:path';
import { type Command, folder, type Host, hosts } from './hosts.js';

export interface Prepared {
  readonly name: string;
  /** What the machine lacks for it. */
  readonly missing?: string;
  /** What a build said that failed. */
  readonly failure?: string;
  /** See Host; it is there when nothing is missing and nothing failed. */
  readonly run?: Command;
}

export interface Outcome {
  /** Text when the program could not be started. */
  readonly code: number | string | null;
  readonly output: string;
}

/** Builds every host that the machine has the tools for, or those named. */
export async function prepareHosts(names = hosts.map(({ name }) => name)): Promise<Prepared[]> {
  const unknown = names.filter((name) => !hosts.some((host) => host.name === name));
  if (unknown.length > 0) throw new RangeError(`no such host: ${unknown}; there are ${hosts.map(({ name }) => name)}`);
  const prepared: Prepared[] = [];
  for (const host of hosts) if (names.includes(host.name)) prepared.push(await prepareHost(host));
  return prepared;
}

async function prepareHost({ name, programs, files = [], remedy, build, run }: Host): Promise<Prepared> {
  const found = await Promise.all([...programs.map(inPath), ...files.map(there)]);
  const absent = [...programs, ...files].filter((_, at) => !found[at]);
  if (absent.length > 0) return { name, missing: `${absent.join(', ')} not found: ${remedy}` };
  for (const command of build) {
    const { code, output } = await execute(command, join(folder, name));
    if (code !== 0) return { name, failure: `${command.join(' ')}: exit code ${code}\n${output}` };
  }
  return { name, run };
}

/** Runs a script on a host, with a folder for its files, and on another core than the built one if one is named. */
export function runScript(host: Prepared, script: string, files = '.', core = 'dist/core.wasm'): Promise<Outcome> {
  return runHost(host, [resolve(core), resolve(script), resolve(files)]);
}

/** Runs a host with any arguments. @throws Error when it is not ready */
export function runHost({ name, run, missing, failure }: Prepared, args: string[]): Promise<Outcome> {
  if (run === undefined) throw new Error(`${name} cannot run: ${missing ?? failure}`);
  return execute([...run, ...args], join(folder, name));
}

const there = (path: string) =>
  access(path).then(
    () => true,
    () => false,
  );

async function inPath(program: string): Promise<boolean> {
  const found = await Promise.all((process.env.PATH ?? '').split(delimiter).map((part) => there(join(part, program))));
  return found.includes(true);
}

/**
 * A program with a slash is a file in the host's folder, unless its path is absolute; else it is looked for in PATH.
 */
function execute([program, ...args]: Command, cwd: string): Promise<Outcome> {
  const file = program.includes('/') && !isAbsolute(program) ? join(cwd, program) : program;
  return new Promise((settle) => {
    execFile(file, args, { cwd, maxBuffer: 2 ** 28 }, (error, stdout, stderr) => {
      settle({ code: error ? (error.code ?? null) : 0, output: stdout + stderr });
    });
  });
}
