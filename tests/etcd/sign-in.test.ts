// The etcd store and who it is for etcd: TLS, user and password, tokens that end.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { etcdOptions } from '../../src/entries/etcd-store.js';
import type { Change } from '../../src/service/store.js';
import { Etcd } from './etcd.js';
import { bind, eventually, live, NET, open, refuses, sleep, specOf, Wire } from './harness.js';

const create: Change = { op: 'create', spec: specOf(NET) };

describe('the etcd store signs in', () => {
  const folder = mkdtempSync(join(tmpdir(), 'limpet-tls-'));
  const file = (name: string) => join(folder, name);
  const ends: (() => unknown)[] = [];
  after(async () => {
    for (const end of ends.reverse()) await end();
    rmSync(folder, { recursive: true, force: true });
  });

  before(() => {
    const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' });
    for (const ca of ['ca', 'other']) {
      openssl(
        'req',
        '-x509',
        '-newkey',
        'rsa:2048',
        '-nodes',
        '-days',
        '2',
        '-subj',
        `/CN=${ca}`,
        '-keyout',
        `${ca}.key`,
        '-out',
        `${ca}.pem`,
      );
    }
    writeFileSync(
      file('server.ext'),
      'subjectAltName=IP:127.0.0.1,DNS:localhost\nextendedKeyUsage=serverAuth,clientAuth\n',
    );
    for (const name of ['server', 'client']) {
      openssl(
        'req',
        '-newkey',
        'rsa:2048',
        '-nodes',
        '-subj',
        `/CN=${name}`,
        '-keyout',
        `${name}.key`,
        '-out',
        `${name}.csr`,
      );
      openssl(
        'x509',
        '-req',
        '-in',
        `${name}.csr`,
        '-CA',
        'ca.pem',
        '-CAkey',
        'ca.key',
        '-CAcreateserial',
        '-days',
        '2',
        '-extfile',
        'server.ext',
        '-out',
        `${name}.pem`,
      );
    }
  });

  test('TLS: with the CA and a certificate of one’s own; not without', async () => {
    const { etcd, remove } = await Etcd.start({
      scheme: 'https',
      flags: [
        '--cert-file',
        file('server.pem'),
        '--key-file',
        file('server.key'),
        '--client-cert-auth',
        '--trusted-ca-file',
        file('ca.pem'),
      ],
      ctl: ['--cacert', file('ca.pem'), '--cert', file('client.pem'), '--key', file('client.key')],
    });
    ends.push(remove);
    const url = `etcd://${etcd.endpoint}?ttl=2&deadline=1000`;
    const { store } = await open(
      etcdOptions(url, 'n1', {
        LIMPET_ETCD_CA: file('ca.pem'),
        LIMPET_ETCD_CERT: file('client.pem'),
        LIMPET_ETCD_KEY: file('client.key'),
      }),
    );
    ends.push(() => store.close());
    assert.equal(await store.commit(NET, [create]), 'done');
    assert.equal(await store.commit(NET, [bind('web.1', '10.0.0.1'), live('web.1')]), 'done');
    await assert.rejects(open(etcdOptions(url, 'n1', { LIMPET_ETCD_CA: file('ca.pem') })), refuses('UNAVAILABLE'));
    await assert.rejects(open(etcdOptions(url, 'n1', { LIMPET_ETCD_CA: file('other.pem') })), refuses('UNAVAILABLE'));
    await assert.rejects(open(etcdOptions(url, 'n1', {})), refuses('UNAVAILABLE'));
    const wrong = {
      ca: readFileSync(file('ca.pem')),
      certificate: readFileSync(file('other.pem')),
      key: readFileSync(file('other.key')),
    };
    await assert.rejects(open({ endpoints: [etcd.endpoint], tls: wrong, deadline: 1000 }), refuses('UNAVAILABLE'));
  });

  test('user and password; also after etcd has forgotten who signed in', async () => {
    const { etcd, remove } = await Etcd.start();
    ends.push(remove);
    etcd.ctl('user', 'add', 'root:top');
    etcd.ctl('user', 'add', 'limpet:pass word');
    etcd.ctl('role', 'add', 'limpet');
    etcd.ctl('role', 'grant-permission', '--prefix=true', 'limpet', 'readwrite', '/limpet/v2/');
    etcd.ctl('user', 'grant-role', 'limpet', 'limpet');
    etcd.ctl('user', 'grant-role', 'root', 'root');
    etcd.ctl('auth', 'enable');
    etcd.ctlFlags.push('--user', 'root:top');
    const url = `etcd://${etcd.endpoint}?ttl=2&deadline=2000&plain-auth=yes`;
    const who = { LIMPET_ETCD_USER: 'limpet', LIMPET_ETCD_PASSWORD: 'pass word' };
    const { store, memory } = await open(etcdOptions(url, 'n1', who));
    ends.push(() => store.close());
    assert.equal(await store.commit(NET, [create]), 'done');
    assert.equal(await store.commit(NET, [bind('web.1', '10.0.0.1'), live('web.1')]), 'done');
    const denied = refuses('UNAVAILABLE', 'none', /authentication failed/);
    await assert.rejects(open(etcdOptions(url, 'n1', { ...who, LIMPET_ETCD_PASSWORD: 'wrong' })), denied);
    await assert.rejects(
      open(etcdOptions(url, 'n1', {})),
      refuses('UNAVAILABLE', undefined, /user name|permission|token/),
    );
    await assert.rejects(
      open({ ...etcdOptions(url, 'n1', who), prefix: '/other/' }),
      refuses('UNAVAILABLE', 'none', /permission denied/),
    );
    await etcd.kill();
    etcd.spawn();
    await etcd.healthy();
    await eventually('it is back', () => memory.events.some(({ message }) => message.includes('is back')), 20_000);
    assert.equal(await store.commit(NET, [bind('web.2', '10.0.0.2'), live('web.2')]), 'done');
    etcd.ctl('put', '/limpet/v2/held/default/10.0.0.0%2F18/10.0.0.7', '');
    await eventually('the watch is signed in again', () => memory.held.has('10.0.0.7'));
    await sleep(3000);
    assert.equal(etcd.keys('/limpet/v2/live/').size, 2, 'the lease is kept');
  });

  test('a token that ends: signed in again, for calls, for the watch and for the lease', async () => {
    execFileSync('openssl', ['genrsa', '-out', file('jwt.key'), '2048'], { stdio: 'ignore' });
    execFileSync('openssl', ['rsa', '-in', file('jwt.key'), '-pubout', '-out', file('jwt.pem')], { stdio: 'ignore' });
    const token = `jwt,pub-key=${file('jwt.pem')},priv-key=${file('jwt.key')},sign-method=RS256,ttl=2s`;
    const { etcd, remove } = await Etcd.start({ flags: ['--auth-token', token] });
    ends.push(remove);
    etcd.ctl('user', 'add', 'root:top');
    etcd.ctl('user', 'grant-role', 'root', 'root');
    etcd.ctl('auth', 'enable');
    etcd.ctlFlags.push('--user', 'root:top');
    const wire = await Wire.to(etcd.endpoint);
    ends.push(() => wire.cut());
    const who = { user: 'root', password: 'top', plainAuth: true, ttl: 2, deadline: 2000 };
    const { store, memory } = await open({ endpoints: [wire.endpoint], ...who });
    ends.push(() => store.close());
    assert.equal(await store.commit(NET, [create]), 'done');
    for (let i = 0; i < 4; i++) {
      assert.equal(await store.commit(NET, [bind(`web.${i}`, `10.0.0.${i + 1}`), live(`web.${i}`)]), 'done');
      await sleep(2100); // longer than the token lasts
    }
    assert.equal(etcd.keys('/limpet/v2/live/').size, 4, 'the lease is kept');
    etcd.ctl('put', '/limpet/v2/held/default/10.0.0.0%2F18/10.0.0.7', '');
    await eventually('the watch goes on', () => memory.held.has('10.0.0.7'));
    await wire.cut();
    await wire.mend();
    etcd.ctl('put', '/limpet/v2/held/default/10.0.0.0%2F18/10.0.0.8', '');
    await eventually('a new watch is signed in again', () => memory.held.has('10.0.0.8'));
    assert.deepEqual([memory.readies, memory.liveOn('web.0')], [0, ['n1']]);
  });
});
