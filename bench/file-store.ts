// The file store's figures: commits beside bare appends to the same disk, and starts with many bindings, each in a
// process of its own.

import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { Limpet } from '../tests/limpet.js';
import { AllocatorService, type Change, FileStore, type StoreListener } from '../tests/service/library.js';
import { identities } from './inputs.js';
import { median } from './measure.js';

const CALLERS = 64;
const SPEC = {
  space: 'default',
  cidr: '10.0.0.0/8',
  exclude: [],
  policy: 'serial',
  reclaim: {},
} as const;

/** On the disk of the work tree: a system's folder for temporary files is often none. */
function folder(): string {
  return fs.mkdtempSync(join(dirname(fileURLToPath(import.meta.url)), '../node_modules/.bench-'));
}

/** A listener without a state. */
const deaf: StoreListener = {
  reset: () => {},
  ready: () => {},
  restore: () => {},
  apply: () => {},
  introduced: () => {},
  dump: () => [],
  nodes: () => [],
  report: () => {},
};

export interface Commits {
  /** Of one record. */
  readonly bytes: number;
  /** Microseconds a commit. */
  readonly one: number;
  readonly many: number;
  readonly bare: number;
  readonly blocking: number;
  readonly serviceOne: number;
  readonly serviceMany: number;
}

/** All ways in turn, round after round, so that what disturbs the disk disturbs all. */
export async function fileCommits(rounds: number): Promise<Commits> {
  const path = folder();
  const store = new FileStore(join(path, 'store'));
  const service = await AllocatorService.open(new FileStore(join(path, 'service')));
  const file = await fs.promises.open(join(path, 'bare'), 'w');
  const blocking = fs.openSync(join(path, 'blocking'), 'w');
  try {
    await store.open(deaf);
    const net = await service.subnet(SPEC.cidr, { reclaim: {} });
    let n = 0;
    const commit = () => store.commit(SPEC, changes(n++));
    const allocate = () => net.allocate(`production-frontend.${String(n++).padStart(7, '0')}`, { node: 'node-1' });
    await commit();
    const journal = join(path, 'store/00000001.journal');
    const bytes = Buffer.alloc(fs.statSync(journal).size - 28, 'x');
    const ways = {
      one: each(300, commit),
      bare: each(300, async () => {
        await file.write(bytes);
        await file.datasync();
      }),
      blocking: each(300, () => {
        fs.writeSync(blocking, bytes);
        fs.fdatasyncSync(blocking);
      }),
      many: crowd(100, commit),
      serviceOne: each(300, allocate),
      serviceMany: crowd(100, allocate),
    };
    const times = Object.fromEntries(Object.keys(ways).map((way) => [way, [] as number[]]));
    for (let round = -2; round < rounds; round++) {
      for (const [way, run] of Object.entries(ways)) {
        const time = await run();
        if (round >= 0) times[way]!.push(time);
      }
    }
    const medians = Object.fromEntries(Object.entries(times).map(([way, values]) => [way, median(values)]));
    return { bytes: bytes.length, ...medians } as never;
  } finally {
    await store.close();
    await service.close();
    await file.close();
    fs.closeSync(blocking);
    fs.rmSync(path, { recursive: true });
  }
}

function changes(n: number): Change[] {
  const identity = `production-frontend.${String(n).padStart(7, '0')}`;
  const address = `10.${(n >> 16) & 255}.${(n >> 8) & 255}.${n & 255}`;
  return [
    { op: 'bind', identity, address },
    { op: 'live', identity, node: 'node-1' },
  ];
}

const each = (count: number, action: () => unknown) => async () => {
  const started = process.hrtime.bigint();
  for (let i = 0; i < count; i++) await action();
  return Number(process.hrtime.bigint() - started) / 1e3 / count;
};

const crowd = (count: number, action: () => Promise<unknown>) => async () => {
  const all = each(count, action);
  const started = process.hrtime.bigint();
  await Promise.all(Array.from({ length: CALLERS }, all));
  return Number(process.hrtime.bigint() - started) / 1e3 / count / CALLERS;
};

export interface Start {
  /** Of the snapshot's file. */
  readonly bytes: number;
  readonly runs: Record<
    string,
    {
      /** Milliseconds: the bytes alone, and the whole start. */
      readonly read: number;
      readonly open: number;
      /** Of processor, in which another process on the machine does not show. */
      readonly cpu: number;
      /** Bytes: afterwards, at most, and in a process that has only loaded the code. */
      readonly rss: number;
      readonly peak: number;
      readonly idle: number;
    }
  >;
}

/** Starts a service, and for comparison a bare core, on a folder with so many bindings. */
export async function fileStart(count: number, reserved: number): Promise<Start> {
  const path = folder();
  try {
    await write(join(path, 'store'), count, reserved);
    // Plain JavaScript: the compiler in the process would count as memory.
    const script = join(path, 'start.mjs');
    const entryPoints = [fileURLToPath(new URL('file-start.ts', import.meta.url))];
    await build({ entryPoints, outfile: script, bundle: true, platform: 'node', format: 'esm', logLevel: 'warning' });
    const env = { ...process.env, LIMPET_ENTRY: fileURLToPath(new URL('../dist/index.js', import.meta.url)) };
    const run = (what: string) => {
      const args = [script, join(path, 'store'), what];
      return JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8', env }));
    };
    const bytes = fs.statSync(join(path, 'store/00000002.snapshot')).size;
    return { bytes, runs: { service: run('service'), 'bare core': run('core') } };
  } finally {
    fs.rmSync(path, { recursive: true });
  }
}

/** A folder whose snapshot has all the bindings: the last ones reserved, the others live on one of three nodes. */
async function write(path: string, count: number, reserved: number): Promise<void> {
  const net = (await Limpet.load()).subnet(SPEC.cidr);
  const names = identities(count);
  net.allocateMany(names);
  const live = Math.round(count * (1 - reserved));
  for (const name of names.slice(live)) net.release(name, 1_700_000_000_000);
  const store = new FileStore(path, { compactAfter: 1 });
  await store.open({
    ...deaf,
    *dump() {
      const pairs = names.slice(0, live).map((name, i) => [name, `node-${i % 3}`] as const);
      yield { spec: SPEC, users: [], snapshot: net.snapshot(), live: pairs };
    },
  });
  await store.commit(SPEC, [{ op: 'create', spec: SPEC }]);
  await store.close();
}
