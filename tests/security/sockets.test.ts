// Connections as a weapon: those that are never finished, too many of them, and those that come by another name.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { type IncomingMessage, request } from 'node:http';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { upToDate } from '../fresh.js';
import { cliPath } from '../limpet.js';
import { Client } from '../plugin/client.js';
import { until } from '../plugin/plugins.js';

await upToDate('bundles');

/** Open files that the process may have: Node itself has some thirty. */
const FEW = 96;

let folder: string;
let socket: string;
let port: number;
let process_: ChildProcess;
let client: Client;
let sockets: Socket[];

/** The plugin as a process of its own: its descriptors are only its own. */
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'limpet-sockets-'));
  socket = join(folder, 'limpet.sock');
  port = await freePort();
  const settings = ['--store', 'memory:', '--socket', socket, '--docker', join(folder, 'docker.sock')];
  const more = ['--state', join(folder, 'host.json'), '--metrics', `127.0.0.1:${port}`, '--metrics-names', 'box,b.lan'];
  const line = `ulimit -n ${FEW}; exec "$0" "$@"`;
  const args = ['-c', line, process.execPath, cliPath, 'docker-plugin', ...settings, ...more];
  process_ = spawn('sh', args, { stdio: 'ignore' });
  client = new Client(socket);
  sockets = [];
  await until('it serves', async () => (await metrics('127.0.0.1').catch(() => 0)) === 200, 20_000);
});

afterEach(async () => {
  for (const each of sockets) each.destroy();
  client.close();
  const ended = new Promise((resolve) => process_.once('exit', resolve));
  process_.kill();
  await ended;
  rmSync(folder, { recursive: true });
});

/** Clients that hang up only when they are told to, and send what they are told to. */
function clients(count: number, to: string | number, text: string): void {
  for (let n = 0; n < count; n++) {
    const options = typeof to === 'string' ? { path: to } : { port: to, host: '127.0.0.1' };
    const each = connect({ ...options, allowHalfOpen: true });
    each.on('error', () => {}).on('data', () => {});
    each.on('connect', () => each.write(text));
    sockets.push(each);
  }
}

function metrics(host: string, headers: Record<string, string> = {}): Promise<number> {
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port, path: '/metrics', agent: false, headers: { host, ...headers } };
    const asked = request(options, (response: IncomingMessage) => {
      response.resume().on('end', () => resolve(response.statusCode as number));
    });
    asked.on('error', reject).end();
  });
}

const descriptors = () => readdirSync(`/proc/${process_.pid}/fd`).length;

async function works(): Promise<void> {
  const began = performance.now();
  const pool = { AddressSpace: 'limpet.local', Pool: '10.9.0.0/24' };
  assert.equal((await client.call('RequestPool', pool)).status, 200);
  assert.ok(performance.now() - began < 2000);
}

describe('the plugin’s socket', () => {
  test('keeps no descriptor of clients that are half open after their 408', { timeout: 40_000 }, async () => {
    const before = descriptors();
    clients(30, socket, 'POST /IpamDriver.RequestAddress HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{');
    clients(10, socket, 'NO HTTP\r\n\r\n');
    await until('all are there', () => descriptors() > before + 25);
    await until('none is kept', () => descriptors() <= before + 1, 20_000);
    await works();
  });

  test('answers while idle connections to /metrics are as many as there can be', { timeout: 40_000 }, async () => {
    clients(300, port, '');
    await new Promise((resolve) => setTimeout(resolve, 500));
    assert.ok(descriptors() < FEW - 20, `${descriptors()} descriptors`);
    for (let n = 0; n < 5; n++) await works();
    await until('they are let go', async () => (await metrics('127.0.0.1').catch(() => 0)) === 200, 15_000);
  });

  test('refuses headers without end', async () => {
    const headers = Object.fromEntries(Array.from({ length: 200 }, (_, n) => [`x-${n}`, 'y'.repeat(100)]));
    const status = new Promise((resolve, reject) => {
      const asked = request({ socketPath: socket, path: '/Plugin.Activate', method: 'POST', agent: false, headers });
      asked.on('response', (response) => resolve(response.statusCode)).on('error', reject);
      asked.end();
    });
    assert.match(String(await status), /^4\d\d$/);
    await works();
  });
});

describe('/metrics', () => {
  test('answers to an address, to localhost and to the names that it was given', async () => {
    for (const host of ['127.0.0.1', `10.0.0.7:${port}`, '[::1]:80', 'localhost', 'LOCALHOST:1', 'box', 'b.lan:9100']) {
      assert.equal(await metrics(host), 200, host);
    }
  });

  test('says counts and subnets, and nobody’s name', async () => {
    const pool = await client.call('RequestPool', { AddressSpace: 'limpet.local', Pool: '10.9.0.0/24' });
    const Options = { 'com.docker.network.endpoint.name': 'customer-database' };
    assert.equal((await client.call('RequestAddress', { PoolID: pool.body.PoolID, Options })).status, 200);
    const { text } = await client.ask('/metrics', '', 'GET');
    assert.match(text, /subnet="10\.9\.0\.0\/24",state="live"\} 1$/m);
    assert.doesNotMatch(text, /customer|10\.9\.0\.[1-9]/);
  });

  test('answers to no other: a page whose name has come to mean this host reads nothing', async () => {
    for (const host of ['evil.example', 'localhost.evil.example', '127.0.0.1.evil.example:80', '[evil]', 'box.evil']) {
      assert.equal(await metrics(host), 421, host);
    }
  });

  test('refuses headers without end', async () => {
    assert.match(String(await metrics('127.0.0.1', { 'x-long': 'y'.repeat(20_000) })), /^4\d\d$/);
  });
});

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
