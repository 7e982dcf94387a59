// Whatever a record of the file store says behind right checksums: the store either refuses it as damaged, with file
// and offset, or what it then has makes sense. Every subnet serves on, and no address has two identities.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { putRecordHead, RECORD_HEAD, seedOf } from '../../src/stores/file/format.js';
import { filesOf, putFiles, recordsOf } from '../service/file-folders.js';
import { AllocatorService, FileStore, LimpetError } from '../service/library.js';
import { mutated } from '../service/mutations.js';

/** The suite `mutations` makes 10 000. */
const VALUES = Number(process.env.LIMPET_MUTATIONS ?? 150);
const BRACE = '{'.charCodeAt(0);
/** Milliseconds for any of them, on a machine that has others to serve. */
const MOST = 5000;

const folder = mkdtempSync(join(tmpdir(), 'limpet-mutations-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));

/** A folder with a snapshot and a journal behind it, in which each kind of value stands. */
async function sound(): Promise<Record<string, Buffer>> {
  let last = '';
  const path = join(folder, 'sound');
  const report = ({ message }: { message: string }) => {
    last = message;
  };
  const service = await AllocatorService.open(new FileStore(path, { compactAfter: 4000 }), { report });
  const settings = { gateway: '10.0.0.1', exclude: ['10.0.0.200-10.0.0.210'], reclaim: { after: 1e9 } };
  const nets = [
    await service.subnet('10.0.0.0/24', settings),
    await service.subnet('fd00::/64', { policy: 'lowest' as const }),
  ];
  await service.introduce({ id: 'n1', name: 'host-1' });
  const work = async (round: number) => {
    for (const net of nets) {
      for (let n = 0; n < 4; n++) await net.allocate(`web.${n}`, { node: `n${n % 2}` });
      await net.allocate(`home.${round}`, { node: 'n1', ticket: await net.holdNext() });
      await net.release('web.3', 'n1');
      await net.use('swarm');
    }
  };
  for (let round = 0; !last.includes('snapshot of'); round++) await work(round);
  await service.introduce({ id: 'n2', name: 'host-2' });
  const [net] = nets;
  assert.ok(net);
  for (const identity of ['late.1', 'late.2']) await net.allocate(identity, { node: 'n1' });
  await net.release('late.2', 'n1');
  await net.reclaim('late.2');
  await net.pin('late.1', '10.0.0.77');
  await net.hold('10.0.0.99');
  await net.unhold('10.0.0.99');
  await net.disuse('swarm');
  await service.change('10.0.0.0/24', { ...settings, exclude: [] });
  await (await service.subnet('10.9.0.0/24')).use('nobody');
  await service.remove('10.9.0.0/24');
  await service.close();
  return filesOf(path);
}

interface Change {
  readonly file: string;
  /** Where the record begins, or that of the subnet which it belongs to. */
  readonly offset: number;
  readonly bytes: Buffer;
}

/** One record of one file with another body, and every checksum right. */
function changes(files: Record<string, Buffer>): fc.Arbitrary<Change> {
  const places = Object.entries(files)
    .filter(([file]) => file !== 'lock')
    .flatMap(([file, bytes]) => {
      const offsets = recordsOf(bytes);
      const heads = offsets.filter((offset) => file.endsWith('journal') || bytes[offset + RECORD_HEAD] === BRACE);
      return offsets.slice(0, -1).map((offset, n) => {
        return {
          file,
          offset,
          end: offsets[n + 1] as number,
          head: heads.filter((each) => each <= offset).at(-1) as number,
        };
      });
    });
  return fc.constantFrom(...places).chain(({ file, offset, end, head }) => {
    const whole = files[file] as Buffer;
    const body = whole.subarray(offset + RECORD_HEAD, end);
    const shown = (other: Buffer) => () =>
      `${file}, ${body} at ${offset} as ${JSON.stringify(other.toString('latin1'))}`;
    return bodies(body).map((other) => {
      const bytes = replaced(whole, offset, end, other);
      return { file, offset: head, bytes, [fc.toStringMethod]: shown(other) };
    });
  });
}

function bodies(body: Buffer): fc.Arbitrary<Buffer> {
  const text = body.toString();
  if (text.startsWith('{') || text.startsWith('[')) return mutated(JSON.parse(text));
  // The core's snapshot: bytes.
  return fc.oneof(
    fc.tuple(fc.nat(body.length - 1), fc.nat(255)).map(([at, byte]) => {
      const other = Buffer.from(body);
      other[at] = byte;
      return other;
    }),
    fc.nat(body.length).map((end) => Buffer.from(body.subarray(0, end))),
    fc.uint8Array({ minLength: 1, maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
  );
}

function replaced(whole: Buffer, offset: number, end: number, body: Buffer): Buffer {
  const generation = whole.readUInt32LE(12);
  const head = Buffer.alloc(RECORD_HEAD);
  const bytes = Buffer.concat([whole.subarray(0, offset), head, body, whole.subarray(end)]);
  for (let at = offset, length = body.length; at < bytes.length; ) {
    putRecordHead(bytes, at, length, seedOf(generation, at));
    at += RECORD_HEAD + length;
    if (at < bytes.length) length = bytes.readUInt32LE(at);
  }
  return bytes;
}

async function verdict(path: string, change: Change): Promise<'refused' | 'opened'> {
  let service: AllocatorService;
  try {
    service = await AllocatorService.open(new FileStore(path));
  } catch (error) {
    assert.ok(error instanceof LimpetError && error.code === 'DAMAGED', `refused as ${(error as Error).stack}`);
    const { file, offset } = error.details as { file: string; offset: number };
    assert.equal(basename(file), change.file, error.message);
    assert.ok(offset >= change.offset, `${error.message}: not from ${change.offset} on`);
    return 'refused';
  }
  try {
    for (const net of service.subnets()) {
      const all = [...net.list()];
      assert.equal(new Set(all.map(({ address }) => address)).size, all.length);
      assert.equal(new Set(all.map(({ identity }) => identity)).size, all.length);
      assert.ok(all.every(({ address }) => address !== net.spec.gateway));
      const address = await net.allocate('after', { node: 'n1' });
      assert.equal(net.inspect(address).identity, 'after');
    }
  } finally {
    await service.close();
  }
  const again = await AllocatorService.open(new FileStore(path));
  const homes = [...again.subnets()].map((net) => net.lookup('after')?.state);
  await again.close();
  assert.deepEqual(new Set(homes), new Set(homes.length === 0 ? [] : ['live']), 'what was answered is there');
  return 'opened';
}

test(`${VALUES} values that are none, behind right checksums, are refused, or make sense`, async (t) => {
  const files = await sound();
  assert.ok(Object.keys(files).length === 3, Object.keys(files).join());
  const path = join(folder, 'store');
  const figures = { refused: 0, opened: 0 };
  await fc.assert(
    fc.asyncProperty(changes(files), async (change) => {
      putFiles(path, { ...files, [change.file]: change.bytes });
      const started = performance.now();
      figures[await verdict(path, change)]++;
      assert.ok(performance.now() - started < MOST, `${performance.now() - started} ms`);
    }),
    { numRuns: VALUES },
  );
  t.diagnostic(`${figures.refused} refused, ${figures.opened} opened`);
  assert.ok(figures.refused > VALUES / 2, JSON.stringify(figures));
});
