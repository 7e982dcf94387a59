// Docker's API over TCP with TLS, as DOCKER_HOST, DOCKER_TLS_VERIFY and DOCKER_CERT_PATH name it: served with
// certificates on both ends, refused with words where one is missing.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Docker } from '../../src/docker/docker.js';
import { dockerHost } from '../../src/docker/docker-host.js';
import { LimpetError } from '../../src/host/errors.js';

const isMissing = spawnSync('openssl', ['version']).status !== 0;

describe('TLS', { skip: isMissing && 'openssl makes the certificates' }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'limpet-docker-tls-'));
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' });
  const file = (name: string) => readFileSync(join(folder, name));
  let server: Server;
  let port: number;

  before(async () => {
    const fresh = ['-newkey', 'rsa:2048', '-nodes'];
    openssl('req', '-x509', ...fresh, '-days', '2', '-subj', '/CN=ca', '-keyout', 'ca-key.pem', '-out', 'ca.pem');
    writeFileSync(join(folder, 'ext'), 'subjectAltName=IP:127.0.0.1\nextendedKeyUsage=serverAuth,clientAuth\n');
    for (const [name, key] of [
      ['cert', 'key'],
      ['server-cert', 'server-key'],
    ] as const) {
      openssl('req', ...fresh, '-subj', `/CN=${name}`, '-keyout', `${key}.pem`, '-out', `${name}.csr`);
      const signed = ['-CA', 'ca.pem', '-CAkey', 'ca-key.pem', '-CAcreateserial', '-days', '2', '-extfile', 'ext'];
      openssl('x509', '-req', '-in', `${name}.csr`, ...signed, '-out', `${name}.pem`);
    }
    const tls = { ca: file('ca.pem'), cert: file('server-cert.pem'), key: file('server-key.pem') };
    server = createServer({ ...tls, requestCert: true, rejectUnauthorized: true }, (request, response) => {
      const body = request.url === '/version' ? { ApiVersion: '1.41' } : [{ Id: 'id', Name: 'web' }];
      response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    port = (server.address() as AddressInfo).port;
  });

  after(() => {
    server.closeAllConnections();
    server.close();
    rmSync(folder, { recursive: true });
  });

  test('with the certificates that Docker’s own commands use', async () => {
    for (const host of [`tcp://127.0.0.1:${port}`, `https://127.0.0.1:${port}`]) {
      const docker = new Docker(dockerHost(host, { DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: folder }));
      assert.deepEqual(
        (await docker.networks()).map(({ name }) => name),
        ['web'],
      );
    }
  });

  test('without a certificate of ours it is refused by Docker, and said to be', async () => {
    const docker = new Docker({ host: `tcp://127.0.0.1:${port}` });
    await assert.rejects(docker.networks(), (error) => error instanceof LimpetError && error.code === 'UNAVAILABLE');
  });
});

test('a file that is missing is named', () => {
  assert.throws(
    () => dockerHost('tcp://10.0.0.1:2376', { DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: '/nowhere' }),
    /Docker at tcp:\/\/10\.0\.0\.1:2376 wants TLS, and \/nowhere\/ca\.pem cannot be read .*: set DOCKER_CERT_PATH/,
  );
  assert.throws(() => dockerHost('https://10.0.0.1', { HOME: '/nowhere' }), /\/nowhere\/\.docker\/ca\.pem/);
});

test('a socket needs none, whatever the environment says', () => {
  const environment = { DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: '/nowhere' };
  assert.deepEqual(dockerHost('/var/run/docker.sock', environment), { host: '/var/run/docker.sock' });
  assert.deepEqual(dockerHost('unix:///run/d.sock', environment), { host: 'unix:///run/d.sock' });
});

test('what is no address is refused, with what to write', () => {
  for (const host of ['nowhere', 'ftp://x', 'https://host:2376', 'npipe:////./pipe/docker_engine', 'ssh://host'])
    assert.throws(() => new Docker({ host }), /is not a valid address of Docker's API: write .*tcp:\/\/host:2375/);
});
