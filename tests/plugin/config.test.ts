// What `docker plugin set` offers is what the program reads, and nothing that it reads is left out.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Command } from 'commander';
import { dockerPluginCommand } from '../../src/cli/docker-plugin.js';
import { pluginConfig } from '../../src/cli/install/manifest.js';

/** Read by the etcd store, from the environment alone. */
const READ = ['CA', 'CERT', 'KEY', 'USER', 'USER_FILE', 'PASSWORD', 'PASSWORD_FILE'];
const ETCD = READ.map((name) => `LIMPET_ETCD_${name}`);
/** Read by the swarm store, likewise. */
const SWARM = ['LIMPET_SWARM_PORT', 'LIMPET_SWARM_CERTIFICATES'];
/** Fixed in the managed plugin: Docker demands the one, and the other is in the state folder. */
const FIXED = ['LIMPET_SOCKET', 'LIMPET_STATE'];

test('the settings of the managed plugin are the variables that the command reads', () => {
  const program = new Command();
  dockerPluginCommand(program);
  const read = program.commands[0]!.options.map(({ envVar }) => envVar!).filter((name) => !FIXED.includes(name));
  const settable = pluginConfig('1.2.3').env.map(({ name }) => name!);
  assert.deepEqual([...settable].sort(), [...read, ...ETCD, ...SWARM].sort());
});

test('its entry point serves the socket that Docker is told of', () => {
  const { entrypoint, interface: face } = pluginConfig('1.2.3');
  assert.equal(entrypoint[entrypoint.indexOf('--socket') + 1], `/run/docker/plugins/${face.socket}`);
});
