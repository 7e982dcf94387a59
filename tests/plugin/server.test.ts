// The plugin behind its socket: whatever comes in, a right answer or a clear error goes out, and it goes on serving.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, type TestContext, test } from 'node:test';
import { openLog } from '../../src/plugin/log.js';
import { Metrics } from '../../src/plugin/metrics.js';
import { listen, makeServer } from '../../src/plugin/server.js';
import { AllocatorService } from '../../src/service/index.js';
import { MemoryStore } from '../../src/stores/memory/memory-store.js';
import { info, network } from '../docker/json.js';
import { ServedDocker } from '../docker/served.js';
import { Client } from './client.js';
import { plugin, type Started, until } from './plugins.js';

const CIDR = '10.77.0.0/24';
const SOCKET = 'limpet.sock';
const G = `global/swarm/${CIDR}`;

let docker: ServedDocker;
let limpet: Started;

before(async () => {
  docker = await ServedDocker.start({ networks: [network('web', CIDR)] });
  limpet = await plugin(docker.socket);
  await until('the store is open', async () => (await limpet.client.ask('/healthz', '', 'GET')).status === 200);
  await limpet.client.call('RequestPool', { AddressSpace: 'limpet.global', Pool: CIDR });
});

after(async () => {
  await limpet.stop();
  await docker.stop();
});

/** Gone after the test, however that ends. */
async function folderFor(context: TestContext, what: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), `limpet-${what}-`));
  context.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Still in its senses. */
async function serves(): Promise<void> {
  const { status, body } = await limpet.client.call('Activate');
  assert.equal(status, 200);
  assert.deepEqual(body, { Implements: ['IpamDriver'] });
}

test('a store of its own on one node of several is warned of, once', async () => {
  const warnings = () => limpet.lines.filter(({ msg }) => /a store of its own/.test(msg));
  await until('it has warned', () => warnings().length > 0);
  assert.deepEqual(
    warnings().map(({ level, store }) => [level, store]),
    [['warn', 'memory:']],
  );
});

describe('the seven calls and the one that activates', () => {
  test('Activate, GetCapabilities, GetDefaultAddressSpaces: with no body, null, {} or more than is known', async () => {
    for (const body of ['', 'null', '{}', '{"Unknown": 1}', ' \n']) {
      await serves();
      const capabilities = await limpet.client.call('GetCapabilities', body);
      assert.deepEqual(capabilities.body, { RequiresMACAddress: false, RequiresRequestReplay: false });
      assert.equal(capabilities.type, 'application/vnd.docker.plugins.v1.2+json');
      const spaces = await limpet.client.call('GetDefaultAddressSpaces', body);
      assert.deepEqual(spaces.body, {
        LocalDefaultAddressSpace: 'limpet.local',
        GlobalDefaultAddressSpace: 'limpet.global',
      });
    }
  });

  test('a pool, a gateway, an address, and both given back', async () => {
    const pool = '10.78.0.0/24';
    const made = await limpet.client.call('RequestPool', {
      AddressSpace: 'limpet.global',
      Pool: pool,
      SubPool: '',
      Options: null,
      V6: false,
    });
    assert.deepEqual(made.body, { PoolID: `global/swarm/${pool}`, Pool: pool, Data: {} });
    const { PoolID } = made.body;
    const Options = { RequestAddressType: 'com.docker.network.gateway' };
    const gateway = await limpet.client.call('RequestAddress', { PoolID, Address: '', Options });
    assert.deepEqual(gateway.body, { Address: '10.78.0.1/24', Data: {} });
    const address = await limpet.client.call('RequestAddress', { PoolID });
    assert.deepEqual(address.body, { Address: '10.78.0.2/24', Data: {} });
    for (const Address of ['10.78.0.2', '10.78.0.1']) {
      const released = await limpet.client.call('ReleaseAddress', { PoolID, Address });
      assert.deepEqual([released.status, released.body], [200, {}]);
    }
    const ended = await limpet.client.call('ReleasePool', { PoolID });
    assert.deepEqual([ended.status, ended.body], [200, {}]);
  });
});

describe('fields', () => {
  const good: Record<string, Record<string, unknown>> = {
    RequestPool: { AddressSpace: 'limpet.global', Pool: CIDR, SubPool: '', Options: null, V6: false },
    ReleasePool: { PoolID: G },
    RequestAddress: { PoolID: G, Address: '', Options: null },
    ReleaseAddress: { PoolID: G, Address: '10.77.0.99' },
  };
  const needed: Record<string, string[]> = {
    RequestPool: ['AddressSpace'],
    ReleasePool: ['PoolID'],
    RequestAddress: ['PoolID'],
    ReleaseAddress: ['PoolID', 'Address'],
  };
  const wrong = (field: string): unknown[] => {
    const odd = [7, true, [], {}, ['10.77.0.9'], { a: 1 }, 'x'.repeat(5000)];
    if (field === 'V6') return ['true', 1, {}, []];
    if (field === 'Options') return ['x', 7, true, ['x'], { a: 1 }, { a: null }, { a: ['x'] }, { a: 'x'.repeat(5000) }];
    return odd;
  };

  for (const [call, request] of Object.entries(good)) {
    test(`${call} as it should be`, async () => {
      const { status } = await limpet.client.call(call, request);
      assert.equal(status, 200);
    });

    for (const field of Object.keys(request)) {
      const isNeeded = needed[call]!.includes(field);
      const outcome = isNeeded ? 'an error that names it' : 'as if it were empty';
      test(`${call} without ${field}, or with null: ${outcome}`, async () => {
        for (const value of [undefined, null]) {
          const { status, body } = await limpet.client.call(call, { ...request, [field]: value });
          // Without its address a RequestPool chooses one, and a RequestAddress takes the next.
          assert.equal(status, isNeeded ? 400 : 200, JSON.stringify(body));
          if (isNeeded) assert.match(body.Err, new RegExp(`^IpamDriver\\.${call}: ${field}`));
        }
      });

      test(`${call} with ${field} of another type, or far too long: an error that names it`, async () => {
        for (const value of wrong(field)) {
          const { status, body } = await limpet.client.call(call, { ...request, [field]: value });
          assert.equal(status, 400, JSON.stringify(value).slice(0, 50));
          assert.match(body.Err, new RegExp(`^IpamDriver\\.${call}: ${field}`));
          assert.ok(body.Err.length < 400);
        }
      });
    }

    test(`${call}: bodies that are no object, or no JSON`, async () => {
      for (const body of [
        '[]',
        '7',
        '"x"',
        'true',
        '{',
        '{"PoolID": ',
        '\u0000',
        '{"PoolID": "x"} trailing',
        '<xml/>',
      ]) {
        const answer = await limpet.client.call(call, body);
        assert.equal(answer.status, 400, body);
        assert.match(answer.body.Err, new RegExp(`^IpamDriver\\.${call}: `));
      }
      const deep = '['.repeat(100_000) + ']'.repeat(100_000);
      assert.equal((await limpet.client.call(call, `{"PoolID": ${deep}}`)).status, 400);
    });
  }

  test('values that are no pool, no address, no space', async () => {
    const bad: [string, object, number, RegExp][] = [
      ['RequestPool', { AddressSpace: 'other' }, 400, /no address space "other".*limpet\.global/],
      ['RequestPool', { AddressSpace: 'limpet.global', Pool: '10.0.0.0' }, 400, /"10\.0\.0\.0" is not a valid CIDR/],
      ['RequestPool', { AddressSpace: 'limpet.global', Pool: '10.77.0.0/16' }, 409, /Pool overlaps with other one/],
      ['RequestAddress', { PoolID: 'nonsense' }, 404, /no pool "nonsense"/],
      ['RequestAddress', { PoolID: 'global/swarm/10.99.0.0/24' }, 404, /no subnet 10\.99\.0\.0\/24/],
      ['RequestAddress', { PoolID: G, Address: '10.99.0.1' }, 400, /10\.99\.0\.1 is outside 10\.77\.0\.0\/24/],
      ['RequestAddress', { PoolID: G, Address: 'fd00::1' }, 400, /fd00::1/],
      ['RequestAddress', { PoolID: G, Address: 'x y' }, 400, /x y/],
      ['ReleaseAddress', { PoolID: G, Address: '10.99.0.1' }, 400, /outside/],
      ['ReleasePool', { PoolID: '__proto__' }, 404, /no pool "__proto__"/],
    ];
    for (const [call, request, status, message] of bad) {
      const answer = await limpet.client.call(call, request);
      assert.equal(answer.status, status, `${call} ${JSON.stringify(request)}: ${answer.text}`);
      assert.match(answer.body.Err, message);
    }
  });
});

describe('HTTP', () => {
  test('unknown paths: 404 that says what this is', async () => {
    for (const path of [
      '/',
      '/IpamDriver.',
      '/IpamDriver.Nope',
      '/NetworkDriver.CreateNetwork',
      '/toString',
      '/__proto__',
      '/%00',
      `/${'x'.repeat(4000)}`,
    ]) {
      const { status, body } = await limpet.client.ask(path);
      assert.equal(status, 404, path);
      assert.match(body.Err, /Limpet is an IpamDriver/);
      assert.ok(body.Err.length < 300);
    }
  });

  test('other methods than POST: 405', async () => {
    for (const method of ['GET', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
      const { status, body } = await limpet.client.ask('/IpamDriver.RequestPool', '', method);
      assert.equal(status, 405, method);
      assert.match(body.Err, new RegExp(`wants POST, not ${method}`));
    }
    await serves();
  });

  test('1 MB of noise, and more than 1 MB of anything', async () => {
    const noise = new Uint8Array(1_000_000).map((_, n) => (n * 7919) & 255);
    const answer = await limpet.client.call('RequestAddress', noise);
    assert.equal(answer.status, 400);
    assert.ok(answer.body.Err.length < 300);
    const padded = `{"PoolID": "${G}"}${' '.repeat(1 << 20)}`;
    const { status, body } = await limpet.client.call('RequestAddress', padded);
    assert.equal(status, 413);
    assert.match(body.Err, /longer than 1048576 bytes/);
    await serves();
  });

  test('what is no HTTP: 400, and the connection ends', async () => {
    for (const text of [
      '\x16\x03\x01\x02\x00',
      'HELLO\r\n\r\n',
      'POST / HTTP/9.9\r\n\r\n',
      `POST /${'x'.repeat(100_000)}`,
    ]) {
      const answer = await raw(text);
      assert.match(answer, /^HTTP\/1\.1 4\d\d /, text.slice(0, 20));
    }
    await serves();
  });

  test('a request that trickles in is told off within seconds', { timeout: 30_000 }, async () => {
    const started = performance.now();
    const trickle = raw('POST /IpamDriver.RequestAddress HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n', 'x');
    await serves();
    assert.match(await trickle, /^HTTP\/1\.1 408 .*no whole request within 10000 ms/s);
    assert.ok(performance.now() - started < 15_000);
    await serves();
  });

  test('a client that goes away in the middle is no matter', async () => {
    for (let n = 0; n < 50; n++) {
      const socket = connect(limpet.socket);
      socket.write('POST /IpamDriver.RequestAddress HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{"PoolID"');
      await new Promise((resolve) => setTimeout(resolve, 2));
      socket.destroy();
    }
    await serves();
  });

  /** Sends bytes, then some more every 100 ms; answers what comes until the connection ends. */
  function raw(text: string, more?: string): Promise<string> {
    return new Promise((resolve) => {
      const socket = connect(limpet.socket);
      let answer = '';
      const drip = more === undefined ? undefined : setInterval(() => socket.write(more), 100);
      socket.on('data', (chunk) => {
        answer += chunk;
      });
      socket.on('error', () => {}); // what was answered before counts
      socket.on('close', () => {
        clearInterval(drip);
        resolve(answer);
      });
      socket.write(text, 'latin1');
      if (more === undefined) socket.end();
    });
  }
});

describe('the socket', () => {
  test('is for its owner only', async () => {
    assert.equal((await stat(limpet.socket)).mode & 0o777, 0o600);
  });

  test('of a plugin that runs is not taken', async () => {
    await assert.rejects(plugin(docker.socket, {}, limpet.folder), /another process answers at .*limpet\.sock/);
    await serves();
  });

  test('that a dead process left behind is replaced', async (context) => {
    const folder = await folderFor(context, 'stale');
    const die = "process.kill(process.pid, 'SIGKILL')";
    spawnSync(process.execPath, [
      '-e',
      `net.createServer().listen(process.argv[1], () => ${die})`,
      join(folder, SOCKET),
    ]);
    assert.ok((await stat(join(folder, SOCKET))).isSocket());
    const second = await plugin(docker.socket, {}, folder);
    assert.equal((await second.client.call('Activate')).status, 200);
    await second.stop();
  });

  test('nothing else is replaced by it', async (context) => {
    const folder = await folderFor(context, 'file');
    await writeFile(join(folder, SOCKET), 'precious');
    await assert.rejects(plugin(docker.socket, {}, folder), /limpet\.sock is there and is no socket: give another/);
    assert.equal(await readFile(join(folder, SOCKET), 'utf8'), 'precious');
    await rm(join(folder, SOCKET));
    await symlink('elsewhere', join(folder, SOCKET));
    await assert.rejects(plugin(docker.socket, {}, folder), /is there and is no socket/);
  });

  test('a path that would be cut short is refused', async () => {
    const socket = join(limpet.folder, `${'x'.repeat(100)}.sock`);
    await assert.rejects(plugin(docker.socket, { socket }), /x\.sock is longer than 107 bytes: give another --socket/);
  });

  test('has the metrics and the health', async () => {
    const metrics = await limpet.client.ask('/metrics', '', 'GET');
    assert.equal(metrics.status, 200);
    assert.match(metrics.text, /^limpet_addresses_total\{space="global",outcome="new"\} \d+$/m);
    assert.match(
      metrics.text,
      /^limpet_subnet_addresses\{space="swarm",subnet="10\.77\.0\.0\/24",state="free"\} \d+$/m,
    );
    assert.match(metrics.text, /^limpet_request_seconds_count\{call="IpamDriver\.RequestPool",status="400"\} \d+$/m);
    assert.deepEqual((await limpet.client.ask('/healthz', '', 'GET')).body, { status: 'ok', why: [] });
  });

  test("answers the operators' commands", async () => {
    const { status, body } = await limpet.client.ask('/limpet/v1/status', '', 'GET');
    assert.equal(status, 200);
    assert.ok(JSON.stringify(body).includes(CIDR));
  });
});

describe('the end', () => {
  const HALF = 'POST /IpamDriver.RequestAddress HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n';

  test('waits for nobody who has not asked, and answers who has', { timeout: 20_000 }, async () => {
    const second = await plugin(docker.socket);
    const idle = [connect(second.socket), connect(second.socket)];
    await Promise.all(idle.map((socket) => once(socket, 'connect')));
    idle[1]?.write(HALF);
    const ends = idle.map((socket) => once(socket.on('error', () => {}).resume(), 'close'));
    docker.silent = true;
    const asking = new Client(second.socket);
    const asked = asking.call('RequestPool', { AddressSpace: 'limpet.local', Pool: '10.66.0.0/24' });
    await new Promise((resolve) => setTimeout(resolve, 50));
    const began = performance.now();
    await second.stop();
    docker.silent = false;
    assert.equal(typeof (await asked).status, 'number', 'an answer');
    asking.close();
    await Promise.all(ends);
    assert.ok(performance.now() - began < 5000, `${performance.now() - began} ms`);
  });

  test('leaves nothing to be tried again', { timeout: 20_000 }, async (context) => {
    const folder = await folderFor(context, 'owed');
    await writeFile(join(folder, 'file'), '');
    const second = await plugin(docker.socket, { store: `file://${folder}/file` }, folder);
    const PoolID = 'local/node:nobody/10.66.0.0/24';
    await second.client.call('ReleaseAddress', { PoolID, Address: '10.66.0.9' });
    await second.pause();
    const last = () => JSON.stringify(second.lines.at(-1));
    await until('it is given up', () => /could not be made good/.test(last()));
    const count = second.lines.length;
    await new Promise((resolve) => setTimeout(resolve, 1000));
    assert.deepEqual(second.lines.slice(count), []);
  });
});

describe('the start', () => {
  test('nothing is answered under an ID that cannot be kept', async (context) => {
    const folder = await folderFor(context, 'unkept');
    await writeFile(join(folder, 'state'), '');
    const kept = { stateFile: join(folder, 'state/host.json'), store: `file://${folder}/store` };
    const second = await plugin(docker.socket, kept, folder);
    const request = { AddressSpace: 'limpet.local', Pool: '10.66.0.0/24' };
    const refused = await second.client.call('RequestPool', request);
    assert.equal(refused.status, 503);
    const why = /not ready: who this host is cannot be kept in .*host\.json: .*ENOTDIR|ENOTDIR/;
    await until('it is told', async () => why.test((await second.client.call('RequestPool', request)).text));
    await rm(join(folder, 'state'));
    await until('it is kept', async () => (await second.client.call('RequestPool', request)).status === 200);
    const { id } = JSON.parse(await readFile(join(folder, 'state/host.json'), 'utf8'));
    const { body } = await second.client.call('RequestPool', request);
    assert.equal(body.PoolID, `local/node:${id}/10.66.0.0/24`);
    await second.stop();
  });

  test('needs no Docker: who the host is stands in its state file, and its own networks keep their names', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'limpet-late-'));
    const pools = [];
    for (let n = 0; n < 2; n++) {
      const alone = await plugin(join(folder, 'docker.sock'), {}, folder);
      const request = { AddressSpace: 'limpet.local', Pool: '10.66.0.0/24' };
      await until('the store is open', async () => (await alone.client.call('RequestPool', request)).status === 200);
      pools.push((await alone.client.call('RequestPool', request)).body.PoolID);
      assert.match((await alone.client.ask('/healthz', '', 'GET')).text, /Docker's API|has not been looked at/);
      await alone.pause();
    }
    const { id } = JSON.parse(await readFile(join(folder, 'host.json'), 'utf8'));
    assert.deepEqual(pools, [`local/node:${id}/10.66.0.0/24`, `local/node:${id}/10.66.0.0/24`]);
    await rm(folder, { recursive: true });
  });

  test('a state file that says something else is refused with words, and nothing is lost', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'limpet-state-'));
    await writeFile(join(folder, 'host.json'), 'node-1\n');
    const limpet = await plugin(docker.socket, {}, folder);
    const { status, body } = await limpet.client.call('RequestPool', { AddressSpace: 'limpet.local', Pool: CIDR });
    assert.equal(status, 503);
    assert.match(body.Err, /host\.json does not say who this host is, but "node-1.*": remove it/);
    await limpet.pause();
    assert.equal(await readFile(join(folder, 'host.json'), 'utf8'), 'node-1\n');
    await rm(folder, { recursive: true });
  });

  test('etcd is away: errors within the deadline, the socket serves, and it ends when asked to', async () => {
    const away = await plugin(docker.socket, { store: 'etcd://127.0.0.1:1?deadline=300' });
    const { status, body } = await away.client.call('RequestPool', { AddressSpace: 'limpet.global', Pool: CIDR });
    assert.equal(status, 503);
    assert.match(body.Err, /Limpet is not ready/);
    await until('it says why', async () => /etcd/.test((await away.client.ask('/healthz', '', 'GET')).text));
    assert.equal((await away.client.call('Activate')).status, 200);
    await away.stop();
  });

  test('/metrics and /healthz on an address of their own', async () => {
    const port = await freePort();
    const watched = await plugin(docker.socket, { metrics: `127.0.0.1:${port}` });
    assert.match(await (await fetch(`http://127.0.0.1:${port}/metrics`)).text(), /limpet_store_open/);
    assert.equal((await fetch(`http://127.0.0.1:${port}/limpet/v1/status`)).status, 404);
    await watched.stop();
    await assert.rejects(
      plugin(docker.socket, { metrics: 'nonsense' }),
      /"nonsense" is not a valid address for metrics/,
    );
  });

  test('what was answered is there after a restart on a file store', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'limpet-file-'));
    const options = { store: `file://${folder}/store` };
    const first = await plugin(docker.socket, options, folder);
    await until('open', async () => (await first.client.ask('/healthz', '', 'GET')).status === 200);
    const pool = await first.client.call('RequestPool', { AddressSpace: 'limpet.local', Pool: '10.90.0.0/24' });
    const name = { 'com.docker.network.endpoint.name': 'db' };
    const request = { PoolID: pool.body.PoolID, Options: name };
    const { body } = await first.client.call('RequestAddress', request);
    await first.pause();
    const second = await plugin(docker.socket, options, folder);
    await until('open', async () => (await second.client.ask('/healthz', '', 'GET')).status === 200);
    assert.deepEqual((await second.client.call('RequestAddress', request)).body, body);
    await second.stop();
    await rm(folder, { recursive: true, force: true });
  });

  function freePort(): Promise<number> {
    return new Promise((resolve) => {
      const server = createServer().listen(0, '127.0.0.1', () => {
        const { port } = server.address() as { port: number };
        server.close(() => resolve(port));
      });
    });
  }
});

test('a worker says so, and Docker 29 has another version', async () => {
  const docker29 = await ServedDocker.start({ info: info('node-9', { manager: false }) });
  docker29.version = '1.52';
  const worker = await plugin(docker29.socket, { node: undefined as never });
  await until('healthy', async () => (await worker.client.ask('/healthz', '', 'GET')).status === 200);
  assert.ok(docker29.asked.some((path) => path.startsWith('/v1.52/containers/json')));
  assert.ok(!docker29.asked.some((path) => path.includes('/nodes')));
  await worker.stop();
  await docker29.stop();
});

test('a Docker that dies closes its connections: what it has asked for is not done later', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'limpet-gone-'));
  const service = await AllocatorService.open(new MemoryStore());
  const asked: { readonly call: string; readonly gone: AbortSignal | undefined }[] = [];
  const server = makeServer({
    protocol: {
      answer: async (call, _, gone) => {
        asked.push({ call, gone });
        return call === 'IpamDriver.ReleasePool' ? new Promise(() => {}) : {};
      },
    },
    log: openLog('silent'),
    metrics: new Metrics(() => service),
    mounts: [],
  });
  const path = join(folder, 'limpet.sock');
  await listen(server, path);
  const socket = connect(path);
  const body = JSON.stringify({ PoolID: G });
  socket.write(`POST /IpamDriver.ReleasePool HTTP/1.1\r\nHost: d\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
  await until('it is asked', async () => asked.length === 1);
  assert.equal(asked[0]?.gone?.aborted, false);
  socket.destroy();
  await until('it is called off', async () => asked[0]?.gone?.aborted === true);
  server.close();
  await service.close();
  await rm(folder, { recursive: true, force: true });
});
