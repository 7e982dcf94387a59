// `limpet docker-plugin` as a process: its settings from options and environment, its end by a signal.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, test } from 'node:test';
import { ServedDocker } from '../docker/served.js';
import { Client } from './client.js';
import { until } from './plugins.js';

const folder = await mkdtemp(join(tmpdir(), 'limpet-cli-'));
const docker = await ServedDocker.start();
after(async () => {
  await docker.stop();
  await rm(folder, { recursive: true });
});

function limpet(args: readonly string[], env: Record<string, string> = {}) {
  const child = spawn(process.execPath, [resolve('dist/cli.js'), 'docker-plugin', ...args], {
    env: { ...process.env, ...env },
  });
  const output = { text: '' };
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output.text += chunk));
  return { child, output, ended: once(child, 'close').then(([code]) => ({ code, text: output.text })) };
}

test('--help names every setting and its variable', async () => {
  const { code, text } = await limpet(['--help']).ended;
  assert.equal(code, 0);
  for (const name of [
    'STORE',
    'SOCKET',
    'DOCKER_SOCKET',
    'NODE',
    'STATE',
    'LOG_LEVEL',
    'METRICS',
    'GLOBAL_POOLS',
    'ETCD_CA',
  ])
    assert.ok(text.includes(`LIMPET_${name}`), name);
});

test('settings that are none are told in one line', async () => {
  const bad: [string[], RegExp][] = [
    [['--log-level', 'loud'], /"loud" is not a valid log level/],
    [['--global-pools', '10.0.0.0/8'], /"10\.0\.0\.0\/8" is not a valid range of pools/],
    [['--home-wait', 'soon'], /"soon" is not a valid duration/],
    [['--home-wait', '30s'], /"30s" is too long .* at most 20s/],
    [['--docker-wait', '60s'], /"60s" is no time to wait .* at most 5s/],
    [['--docker-wait', '0s'], /"0s" is no time to wait/],
    [['--metrics', '127.0.0.1:99999'], /"127\.0\.0\.1:99999" is not a valid address .* at most 65535/],
    [['--docker', 'nowhere'], /"nowhere" is not a valid address of Docker's API/],
    [['--nope'], /unknown option '--nope'/],
  ];
  for (const [args, message] of bad) {
    const { code, text } = await limpet(args).ended;
    assert.equal(code, 2, text);
    assert.match(text, message);
    assert.equal(text.trim().split('\n').length, 1, text);
  }
});

test('serves on when its log cannot be written', { skip: process.platform !== 'linux' }, async () => {
  const socket = join(folder, 'full.sock');
  const full = openSync('/dev/full', 'w');
  const args = ['docker-plugin', '--store', 'memory:', '--socket', socket, '--state', join(folder, 'full-node')];
  const child = spawn(process.execPath, [resolve('dist/cli.js'), ...args, '--docker', docker.socket], {
    stdio: ['ignore', full, full],
  });
  closeSync(full);
  const ended = once(child, 'exit');
  const client = new Client(socket);
  const isThere = () =>
    client.call('Activate').then(
      ({ status }) => status === 200,
      () => false,
    );
  await until('it serves', isThere);
  for (let n = 0; n < 20; n++) {
    const pool = { AddressSpace: 'limpet.local', Pool: `10.66.${n}.0/24` };
    assert.equal(typeof (await client.call('RequestPool', pool)).status, 'number');
  }
  client.close();
  child.kill('SIGTERM');
  assert.deepEqual(await ended, [0, null]);
});

test('serves what the environment says, an empty variable being none, and ends by a signal', async () => {
  const socket = join(folder, 'limpet.sock');
  const { child, ended } = limpet([], {
    LIMPET_STORE: `file://${folder}/store`,
    LIMPET_SOCKET: socket,
    LIMPET_STATE: join(folder, 'node'),
    LIMPET_DOCKER_SOCKET: docker.socket,
    LIMPET_NODE: '',
    LIMPET_METRICS: '',
  });
  const client = new Client(socket);
  await until(
    'it is healthy',
    async () => {
      const health = await client.ask('/healthz', '', 'GET').catch(() => undefined); // not listening yet
      return health?.status === 200;
    },
    20_000,
  );
  client.close();
  child.kill('SIGTERM');
  const { code, text } = await ended;
  assert.equal(code, 0, text);
  assert.match(text, /"node":"id-node-1"/);
});
