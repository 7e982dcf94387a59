// Passwords, wherever an operator puts them: they reach neither the log nor an error, nor the network in clear.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import fc from 'fast-check';
import { dockerHost } from '../../src/docker/docker-host.js';
import { Docker } from '../../src/docker/index.js';
import { EtcdStore, etcdOptions } from '../../src/entries/etcd-store.js';
import { withoutSecrets } from '../../src/host/secrets.js';
import { openStore } from '../../src/stores/open-store.js';
import { limpet } from '../operate/rig.js';
import { plugin } from '../plugin/plugins.js';

const PASSWORDS = ['hunter22', 'hun/ter22', 'hunter?22', 'hun@ter22', 'hunter22#', 'a/b?hunter22=@x', 'hunter\n22'];
const LEAK = /hun|ter22/;
const folder = mkdtempSync(join(tmpdir(), 'limpet-secrets-'));
after(() => rmSync(folder, { recursive: true }));

const inUrls = (password: string) => [
  `etcd://root:${password}@127.0.0.1:2379`,
  `etcd://root:${password}@127.0.0.1:2379?ttl=5`,
  `etcd://127.0.0.1?password=${password}`,
  `ectd://root:${password}@h`,
  `root:${password}@h`,
  `file://root:${password}@h/folder`,
];

describe('a password in a URL', () => {
  for (const password of PASSWORDS) {
    test(`${JSON.stringify(password)}: no error repeats it`, async () => {
      for (const url of inUrls(password)) {
        const error: any = await openStore(url, { node: 'n', environment: {} }).catch((error) => error);
        assert.equal(error.name, 'LimpetError', url);
        assert.doesNotMatch(JSON.stringify([error.message, error.details, error.stack]), LEAK, url);
      }
      for (const scheme of ['tcp', 'https', 'http', 'ssh']) {
        const open = () => new Docker(dockerHost(`${scheme}://root:${password}@h:1`, { DOCKER_CERT_PATH: folder }));
        assert.throws(open, (error: any) => !LEAK.test(JSON.stringify([error.message, error.details])));
      }
    });
  }

  test('nothing before the last @ is left, and what has none stays as it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (password) => {
        assert.equal(withoutSecrets(`etcd://u:${password}@host:1?ttl=1`), 'etcd://…@host:1?ttl=1');
      }),
    );
    for (const url of ['memory:', 'file:///var/lib/limpet', 'etcd://a:1,b:2?prefix=/x/&ttl=3']) {
      assert.equal(withoutSecrets(url), url);
    }
  });

  test('the plugin refuses to start, and does not repeat it', async () => {
    for (const url of inUrls('a/b?hunter22')) {
      const error: any = await plugin(join(folder, 'no-docker.sock'), { store: url, environment: {} }).catch(
        (no) => no,
      );
      assert.deepEqual([error.name, error.code], ['LimpetError', 'BAD_INPUT'], url);
      assert.doesNotMatch(JSON.stringify([error.message, error.details, error.stack]), LEAK, url);
    }
  });

  test('the command line does not repeat it either', async () => {
    const { code, stdout, stderr } = await limpet(['status', '--store', 'etcd://root:a/b?hunter22@h'], {
      LIMPET_STATE: join(folder, 'host.json'),
    });
    assert.deepEqual([code, stdout], [2, '']);
    assert.doesNotMatch(stderr, LEAK);
  });
});

describe('user and password of etcd', () => {
  const file = (name: string, text: string) => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const who = { LIMPET_ETCD_USER: 'u', LIMPET_ETCD_PASSWORD: 'hunter22' };
  const ca = { LIMPET_ETCD_CA: file('ca.pem', 'PEM') };

  test('come from files: their first line', () => {
    const files = {
      LIMPET_ETCD_USER_FILE: file('user', 'u\n'),
      LIMPET_ETCD_PASSWORD_FILE: file('password', 'hunter 22 \r\nmore\n'),
    };
    const { user, password } = etcdOptions('etcd://a', 'n', { ...files, ...ca });
    assert.deepEqual([user, password], ['u', 'hunter 22 ']);
    assert.throws(() => etcdOptions('etcd://a', 'n', { ...files, ...who }), /exclude each other/);
    const empty = { ...ca, LIMPET_ETCD_USER: 'u', LIMPET_ETCD_PASSWORD_FILE: file('empty', '\nx') };
    assert.throws(() => etcdOptions('etcd://a', 'n', empty), /the first line of .*empty is empty/);
    const missing = { ...ca, LIMPET_ETCD_USER: 'u', LIMPET_ETCD_PASSWORD_FILE: join(folder, 'none') };
    assert.throws(() => etcdOptions('etcd://a', 'n', missing), /LIMPET_ETCD_PASSWORD_FILE: ENOENT/);
  });

  test('do not go over plain HTTP, unless that is asked for', async () => {
    const open = (url: string, environment: object) => openStore(url, { node: 'n', environment });
    const refused = { code: 'BAD_INPUT', message: /no LIMPET_ETCD_CA: .* plain-auth=yes in the URL, or plainAuth/ };
    await assert.rejects(open('etcd://a', who), refused);
    await assert.rejects(open('etcd://a?plain-auth=no', who), refused);
    await assert.rejects(open('etcd://a?plain-auth=1', who), /it is yes or no/);
    await (await open('etcd://a?plain-auth=yes', who)).close();
    await (await open('etcd://a', { ...who, ...ca })).close();
    // In code, too.
    const options = { endpoints: ['a:2379'], node: 'n', user: 'u', password: 'hunter22' };
    assert.throws(
      () => new EtcdStore(options),
      (error: any) => refused.message.test(error.message) && !LEAK.test(error.message),
    );
    await new EtcdStore({ ...options, plainAuth: true }).close();
    await new EtcdStore({ ...options, tls: { ca: 'PEM' } }).close();
  });
});
