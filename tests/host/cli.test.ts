// The command line as a user meets it: the built dist/cli.js in a process of its own, by its output and exit code.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { recordingsText, target } from '../../scripts/recordings.js';
import { openTasks } from '../../src/cli/files.js';
import { painter } from '../../src/cli/print.js';
import { survey } from '../../src/cli/survey.js';
import { cliPath } from '../limpet.js';
import { rebuildTwin } from '../rebuild-twin.js';
import { fixture, fixturePath, NETWORKS, STEPS } from './recordings.js';

const folder = mkdtempSync(join(tmpdir(), 'limpet-cli-'));
after(() => rmSync(folder, { recursive: true }));

interface Ran {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Runs the command line in the tests' folder; `input` goes to its standard input. */
function limpet(args: string[], input: string | Buffer = ''): Promise<Ran> {
  const child = spawn(process.execPath, [cliPath, ...args], { cwd: folder });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text) => (stderr += text));
  child.stdin.on('error', () => {}); // it may fail before it has read all
  child.stdin.end(input);
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, stdout, stderr })));
}

/** A file in the tests' folder, by its name there. */
function file(name: string, content: unknown): string {
  const raw = typeof content === 'string' || Buffer.isBuffer(content);
  writeFileSync(join(folder, name), raw ? (content as string) : JSON.stringify(content));
  return name;
}

const lines = (records: unknown[]) => records.map((record) => `${JSON.stringify(record)}\n`).join('');
const recorded = (step: (typeof STEPS)[number]) => ({
  tasks: fixturePath(step, 'tasks.json'),
  services: fixturePath(step, 'services.json'),
  networks: fixturePath(step, 'networks.json'),
});

describe('rebuild gives the bindings of the twin', () => {
  for (const step of STEPS) {
    for (const { name, id, cidr, gateway } of NETWORKS) {
      test(`${step}, ${name}`, async () => {
        const { tasks, services, networks } = recorded(step);
        const list = fixture(step, 'services');
        const virtual = list.flatMap(({ Endpoint }) => Endpoint.VirtualIPs).filter(({ NetworkID }) => NetworkID === id);
        const held = [gateway, ...virtual.map(({ Addr }) => Addr.split('/')[0])];
        const twin = rebuildTwin(fixture(step, 'tasks'), { cidr, network: name, services: list, held });
        const known = ['--tasks', tasks, '--services', services, '--json', '--network'];
        const expected = { network: name, subnet: cidr, bindings: twin.bindings, conflicts: [], skipped: [] };
        const shuffled = file('shuffled.ndjson', lines([...fixture(step, 'tasks')].reverse()));
        const ways = [
          [...known, name, '--networks', networks],
          [...known, id],
          [...known, name, '--subnet', cidr],
          ['--tasks', shuffled, ...known.slice(2), name],
        ];
        for (const args of ways) {
          const ran = await limpet(['rebuild', ...args]);
          assert.deepEqual([ran.stderr, ran.code], ['', 0]);
          assert.deepEqual(JSON.parse(ran.stdout), expected);
        }
      });
    }
  }

  test('from standard input, with a byte order mark, without services', async () => {
    const tasks = Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), readFileSync(recorded('2-drained').tasks)]);
    const { stdout, code } = await limpet(['rebuild', '--tasks', '-', '--network', 'stock', '--json'], tasks);
    const packed = file('tasks.json.gz', gzipSync(tasks));
    assert.equal((await limpet(['rebuild', '--tasks', packed, '--network', 'stock', '--json'])).stdout, stdout);
    const expected = rebuildTwin(fixture('2-drained', 'tasks'), { cidr: '10.0.5.0/24', network: 'stock' });
    assert.equal(code, 0);
    assert.deepEqual(JSON.parse(stdout).bindings, expected.bindings);
  });

  test('what has exactly these keys', async () => {
    const records = [
      { identity: 'a', address: '10.0.0.2', state: 'live' },
      { identity: 'b', address: '10.0.0.2', state: 'live' },
      { identity: 'c', address: '10.0.0.3', state: 'reserved' },
      { identity: 'd', address: '10.0.1.3', state: 'live' },
      { identity: 'e', address: 'nonsense', state: 'live' },
      { identity: 'f', address: '10.0.0.0', state: 'live' },
    ];
    const args = ['rebuild', '--tasks', file('compact.ndjson', lines(records)), '--network', 'any'];
    const { stdout, stderr, code } = await limpet([...args, '--subnet', '10.0.0.0/24', '--json']);
    assert.deepEqual([stderr, code], ['', 1]);
    const { skipped, ...rest } = JSON.parse(stdout);
    assert.deepEqual(rest, {
      network: 'any',
      subnet: '10.0.0.0/24',
      bindings: [
        { identity: 'a', address: '10.0.0.2', state: 'live' },
        { identity: 'c', address: '10.0.0.3', state: 'reserved' },
      ],
      conflicts: [{ address: '10.0.0.2', winner: 'a', loser: 'b' }],
    });
    assert.deepEqual(
      skipped.map(({ reason, record }: any) => [reason, record]),
      [
        ['outside-subnet', '#3'],
        ['bad-address', '#4'],
        ['excluded', '#5'],
      ],
    );
  });
});

describe('rebuild for people', () => {
  test('a table and a report, 80 columns wide, without colour in a pipe', async () => {
    const { tasks, services, networks } = recorded('2-drained');
    const args = ['rebuild', '--tasks', tasks, '--services', services, '--networks', networks, '--network', 'st1'];
    const { stdout, code } = await limpet(args);
    assert.equal(code, 0);
    assert.ok(stdout.split('\n').every((line) => line.length <= 80));
    assert.ok(!stdout.includes('\u001b'));
    assert.match(stdout, /^network {3}st1 \(vtum43z8ox2kftbo5cn0nyv56\)\nsubnet {4}10\.77\.0\.0\/24\n/);
    assert.match(stdout, /^held {6}gateway 10\.77\.0\.1, 2 virtual IPs$/m);
    assert.match(stdout, /^ {2}10\.77\.0\.14 {3}agent\.25x7pxtekpnmdw86556dkruds {3}reserved$/m);
    assert.match(stdout, /^12 live, 1 reserved, 0 conflicts, 0 skipped\n3 older claims superseded, 14 tasks on/m);
  });

  test('conflicts and skipped records by name, whatever the names do to a terminal', async () => {
    const records = [
      { identity: 'a', address: '10.0.0.2', state: 'live' },
      { identity: 'b\u001b[2J', address: '10.0.0.2', state: 'live' },
      { identity: 'c', address: 'nonsense', state: 'live' },
    ];
    const args = ['rebuild', '--tasks', '-', '--network', 'any', '--subnet', '10.0.0.0/24'];
    const { stdout, code } = await limpet(args, lines(records));
    assert.equal(code, 1);
    assert.match(stdout, /^1 conflict: .*\n.*\n {2}10\.0\.0\.2 {3}a {9}b\\u\{1b\}\[2J$/m);
    assert.match(stdout, /^1 record skipped\n.*\n {2}bad-address {3}#2 {7}"nonsense" is not an IP address$/m);
  });

  test('colour only on a terminal, and not against NO_COLOR', () => {
    assert.equal(painter({ isTTY: true }, {})('red', 'x'), '\u001b[31mx\u001b[39m');
    assert.equal(painter({ isTTY: true }, { NO_COLOR: '1' })('red', 'x'), 'x');
    assert.equal(painter({ isTTY: true }, { TERM: 'dumb' })('red', 'x'), 'x');
    assert.equal(painter({}, {})('red', 'x'), 'x');
  });
});

test('a task list says how much of it has been read, in each pass', async () => {
  const name = join(folder, file('half.json', Buffer.alloc(2_500_000, 32)));
  const list = await openTasks(name);
  assert.equal(list.seen(), `${name}, 0 of 3 MB`);
  for (let pass = 0; pass < 2; pass++) {
    let bytes = 0;
    for await (const chunk of list.chunks()) bytes += chunk.length;
    assert.deepEqual([bytes, list.seen()], [2_500_000, `${name}, 3 of 3 MB`]);
  }
  for await (const _ of list.chunks()) break;
  assert.equal(list.seen(), `${name}, 1 of 3 MB`);
});

describe('exit codes and error lines', { concurrency: 2 }, () => {
  const { tasks, services, networks } = recorded('1-created');
  const stock = ['--network', 'stock'];
  const text = readFileSync(tasks, 'utf8');
  const network = { Id: 'e9xfkmgj32ktyfqhg0giowc4d', Name: 'stock', IPAM: { Config: [{ Subnet: '10.0.5.0/24' }] } };
  const two = { ...network, IPAM: { Config: [{ Subnet: '10.0.5.0/24' }, { Subnet: 'fd00::/64' }] } };
  const other = { ...network, Id: 'other' };
  const bare = [{ ID: 't', NetworksAttachments: [{ Network: { ID: 'n', Spec: { Name: 'stock' } } }] }];
  const namesake = fixture('1-created', 'tasks').map((task) => {
    return JSON.parse(JSON.stringify(task).replaceAll('e9xfkmgj32ktyfqhg0giowc4d', task.Slot === 1 ? 'zz' : 'aa'));
  });
  const from = (...more: string[]) => ['rebuild', '--tasks', tasks, ...stock, ...more];
  const input = ['rebuild', '--tasks', '-', ...stock];
  const compact = '{"identity":"a","address":"10.0.0.2","state":"live"}\n';

  const cases: [string, string[], number, RegExp, (string | Buffer)?][] = [
    ['help', ['--help'], 0, /^$/],
    ['version', ['--version'], 0, /^$/],
    ['help for rebuild', ['rebuild', '--help'], 0, /^$/],
    ['all given', from('--services', services, '--networks', networks), 0, /^$/],
    [
      'a dual-stack network, one subnet chosen',
      from('--networks', file('two.json', [two]), '--subnet', '10.0.5.0/24'),
      0,
      /^$/,
    ],
    ['a subnet within the network', from('--subnet', '10.0.5.0/29'), 0, /^$/],
    [
      'a bad line among good ones',
      ['rebuild', '--tasks', '-', '--network', 'x', '--subnet', '10.0.0.0/24'],
      0,
      /^$/,
      `${compact}nonsense\n`,
    ],
    [
      'a conflict',
      ['rebuild', '--tasks', '-', '--network', 'x', '--subnet', '10.0.0.0/24'],
      1,
      /^$/,
      compact + compact.replace('"a"', '"b"'),
    ],
    ['no command', [], 2, /no command given/],
    ['an unknown command', ['rebiuld'], 2, /unknown command 'rebiuld'/],
    ['an unknown option', from('--jsn'), 2, /unknown option '--jsn'/],
    ['no tasks', ['rebuild', ...stock], 2, /--tasks/],
    ['no network', ['rebuild', '--tasks', tasks], 2, /--network/],
    ['an argument too many', ['demo', 'x'], 2, /too many arguments/],
    ['a missing file', ['rebuild', '--tasks', 'gone.json', ...stock], 2, /cannot read gone\.json: no such file/],
    ['a missing services file', from('--services', 'gone.json'), 2, /cannot read gone\.json: no such file/],
    ['a directory', ['rebuild', '--tasks', '.', ...stock], 2, /\. is a directory/],
    ['a directory for services', from('--services', '.'), 2, /cannot read \.: it is a directory/],
    ['standard input twice', [...input, '--services', '-'], 2, /only one of --tasks and --services can be -/],
    [
      'standard input thrice',
      [...input, '--services', '-', '--networks', '-'],
      2,
      /only one of --tasks and --services and --networks/,
    ],
    ['an empty file', ['rebuild', '--tasks', file('empty', ''), ...stock], 2, /empty lists no tasks/],
    ['white space only', input, 2, /standard input lists no tasks/, ' \n\n'],
    ['an empty list', input, 2, /standard input lists no tasks/, '[]'],
    ['UTF-16', input, 2, /standard input is UTF-16/, Buffer.from('\ufeff[]', 'utf16le')],
    ['a truncated list', input, 2, /standard input: .*\d/, text.slice(0, 5000)],
    ['a list cut within a string', input, 2, /standard input: .*\d/, text.slice(0, text.indexOf('running') + 3)],
    ['a truncated list, all known', [...input, '--networks', networks], 2, /standard input: .*\d/, text.slice(0, 9000)],
    [
      'garbage between records',
      input,
      2,
      /standard input: .*\d/,
      text.replace('},{"ID"', '},x{"ID"').replace('},\n{"ID"', '},x{"ID"'),
    ],
    ['no JSON at all', input, 2, /standard input: .*"hello/, 'hello\nworld\n'],
    ["Docker's refusal for tasks", input, 2, /it says "not a manager"/, '{"message":"not a manager"}'],
    [
      "Docker's refusal for services",
      from('--services', file('refused.json', { message: 'not a manager' })),
      2,
      /refused\.json: .*"not a manager"/,
    ],
    [
      'tasks for services',
      from('--services', tasks),
      2,
      /tasks\.json: this looks like GET \/tasks, not GET \/services/,
    ],
    ['services for networks', from('--networks', services), 2, /services\.json: this looks like GET \/services, not/],
    [
      'networks for tasks',
      ['rebuild', '--tasks', networks, ...stock],
      2,
      /networks\.json: this looks like GET \/networks, not GET \/tasks/,
    ],
    [
      'nodes for tasks, a record a line',
      ['rebuild', '--tasks', '-', ...stock],
      2,
      /standard input: this looks like GET \/nodes, not GET \/tasks/,
      lines(fixture('1-created', 'nodes')),
    ],
    [
      'containers for services',
      from('--services', fixturePath('1-created', 'containers-node-1.json')),
      2,
      /this looks like GET \/containers\/json, not GET \/services/,
    ],
    [
      'services of the wrong shape',
      from('--services', file('s.json', [{ ID: 'a' }])),
      2,
      /s\.json: services\[0\]\.Spec/,
    ],
    ['damaged gzip', ['rebuild', '--tasks', file('bad.gz', gzipSync(text).fill(1, 20)), ...stock], 2, /damaged gzip/],
    [
      'a gzip cut off',
      ['rebuild', '--tasks', file('cut.gz', gzipSync(text).subarray(0, 900)), ...stock],
      2,
      /ends too e/,
    ],
    ['services that are no JSON', from('--services', file('no.json', '{,}')), 2, /no\.json is not JSON/],
    ['truncated services', from('--services', file('cut.json', '[{"ID":')), 2, /cut\.json is not JSON/],
    ['empty services', from('--services', file('empty.json', ' ')), 2, /empty\.json is empty/],
    [
      'services that are no UTF-8',
      from('--services', file('latin1.json', Buffer.from('["\xe9"]', 'latin1'))),
      2,
      /latin1\.json: it is not UTF-8/,
    ],
    [
      'virtual IPs of the wrong shape',
      from('--services', file('v.json', [{ ID: 'a', Spec: { Name: 'a' }, Endpoint: { VirtualIPs: 1 } }])),
      2,
      /v\.json: services\[0\]\.Endpoint/,
    ],
    [
      'a network that is not listed',
      ['rebuild', '--tasks', tasks, '--networks', networks, '--network', 'nope'],
      2,
      /networks\.json: no network "nope" .*"stock"/,
    ],
    [
      'a network that no task has',
      ['rebuild', '--tasks', tasks, '--networks', networks, '--network', 'ingress'],
      2,
      /tasks\.json: no task is on network "ingress"; its tasks are on "st1", "stock"/,
    ],
    [
      'an unknown network',
      ['rebuild', '--tasks', tasks, '--network', 'nope'],
      2,
      /tasks\.json: no task is on network "nope"; its tasks are on "st1", "stock"/,
    ],
    ['an empty network name', ['rebuild', '--tasks', tasks, '--network', ''], 2, /--network is empty/],
    ['an empty file name', ['rebuild', '--tasks', '', '--network', 'x'], 2, /--tasks is empty: give it a value, or/],
    ['an empty store of the plugin', ['docker-plugin', '--store', ''], 2, /--store is empty/],
    [
      'a doubled network name',
      from('--networks', file('doubled.json', [network, other])),
      2,
      /doubled\.json: 2 networks are named "stock"; give one's ID: e9x.*, other/,
    ],
    [
      'a network name doubled in the tasks',
      input,
      2,
      /2 networks are named "stock"; give one's ID: aa, zz/,
      JSON.stringify(namesake),
    ],
    ['networks of the wrong shape', from('--networks', file('n.json', {})), 2, /n\.json: networks must be the list/],
    [
      'two subnets and no choice',
      from('--networks', file('two.json', [two])),
      2,
      /has the subnets 10\.0\.5\.0\/24, fd00::\/64; choose one/,
    ],
    ['a malformed subnet', from('--subnet', 'wide'), 2, /wide/],
    ['a subnet with host bits', from('--subnet', '10.0.5.1/24'), 2, /10\.0\.5\.1\/24/],
    [
      'a subnet of another network',
      from('--subnet', '10.9.0.0/16'),
      2,
      /--subnet 10\.9\.0\.0\/16 has nothing in common .*10\.0\.5\.0\/24/,
    ],
    ['a subnet of another family', from('--subnet', 'fd00::/64'), 2, /--subnet fd00::\/64 has nothing in common/],
    [
      'a subnet that nothing tells',
      input,
      2,
      /subnet of network "stock" is not known; give --subnet/,
      JSON.stringify(bare),
    ],
    ['compact records without a subnet', input, 2, /subnet of network "stock" is not known/, compact],
    ['a file name with a new line', ['rebuild', '--tasks', 'a\nb\u001b', ...stock], 2, /cannot read a\\nb\\u\{1b\}/],
  ];

  for (const [name, args, code, stderr, stdin] of cases) {
    test(`${code}: ${name}`, async () => {
      const ran = await limpet(args, stdin);
      assert.equal(ran.code, code, ran.stderr);
      assert.match(ran.stderr, stderr);
      if (code === 2) {
        assert.equal(ran.stdout, '');
        assert.match(ran.stderr, /^limpet: [^\n]+\n$/);
      }
    });
  }

  test('a reader that has enough is no error', async () => {
    const many = Array.from({ length: 20_000 }, (_, n) => {
      return { identity: `pod-${n}`, address: `10.0.${n >> 8}.${n & 255}`, state: 'live' };
    });
    const path = file('many.ndjson', lines(many));
    const args = [cliPath, 'rebuild', '--tasks', path, '--network', 'x', '--subnet', '10.0.0.0/16', '--json'];
    const child = spawn(process.execPath, args, { cwd: folder });
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text) => (stderr += text));
    child.stdout.once('data', () => child.stdout.destroy());
    const code = await new Promise((resolve) => child.on('close', resolve));
    assert.deepEqual([stderr, code], ['', 0]);
  });
});

describe('the first look through a list', () => {
  const never = () => false;
  async function* pieces(text: string, sizes: readonly number[]) {
    const bytes = Buffer.from(text);
    for (let [at, n] = [0, 0]; at < bytes.length; n++) {
      const size = sizes[n % sizes.length]!;
      yield bytes.subarray(at, at + size);
      at += size;
    }
  }
  const tricky = [
    {
      ID: 'a{"}\\',
      Labels: { 'br{ace': '\\"}' },
      NetworksAttachments: [{ Network: { ID: 'n1' }, Addresses: ['10.1.0.9/16'] }],
    },
    { ID: 'é→', NetworksAttachments: [{ Network: { ID: 'n1' }, Addresses: ['10.1.7.9/16'] }] },
    ...fixture('1-created', 'tasks').slice(0, 2),
  ];
  const texts = { array: JSON.stringify(tricky), pretty: JSON.stringify(tricky, null, 2), NDJSON: lines(tricky) };

  for (const [form, text] of Object.entries(texts)) {
    test(`${form}, cut into any chunks`, async () => {
      const whole = await survey(pieces(text, [text.length * 2]), never);
      assert.equal(whole.records, 4);
      assert.deepEqual(whole.networks.get('n1')?.subnets, [{ subnet: '10.1.0.0/16', origin: 'address' }]);
      const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 });
      await fc.assert(
        fc.asyncProperty(sizes, async (sizes) => {
          assert.deepEqual(await survey(pieces(text, sizes), never), whole);
        }),
      );
    });
  }

  test('passes over what it cannot read', async () => {
    for (const text of ['', 'nonsense', '[', '[{', '[{]}', '{"a":', '[1,null,"{"]', '{"ID":1}\n{"ID"']) {
      assert.equal((await survey(pieces(text, [3]), never)).networks.size, 0);
    }
  });
});

describe('demo', () => {
  test('plays the ten steps of the classic test on the simulated swarm, in 30 to 60 lines of 80 columns', async () => {
    const { stdout, stderr, code } = await limpet(['demo']);
    assert.deepEqual([stderr, code], ['', 0]);
    const told = stdout.trimEnd().split('\n');
    assert.ok(told.length >= 30 && told.length <= 60, `${told.length} lines`);
    const long = told.filter((line) => line.length > 80);
    assert.deepEqual(long, []);
    const numbers = told.flatMap((line) => /^ ?(\d+) /.exec(line)?.[1] ?? []).map(Number);
    assert.deepEqual(numbers, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    const looks = [...stdout.matchAll(/web\.3 runs on (\S+): Docker's own address (\S+), Limpet's (\S+)\n/g)];
    assert.equal(looks.length, 3);
    assert.equal(new Set(looks.map(([, node]) => node)).size > 1, true, 'it moves');
    assert.equal(new Set(looks.map(([, , docker]) => docker)).size > 1, true, "Docker's changes");
    assert.equal(new Set(looks.map(([, , , own]) => own)).size, 1, "Limpet's stays");
    const [, moved, kept] = /Limpet (\d+) of (\d+)\n/.exec(stdout) ?? [];
    assert.ok(Number(moved) > 0 && moved === kept, stdout);
    assert.equal((await limpet(['demo'])).stdout, stdout, 'the same every time');
    assert.notEqual((await limpet(['demo', '--seed', '5'])).stdout, stdout);
  });

  test('refuses a seed that is none, and one for the recording', async () => {
    for (const seed of ['x', '-1', '1.5', '4294967296'])
      assert.match((await limpet(['demo', `--seed=${seed}`])).stderr, new RegExp(`--seed ${seed}: a seed is`));
    assert.match((await limpet(['demo', '--recording', '--seed', '1'])).stderr, /a recording is always the same/);
  });

  test('tells in 30 to 60 lines of 80 columns what the recordings show', async () => {
    const { stdout, stderr, code } = await limpet(['demo', '--recording']);
    assert.deepEqual([stderr, code], ['', 0]);
    const told = stdout.trimEnd().split('\n');
    assert.ok(told.length >= 30 && told.length <= 60, `${told.length} lines`);
    assert.deepEqual(
      told.filter((line) => line.length > 80),
      [],
    );
    const said = [
      /addresses kept by tasks that moved: Docker 0 of 9, Limpet 9 of 9/,
      /node-2 is drained +0 of 4 +4 of 4\n/,
      /the leader node-1 is lost +0 of 5 +5 of 5\n/,
      /began with +3 of 10 +10 of 10\n/,
      /stockhello\.1 +node-2 → node-1 +10\.0\.5\.3 → 10\.0\.5\.19 +kept 10\.0\.5\.3\n/,
      /answer as another replica +4 +0\n/,
    ];
    for (const pattern of said) assert.match(stdout, pattern);
  });

  test('its recordings are what scripts/recordings.ts makes of the fixtures', () => {
    assert.equal(readFileSync(target, 'utf8'), recordingsText());
  });
});
