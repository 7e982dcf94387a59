// How the command line behaves where it matters who sits in front of it: questions before what cannot be undone,
// progress on a terminal, `--watch`, and errors as JSON.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { withProgress } from '../../src/cli/progress.js';
import { cliPath } from '../limpet.js';
import { limpet, onTerminal, Rig } from './rig.js';

let rig: Rig;
beforeEach(async () => {
  rig = await Rig.start();
  const web = await rig.service.subnet('10.7.0.0/28', { space: 'swarm', gateway: '10.7.0.1' });
  for (const n of [1, 2, 3]) await web.allocate(`web.${n}`, { node: 'node-1' });
  await web.release('web.2', 'node-1');
});
afterEach(() => rig.stop());

const reserved = () => rig.service.find('10.7.0.0/28', 'swarm')?.stats.reserved;
const asking = (...args: string[]) => [...args, '--socket', rig.socket];

describe('before what cannot be undone', () => {
  test('without a terminal nothing is done unless --yes is said', async () => {
    const { code, stdout, stderr } = await limpet(asking('reclaim', '--service', 'web'));
    assert.deepEqual([code, stdout], [2, '']);
    assert.match(stderr, /^limpet: Reclaim 1 binding, .*\? There is no terminal to ask on: say --yes\n$/);
    assert.equal(reserved(), 1);
    assert.equal((await limpet(asking('reclaim', '--service', 'web', '--yes'))).code, 0);
    assert.equal(reserved(), 0);
  });

  test('a dry run, and nothing to do, ask nobody', async () => {
    assert.equal((await limpet(asking('reclaim', 'web.2', '--dry-run'))).code, 0);
    assert.match((await limpet(asking('reclaim', '--service', 'db'))).stdout, /nothing to reclaim/);
  });

  for (const [typed, code, left] of [
    ['y\n', 0, 0],
    ['Yes\n', 0, 0],
    ['n\n', 1, 1],
    ['\n', 1, 1],
    ['yess\n', 1, 1],
    ['\u0004', 1, 1],
  ] as const) {
    test(`on a terminal ${JSON.stringify(typed)} is ${code === 0 ? 'yes' : 'no'}`, async () => {
      const ran = await onTerminal(asking('reclaim', '--service', 'web'), { typed });
      assert.equal(ran.code, code, ran.screen);
      assert.match(ran.screen, /10\.7\.0\.3 +web\.2/);
      assert.match(ran.screen, /Reclaim 1 binding, so that others can get the addresses\? \[y\/N\]/);
      assert.match(ran.screen, code === 0 ? /1 binding reclaimed/ : /limpet: nothing has changed/);
      assert.equal(reserved(), left);
    });
  }

  test('forget says what ends with the subnet', async () => {
    const net = rig.service.find('10.7.0.0/28', 'swarm');
    for (const n of [1, 3]) await net?.release(`web.${n}`, 'node-1');
    await net?.unhold('10.7.0.1').catch(() => {});
    const args = asking('forget', '10.7.0.0/28');
    assert.match(
      (await limpet(args)).stderr,
      /Remove 10\.7\.0\.0\/28 \(space swarm\), and with it 3 reserved bindings\?/,
    );
    const ran = await onTerminal(args, { typed: 'y\n' });
    assert.equal(ran.code, 0, ran.screen);
    assert.equal(rig.service.find('10.7.0.0/28', 'swarm'), undefined);
  });

  test('forget says that pins are in the way, and does not ask then', async () => {
    const net = rig.service.find('10.7.0.0/28', 'swarm')!;
    await net.pin('web.2', '10.7.0.3');
    for (const n of [1, 3]) await net.release(`web.${n}`, 'node-1');
    const refusal = (why: string) => `limpet: 10.7.0.0/28 is in use: ${why} first\n`;
    const pinned = refusal('1 pinned address; end its pins with limpet unpin');
    for (const yes of [[], ['--yes']]) {
      const { code, stderr } = await limpet(asking('forget', '10.7.0.0/28', ...yes));
      assert.deepEqual([code, stderr], [1, pinned]);
    }
    const { screen } = await onTerminal(asking('forget', '10.7.0.0/28'), { typed: 'y\n' });
    assert.doesNotMatch(screen, /\[y\/N\]/);
    await net.hold('10.7.0.9');
    await net.allocate('web.1', { node: 'node-1' });
    const all =
      '1 live binding, 1 held address, 1 pinned address; remove its network and end its pins with limpet unpin';
    assert.equal((await limpet(asking('forget', '10.7.0.0/28'))).stderr, refusal(all));
    assert.match((await limpet(['forget', '--help'])).stdout, /anything in it is live, pinned or held/);
  });

  test('store copy asks before it writes', async () => {
    const [from, to] = ['a', 'b'].map((name) => `file://${join(rig.folder, name)}`) as [string, string];
    const { FileStore } = await import('../../src/entries/file-store.js');
    const { AllocatorService } = await import('../../src/service/index.js');
    const service = await AllocatorService.open(new FileStore(join(rig.folder, 'a')));
    await (await service.subnet('10.1.0.0/24', { space: 'swarm' })).allocate('web.1', { node: 'node-1' });
    await service.close();
    const refused = await limpet(['store', 'copy', from, to]);
    assert.deepEqual([refused.code, refused.stdout], [2, '']);
    assert.match(refused.stderr, /Copy this into file:.* say --yes/);
    const ran = await onTerminal(['store', 'copy', from, to], { typed: 'y\n' });
    assert.equal(ran.code, 0, ran.screen);
    assert.match((await limpet(['ls', '--store', to])).stdout, /10\.1\.0\.1 +web\.1/);
  });
});

describe('status --watch', () => {
  test('on a terminal in place', async () => {
    const ran = onTerminal(asking('status', '--watch', '0.1'), { until: /(LIVE[\s\S]*){3}/, columns: 120 });
    const { screen } = await ran;
    assert.ok(screen.startsWith('\u001b[2J\u001b[H'), JSON.stringify(screen.slice(0, 80)));
    assert.match(screen, /every 0\.1 s; Ctrl-C to stop/);
    assert.ok(screen.split('\u001b[H').length > 3);
  });

  test('elsewhere one after the other, as JSON too; it outlives a plugin that does not answer', async () => {
    const args = [cliPath, 'status', '--watch', '0.1', '--json', '--socket', rig.socket];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let out = '';
    child.stdout.setEncoding('utf8').on('data', (text) => (out += text));
    const seen = async (what: RegExp) => {
      for (let n = 0; n < 200 && !what.test(out); n++) await new Promise((resolve) => setTimeout(resolve, 50));
      assert.match(out, what);
    };
    await seen(/"live": 2[\s\S]*"live": 2/);
    const context = rig.context;
    rig.context = () => {
      throw new Error('gone');
    };
    await seen(/"code": "BROKEN"[\s\S]*"message": "gone"/);
    out = '';
    rig.context = context;
    await seen(/"live": 2/);
    child.kill();
    await new Promise((resolve) => child.on('close', resolve));
  });

  for (const bad of ['0', '-1', 'fast', '1e9', '']) {
    test(`${JSON.stringify(bad)} is no number of seconds`, async () => {
      const { code, stderr } = await limpet(asking('status', `--watch=${bad}`));
      assert.equal(code, 2);
      assert.match(stderr, /--watch ".*": give seconds, from 0\.1 to 3600/);
    });
  }
});

describe('errors for programs', () => {
  for (const [args, code, name, message] of [
    [['lookup', 'web.9', '--json'], 1, 'UNKNOWN', /"web\.9" has no address/],
    [['status', '--json', '--subnet', 'wide'], 2, 'BAD_INPUT', /"wide" is not a valid CIDR/],
    [['statsu', '--json'], 2, 'USAGE', /unknown command 'statsu'/],
    [['ls', '--jsno', '--json'], 2, 'USAGE', /unknown option '--jsno'/],
    [['reclaim', 'web.2', '--json'], 2, 'USAGE', /say --yes/],
    [['status', '--json', '--socket', '/nonexistent/x'], 3, 'UNREACHABLE', /no such file/],
    [['rebuild', '--json', '--tasks', '/nonexistent', '--network', 'x'], 2, 'USAGE', /no such file/],
  ] as const) {
    test(`${args.join(' ')}: ${name}`, async () => {
      const where = args.includes('--socket' as never) || args[0] === 'rebuild' ? [] : ['--socket', rig.socket];
      const ran = await limpet([...args, ...where]);
      const { error } = JSON.parse(ran.stdout);
      assert.deepEqual([ran.code, error.code, Object.keys(error)], [code, name, ['code', 'message']]);
      assert.match(error.message, message);
      assert.match(ran.stderr, /^limpet: [^\n]+\n$/);
    });
  }

  test('behind -- it is no option', async () => {
    const { stdout } = await limpet(['lookup', '--socket', rig.socket, '--', '--json']);
    assert.equal(stdout, '');
  });
});

describe('what takes over a second', () => {
  class Screen {
    readonly isTTY = true;
    readonly columns = 20;
    readonly written: string[] = [];
    write(text: string): void {
      this.written.push(text);
    }
  }
  const after = (ms: number) => () => new Promise<string>((resolve) => setTimeout(() => resolve('done'), ms));

  test('has a line that goes again, no wider than the terminal', async () => {
    const screen = new Screen();
    const text = (seconds: number) => `reading tasks.json, ${seconds} s`;
    assert.equal(await withProgress(text, after(1700), screen), 'done');
    assert.equal(screen.written[0], '\r\u001b[Kreading tasks.json,');
    assert.equal(screen.written.at(-1), '\r\u001b[K');
  });

  test('what is done sooner has none, nor has what is no terminal', async () => {
    const screen = new Screen();
    await withProgress(() => 'busy', after(300), screen);
    const file = { isTTY: false, write: screen.write.bind(screen) };
    await withProgress(() => 'busy', after(1300), file);
    assert.deepEqual(screen.written, []);
  });

  test('a plugin that takes its time', async () => {
    const slow = join(rig.folder, 'slow.sock');
    const server = createServer((_, response) => void setTimeout(() => response.end('{"rows":[],"names":{}}'), 1800));
    await new Promise<void>((resolve) => server.listen(slow, resolve));
    const { screen, code } = await onTerminal(['ls', '--socket', slow]);
    server.close();
    assert.equal(code, 0, screen);
    assert.match(screen, /waiting for the plugin … 1 s[\s\S]*nothing matches/);
    const { stdout, stderr } = await limpet(['ls', '--socket', rig.socket]);
    assert.deepEqual([stdout.includes('…'), stderr], [false, '']);
  });
});
