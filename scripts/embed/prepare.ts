// Makes the hosts of hosts.ts ready to run, and runs scripts on them. What the machine lacks is told, not thrown.
import { execFile } from 'node:child_process';
import { access } from 'node:fs/promises';
import { delimiter, isAbsolute, join, resolve } from 'node:path';
import { folder, hosts } from './hosts.js';

/**
 * @typedef {object} Prepared
 * @property {string} name
 * @property {string} [missing] what the machine lacks for it
 * @property {string} [failure] what a build said that failed
 * @property {string[]} [run] see Host
 */

/**
 * Builds every host that the machine has the tools for, or those named.
 * @param {string[]} [names]
 * @returns {Promise<Prepared[]>}
 */
export async function prepareHosts(names = hosts.map(({ name }) => name)) {
  const unknown = names.filter((name) => !hosts.some((host) => host.name === name));
  if (unknown.length > 0) throw new RangeError(`no such host: ${unknown}; there are ${hosts.map(({ name }) => name)}`);
  const prepared = [];
  for (const host of hosts) if (names.includes(host.name)) prepared.push(await prepareHost(host));
  return prepared;
}

async function prepareHost({ name, programs, files = [], remedy, build, run }) {
  const found = await Promise.all([...programs.map(inPath), ...files.map(there)]);
  const absent = [...programs, ...files].filter((_, at) => !found[at]);
  if (absent.length > 0) return { name, missing: `${absent.join(', ')} not found: ${remedy}` };
  for (const command of build) {
    const { code, output } = await execute(command, join(folder, name));
    if (code !== 0) return { name, failure: `${command.join(' ')}: exit code ${code}\n${output}` };
  }
  return { name, run };
}

/**
 * Runs a script on a host, with a folder for its files, and on another core than the built one if it is said.
 * @param {Prepared} host
 * @returns {Promise<{ code: number | string | null, output: string }>} the code is text when it could not be started
 */
export function runScript(host, script, files = '.', core = 'dist/core.wasm') {
  return runHost(host, [resolve(core), resolve(script), resolve(files)]);
}

/**
 * Runs a host with any arguments.
 * @param {Prepared} host
 * @param {string[]} args
 * @returns {Promise<{ code: number | string | null, output: string }>}
 */
export function runHost({ name, run = [] }, args) {
  return execute([...run, ...args], join(folder, name));
}

const there = (path) =>
  access(path).then(
    () => true,
    () => false,
  );

async function inPath(program) {
  const found = await Promise.all((process.env.PATH ?? '').split(delimiter).map((part) => there(join(part, program))));
  return found.includes(true);
}

/** A program with a slash is a file in the host's folder, unless its path is absolute; one without is looked for in PATH. */
function execute([program, ...args], cwd) {
  const file = program.includes('/') && !isAbsolute(program) ? join(cwd, program) : program;
  return new Promise((settle) => {
    execFile(file, args, { cwd, maxBuffer: 2 ** 28 }, (error, stdout, stderr) => {
      settle({ code: error ? (error.code ?? null) : 0, output: stdout + stderr });
    });
  });
}
