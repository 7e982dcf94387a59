// Asking the wire: what a node does with the answers, and that the kernel's table gives them, between two namespaces.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { LimpetError } from '../../src/host/errors.js';
import { container, network } from '../docker/json.js';
import { type Node, type Swarm, subnet, swarm } from './nodes.js';

const CIDR = '10.5.0.0/24';
const NAME = 'com.docker.network.endpoint.name';
const ARP = { Options: { 'limpet.scope': 'cluster', 'limpet.probe': 'arp' } };

describe('a network that has the wire asked', () => {
  let run: Swarm;
  let one: Node;
  let L: string;
  /** Who answers at an address; nobody anywhere else. */
  let there: Map<string, string>;
  let asked: string[];

  beforeEach(async () => {
    run = await swarm(1);
    [one] = run.nodes as [Node];
    there = new Map();
    asked = [];
    one.wire = {
      async ask(_, address) {
        asked.push(address);
        const who = there.get(address);
        if (who === 'unknown') return { kind: 'unknown', why: 'the cable is out' };
        return who === undefined ? { kind: 'nobody' } : { kind: 'somebody', who };
      },
    };
    one.restart();
    one.docker.networks = [network('lan', CIDR, { scope: 'local', gateway: '10.5.0.1' })];
    L = await one.pool('local', CIDR, ARP);
    await one.address(L, '10.5.0.1', { RequestAddressType: 'com.docker.network.gateway' });
  });
  afterEach(async () => {
    await run.stop();
  });

  const start = (name: string, where: { asked?: string; labels?: object } = {}) => {
    one.docker.put({ ...container(name, { network: 'lan', ...where }), Labels: where.labels ?? {} });
    return one.address(L, where.asked ?? '', { [NAME]: name });
  };
  const refused = (code: string, about: RegExp) => (error: unknown) => {
    assert.ok(error instanceof LimpetError, String(error));
    assert.equal(error.code, code, error.message);
    assert.match(error.message, about);
    return true;
  };
  const net = () => subnet(run.service, CIDR);

  test('gives no address where somebody answers, says who, and leaves nothing held', async () => {
    there.set('10.5.0.2', '02:00:00:00:00:01').set('10.5.0.3', 'this node, on eth0');
    assert.equal(await start('db'), '10.5.0.4');
    assert.deepEqual(asked, ['10.5.0.2', '10.5.0.3', '10.5.0.4']);
    assert.equal(net().stats.held, 1, 'the gateway');
    assert.equal(net().lookup('db')?.state, 'live');
    const said = one.lines.filter(({ event }) => event === 'wire').map(({ address, msg }) => `${address} ${msg}`);
    assert.deepEqual(said, [
      '10.5.0.2 not given: 02:00:00:00:00:01 answers there',
      '10.5.0.3 not given: this node, on eth0 answers there',
    ]);
  });

  test('asks for a new address only: who comes home is not asked about', async () => {
    const home = await start('db');
    await one.release(L, home);
    one.docker.remove('db');
    there.set(home, '02:00:00:00:00:01');
    assert.equal(await start('db'), home);
    assert.deepEqual(asked, [home]);
  });

  test('refuses a wish and a label where somebody answers, and the home before stays', async () => {
    const home = await start('db');
    await one.release(L, home);
    there.set('10.5.0.9', '02:00:00:00:00:09');
    const about = /10\.5\.0\.9 of 10\.5\.0\.0\/24 is nobody's here, and 02:00:00:00:00:09 answers there/;
    await assert.rejects(start('db', { asked: '10.5.0.9' }), refused('OCCUPIED', about));
    await assert.rejects(start('cache', { labels: { 'limpet.address': '10.5.0.9' } }), refused('OCCUPIED', about));
    assert.equal(net().lookup('db')?.address, home);
    assert.equal(net().lookup('cache'), undefined);
    assert.equal(await start('other', { asked: '10.5.0.10' }), '10.5.0.10');
  });

  test('a node that cannot ask gives the address, and says so', async () => {
    there.set('10.5.0.2', 'unknown');
    assert.equal(await start('db'), '10.5.0.2');
    assert.ok(one.lines.some(({ msg }) => /cannot ask whether anybody has it: the cable is out/.test(msg)));
  });

  test('when too many in turn answer it is given up, and nothing stays held', async () => {
    for (let n = 2; n < 60; n++) there.set(`10.5.0.${n}`, '02:00:00:00:00:01');
    await assert.rejects(start('db'), refused('OCCUPIED', /8 addresses .* in turn are somebody's/));
    assert.equal(net().stats.held, 1);
    assert.equal(net().lookup('db'), undefined);
  });
});

test('where nobody wants it nothing is asked', async () => {
  const run = await swarm(1);
  const [one] = run.nodes as [Node];
  one.wire = { ask: () => assert.fail('asked') };
  one.restart();
  one.docker.networks = [network('lan', CIDR, { scope: 'local' })];
  const L = await one.pool('local', CIDR, { Options: { 'limpet.scope': 'cluster' } });
  one.docker.put(container('db', { network: 'lan' }));
  assert.equal(await one.address(L, '', { [NAME]: 'db' }), '10.5.0.1');
  await run.stop();
});

const why = whyNoNamespaces();

describe('the kernel’s table', { skip: why ?? false }, () => {
  const [here, there] = [`limpet-wire-${process.pid}-a`, `limpet-wire-${process.pid}-b`];
  const ip = (...args: string[]) => execFileSync('ip', args, { encoding: 'utf8', stdio: 'pipe' });

  beforeEach(() => {
    for (const name of [here, there]) ip('netns', 'add', name);
    ip('-n', here, 'link', 'add', 'lan', 'type', 'veth', 'peer', 'name', 'lan', 'netns', there);
    for (const [name, address] of [
      [here, '10.5.0.2/24'],
      [there, '10.5.0.9/24'],
    ] as const) {
      ip('-n', name, 'address', 'add', address, 'dev', 'lan');
      ip('-n', name, 'link', 'set', 'lan', 'up');
    }
  });
  afterEach(() => {
    for (const name of [here, there]) ip('netns', 'delete', name);
  });

  const ask = (...args: string[]) => {
    const node = [process.execPath, '--import', 'tsx', 'tests/plugin/wire-child.ts', ...args];
    return JSON.parse(execFileSync('nsenter', [`--net=/var/run/netns/${here}`, ...node], { encoding: 'utf8' }));
  };

  test('tells who is there, that nobody is, and what is the node’s own', () => {
    const hardware = /link\/ether ([0-9a-f:]+)/.exec(ip('-n', there, 'link', 'show', 'lan'))?.[1];
    assert.deepEqual(ask(CIDR, '10.5.0.9', '10.5.0.10', '10.5.0.2'), [
      { kind: 'somebody', who: hardware },
      { kind: 'nobody' },
      { kind: 'somebody', who: 'this node, on lan' },
    ]);
  });

  test('tells nothing of a subnet in which the node has no address', () => {
    const [answer] = ask('10.6.0.0/24', '10.6.0.9');
    assert.deepEqual(answer, { kind: 'unknown', why: 'it has no address of 10.6.0.0/24 itself' });
  });
});

function whyNoNamespaces(): string | undefined {
  if (process.getuid?.() !== 0) return 'only root can make network namespaces';
  try {
    execFileSync('ip', ['netns', 'list'], { stdio: 'pipe' });
    execFileSync('nsenter', ['--version'], { stdio: 'pipe' });
    return undefined;
  } catch (error) {
    return `no ip or nsenter: ${(error as Error).message}`;
  }
}
