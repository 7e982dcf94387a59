#!/usr/bin/env node
// A `docker` whose plugins are a file of JSON, for the commands that the command line uses on them. Files in the folder
// $FAKE_DOCKER direct it: `fail` has the command that is refused; `hold` one that waits, once, until there is a file
// `go`, and `held` says that it does.

import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const at = (name) => join(process.env.FAKE_DOCKER, name);
const said = (name) => (existsSync(at(name)) ? readFileSync(at(name), 'utf8').trim() : undefined);
const args = process.argv.slice(2);
const command = args.slice(0, 2).join(' ');
const rest = args.slice(2).filter((word) => !word.startsWith('--'));

if (said('hold') === command) {
  renameSync(at('hold'), at('held'));
  while (!existsSync(at('go')) && existsSync(at('held')))
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
  if (!existsSync(at('go'))) process.exit(1); // the test is over
}
if (said('fail') === command) refuse(`${command} is refused`);

const plugins = JSON.parse(said('plugins') ?? '{}');
const tag = `${rest[0] ?? ''}${rest[0]?.includes(':') ? '' : ':latest'}`;
const found = () => plugins[tag] ?? refuse(`plugin ${tag} not found`);

if (args[0] === 'info') console.log(args.includes('{{.ID}}') ? 'ABCD:EFGH' : '/var/lib/docker');
else if (command === 'network ls') process.exit();
else if (command === 'plugin ls') console.log(Object.keys(plugins).join('\n'));
else if (command === 'plugin inspect') console.log(JSON.stringify([found()]));
else {
  if (command === 'plugin create') create(rest[1]);
  else if (command === 'plugin set') set(rest.slice(1));
  else if (command === 'plugin enable') enable();
  else if (command === 'plugin disable') found().Enabled = false;
  else if (command === 'plugin rm' && found()) delete plugins[tag];
  else refuse(`unknown command ${command}`);
  writeFileSync(at('plugins.new'), JSON.stringify(plugins));
  renameSync(at('plugins.new'), at('plugins'));
}

function create(folder) {
  if (plugins[tag] !== undefined) refuse(`plugin ${tag} already exists`);
  const { env, mounts } = JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8'));
  const Env = env.map(({ name, value }) => `${name}=${value}`);
  const Mounts = mounts.map(({ name, source }) => ({ Name: name, Source: source }));
  plugins[tag] = { Id: randomUUID(), Enabled: false, Settings: { Env, Mounts } };
}

function set(pairs) {
  const { Env, Mounts } = found().Settings;
  for (const pair of pairs) {
    const [name, value] = [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)];
    const mount = Mounts.find((each) => `${each.Name}.source` === name);
    if (mount !== undefined) mount.Source = value;
    else Env[Env.findIndex((each) => each.startsWith(`${name}=`))] = pair;
  }
}

function enable() {
  if (found().Enabled) refuse(`plugin ${tag} is already enabled`);
  found().Enabled = true;
}

function refuse(why) {
  console.error(`Error response from daemon: ${why}`);
  process.exit(1);
}
