// A snapshot goes from host to host in a ring and comes back to Node: as it was, or with what each host has changed.
import assert from 'node:assert/strict';
import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { hex, le, Script } from '../../scripts/conformance/script.js';
import { type Prepared, runScript } from '../../scripts/embed/prepare.js';
import { able, withFolder } from './hosts.js';

const ORDER = ['node', 'go', 'rust', 'python', 'java', 'c', 'bun', 'chromium'];
const ring = ORDER.flatMap((name) => able.filter((host) => host.name === name));
const node = ring[0] as Prepared;
const title = [...ring, node].map((host) => host.name).join(' → ');

/** A subnet whose snapshot needs several windows: live, reserved and held ordinals, long identities. */
function full(version: 4 | 6): Script {
  const script = new Script();
  const network = version === 4 ? '167772160' : String(0x20010db8n << 96n);
  const set = { ordinal: network, window: le(16, 0, 0, 5000, 5999) };
  script.call('subnet_create', [version, version === 4 ? 16 : 64, 0, 2], 0, { set, save: 'net' });
  for (let part = 0; part < 4; part++) {
    const names = Array.from({ length: 1200 }, (_, n) => `stack_web-${part}.${n}.${'x'.repeat(n % 9)}`);
    const window = names.map((name) => le(1, name.length) + hex(name)).join('');
    script.call('allocate_many', ['net', names.length, 65536 - 24 * names.length], 'OK', { set: { window } });
  }
  for (let n = 0; n < 130; n++) {
    script.of('release', 'net', `stack_web-0.${9 * n}.`, 'CHANGED', { set: { time: 1000 + n } });
    script.call('hold_next', ['net'], 'CHANGED');
  }
  script.add({ op: 'snapshot', subnet: 'net', file: 'out', expect: { result: 0 } });
  return script;
}

/** What a host does with the snapshot that it is given; `changes` adds steps. */
function visit(changes: (script: Script) => void): Script {
  const script = new Script();
  script.add({ op: 'restore', file: 'in', save: 'net', expect: { result: 1 } });
  script.add({ op: 'snapshot', subnet: 'net', same: 'in', expect: { result: 0 } });
  changes(script);
  script.add({ op: 'snapshot', subnet: 'net', file: 'out', expect: { result: 0 } });
  return script;
}

/** What the host of this turn changes. */
const changesOf = (turn: number) => (script: Script) => {
  script.of('allocate', 'net', `visitor.${turn}`, 'CHANGED');
  script.call('hold_next', ['net'], 'CHANGED');
  script.of('release', 'net', `stack_web-1.${9 * turn}.`, 'CHANGED', { set: { time: 2000 + turn } });
  script.call('reclaim_oldest', ['net'], 'CHANGED', { set: { time: 5000 } });
};

async function run(host: Prepared, script: Script, folder: string): Promise<Buffer> {
  const path = join(folder, 'script.jsonl');
  await writeFile(path, script.toString());
  const { code, output } = await runScript(host, path, folder);
  assert.equal(code, 0, `${host.name}: ${output}`);
  return readFile(join(folder, 'out'));
}

/** Sends the snapshot `start` round; the snapshot that comes out of each turn. */
async function round(hosts: Prepared[], start: Buffer, folder: string, changes: typeof changesOf): Promise<Buffer[]> {
  await writeFile(join(folder, 'out'), start);
  const outcomes: Buffer[] = [];
  for (const [turn, host] of hosts.entries()) {
    await copyFile(join(folder, 'out'), join(folder, 'in'));
    outcomes.push(await run(host, visit(changes(turn)), folder));
  }
  return outcomes;
}

for (const version of [4, 6] as const) {
  test(`IPv${version}: a snapshot of several windows is the same in and out of every host: ${title}`, async () => {
    await withFolder(async (folder) => {
      const start = await run(node, full(version), folder);
      assert.ok(start.length > 2 * 65536);
      const turns = [...ring.slice(1), node];
      const outcomes = await round(turns, start, folder, () => () => {});
      for (const [turn, bytes] of outcomes.entries()) assert.ok(bytes.equals(start), turns[turn]?.name);
    });
  });

  test(`IPv${version}: each host changes it and hands it on, as if one had done it all: ${title}`, async () => {
    await withFolder(async (folder) => {
      const start = await run(node, full(version), folder);
      const turns = [...ring.slice(1), node];
      const outcomes = await round(turns, start, folder, changesOf);
      const alone = await round(
        turns.map(() => node),
        start,
        folder,
        changesOf,
      );
      for (const [turn, bytes] of outcomes.entries()) {
        assert.ok(bytes.equals(alone[turn] as Buffer), turns[turn]?.name);
        assert.ok(!bytes.equals(outcomes[turn - 1] ?? start), `${turns[turn]?.name} changed nothing`);
      }
    });
  });
}
