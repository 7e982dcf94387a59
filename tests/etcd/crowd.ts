// Many processes that want addresses of one subnet at once, what befalls them, and the verdict on every answer they
// gave.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import type { Change, Commit } from '../../src/service/store.js';
import { Keys } from '../../src/stores/etcd/keys.js';
import { readIdentity } from '../../src/stores/values.js';
import { Claims } from '../simulation/claims.js';
import type { Etcd } from './etcd.js';
import { NET, sleep } from './harness.js';

export interface WorkerSetup {
  readonly endpoints: readonly string[];
  readonly node: string;
  readonly ttl: number;
  readonly cidr: string;
  readonly identities: number;
  readonly lanes: number;
  readonly log: string;
}

/** One line of a worker's log: what was answered, and what is about to be asked that ends an earlier answer. */
export type Entry = { readonly at: number } & (
  | { readonly op: 'allocated'; readonly identity: string; readonly address: string; readonly node: string }
  | { readonly op: 'releasing' | 'released'; readonly identity: string; readonly node: string }
  | { readonly op: 'reclaiming' | 'reclaimed'; readonly identity: string }
  | { readonly op: 'held' | 'unholding'; readonly address: string }
  | { readonly op: 'refused' | 'report'; readonly why: string }
  | { readonly op: 'counted'; readonly conflicts: number }
  | { readonly op: 'began' }
  // What the store was asked to commit, by a clock that all processes of the machine share, and what it has answered.
  | { readonly op: 'commit'; readonly id: number; readonly moment: number; readonly changes: readonly Change[] }
  | { readonly op: 'committed'; readonly id: number; readonly moment: number; readonly outcome: Commit | 'none' }
);

export class Crowd {
  readonly figures = { killed: 0, stopped: 0 };
  readonly #folder = mkdtempSync(join(tmpdir(), 'limpet-crowd-'));
  /** Where the packages that it imports are found. */
  readonly #bundle = join(import.meta.dirname, `../../node_modules/.cache/limpet/worker-${process.pid}.mjs`);
  readonly #setup: Omit<WorkerSetup, 'node' | 'log'>;
  readonly #workers: (ChildProcess | undefined)[] = [];
  readonly #logs: string[] = [];
  /** The log of the process that runs now, for each place. */
  readonly #current: string[] = [];
  readonly #errors: string[] = [];

  constructor(setup: Omit<WorkerSetup, 'node' | 'log'>) {
    this.#setup = setup;
    // Bundled once: a process that is started anew under load should not compile first.
    buildSync({
      entryPoints: [join(import.meta.dirname, 'worker.ts')],
      outfile: this.#bundle,
      bundle: true,
      packages: 'external',
      platform: 'node',
      format: 'esm',
      logLevel: 'error',
    });
    process.once('exit', () => this.end());
  }

  get size(): number {
    return this.#workers.length;
  }

  /** A process in the place of that number; the node's name stays, the log is a new one. */
  start(place: number): void {
    const log = join(this.#folder, `${this.#logs.length}.log`);
    this.#logs.push(log);
    this.#current[place] = log;
    const setup: WorkerSetup = { ...this.#setup, node: `n${place}`, log };
    const worker = spawn(process.execPath, [this.#bundle, JSON.stringify(setup)], { stdio: ['pipe', 'pipe', 'pipe'] });
    let said = '';
    worker.stderr.on('data', (text) => {
      said += text;
    });
    worker.once('exit', (code, signal) => {
      if (code !== 0 && signal !== 'SIGKILL') this.#errors.push(`n${place} ended with ${code ?? signal}: ${said}`);
    });
    this.#workers[place] = worker;
  }

  kill(place: number): void {
    this.figures.killed++;
    this.#workers[place]?.kill('SIGKILL');
    this.start(place);
  }

  async stopFor(place: number, ms: number): Promise<void> {
    this.figures.stopped++;
    const worker = this.#workers[place];
    worker?.kill('SIGSTOP');
    await sleep(ms);
    worker?.kill('SIGCONT');
  }

  /** No more calls; the processes stay, so that their live marks do. */
  async quiet(): Promise<void> {
    await Promise.all(
      this.#workers.map(async (worker) => {
        const over = new Promise((resolve) => worker?.stdout?.once('data', resolve).once('end', resolve));
        worker?.stdin?.end();
        await Promise.race([over, sleep(15_000)]);
      }),
    );
    assert.deepEqual(this.#errors, []);
  }

  end(): void {
    for (const worker of this.#workers) {
      worker?.kill('SIGCONT');
      worker?.kill('SIGKILL');
    }
    rmSync(this.#bundle, { force: true });
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  }

  /** For each process that ever ran, what it wrote; the last line may be torn. */
  logs(): Entry[][] {
    return this.#logs.map(readLog);
  }

  answersSince(at: number): number {
    return this.logs().reduce(
      (sum, log) => sum + log.filter((entry) => entry.op === 'allocated' && entry.at >= at).length,
      0,
    );
  }

  /** The logs of the processes that run now, by node. */
  running(): Map<string, Entry[]> {
    return new Map(this.#current.map((log, place) => [`n${place}`, readLog(log)]));
  }
}

function readLog(log: string): Entry[] {
  const lines = readFileSync(log, { encoding: 'utf8', flag: 'a+' }).split('\n');
  lines.pop();
  return lines.map((line) => JSON.parse(line));
}

export interface Verdict {
  /** Commits that were found linearizable, and addresses and identities of which nothing can be said. */
  readonly commits: number;
  readonly unsaid: number;
  readonly answers: number;
  readonly conflicts: number;
  readonly refused: Record<string, number>;
  readonly bindings: number;
  /** What was answered and does not hold, each in words. */
  readonly lost: readonly string[];
  readonly liveMarks: number;
  /** Leases that ended while their process ran: for want of processor, of etcd, or because it was stopped. */
  readonly leasesEnded: number;
}

/**
 * Checks every answer against all others and against etcd: what has been lost is listed, what contradicts itself
 * throws.
 */
export async function judge(crowd: Crowd, etcd: Etcd): Promise<Verdict> {
  const logs = crowd.logs();
  const entries = logs.flat().sort((a, b) => a.at - b.at);
  const { bindings, held } = fromEtcd(etcd);
  checkOverTime(logs, entries);
  const { commits, unsaid } = checkCommits(logs);
  const { marks, missing } = await settledMarks(crowd, etcd);
  const lost = [...lostBindings(entries, bindings), ...lostHolds(entries, bindings, held), ...missing];
  const refused: Record<string, number> = {};
  for (const entry of entries) if (entry.op === 'refused') refused[entry.why] = (refused[entry.why] ?? 0) + 1;
  const conflicts = logs.map((log) =>
    log.reduce((most, entry) => (entry.op === 'counted' ? entry.conflicts : most), 0),
  );
  return {
    commits,
    unsaid,
    answers: entries.filter(({ op }) => op === 'allocated' || op === 'held').length,
    conflicts: conflicts.reduce((sum, each) => sum + each, 0),
    refused,
    bindings: bindings.size,
    lost,
    liveMarks: marks,
    leasesEnded: entries.filter((entry) => entry.op === 'report' && entry.why.includes('lease had ended')).length,
  };
}

/** etcd's own word: identity to address and back, one to one. */
function fromEtcd(etcd: Etcd): { bindings: Map<string, string>; held: Set<string> } {
  const keys = new Keys('/limpet/v2/');
  const bindings = new Map<string, string>();
  const owners = new Map<string, string>();
  const held = new Set<string>();
  for (const [key, { value }] of etcd.keys('/limpet/v2/')) {
    const parsed = keys.parse(key);
    if (parsed?.kind === 'identity') {
      const read = readIdentity(Buffer.from(value), () => undefined);
      bindings.set(parsed.identity, 'value' in read ? read.value.address : '');
    }
    if (parsed?.kind === 'address') owners.set(parsed.address, value);
    if (parsed?.kind === 'held') held.add(parsed.address);
  }
  assert.equal(new Set(bindings.values()).size, bindings.size, 'no address has two identities in etcd');
  assert.deepEqual([...owners].map(([address, identity]) => [identity, address]).sort(), [...bindings].sort());
  return { bindings, held };
}

/** Identities that nobody reclaims: one address for ever, the one that etcd has, and nobody else's. */
function lostBindings(entries: readonly Entry[], bindings: ReadonlyMap<string, string>): string[] {
  const owners = new Map<string, string>();
  const lost: string[] = [];
  for (const entry of entries) {
    if (entry.op !== 'allocated' || !entry.identity.startsWith('web.')) continue;
    const { identity, address } = entry;
    if (bindings.get(identity) !== address)
      lost.push(`${identity} was answered ${address}, has ${bindings.get(identity)}`);
    const owner = owners.get(address) ?? identity;
    assert.equal(owner, identity, `${address} was answered for both`);
    owners.set(address, identity);
  }
  return lost;
}

/** The commits of all processes together, by the checker of the simulation: a process that died leaves calls open. */
function checkCommits(logs: readonly Entry[][]): Pick<Verdict, 'commits' | 'unsaid'> {
  const all = logs.flatMap((log, process) =>
    log.flatMap((entry) => (entry.op === 'commit' || entry.op === 'committed' ? [{ ...entry, process }] : [])),
  );
  all.sort((a, b) => a.moment - b.moment);
  const claims = new Claims();
  const open = new Map<string, ReturnType<Claims['begin']>>();
  for (const entry of all) {
    const key = `${entry.process} ${entry.id}`;
    if (entry.op === 'commit') open.set(key, claims.begin(NET, entry.changes, entry.moment));
    else open.get(key)?.(entry.outcome, entry.moment);
  }
  assert.equal(claims.verdict(), undefined);
  return { commits: open.size, unsaid: claims.unsaid };
}

/**
 * Also those that come and go: from an answer on, the address is nobody else's, unless somebody asked to reclaim it.
 */
function checkOverTime(logs: readonly Entry[][], entries: readonly Entry[]): void {
  const reclaims = reclaimsOf(logs);
  const holders = new Map<string, { identity: string; since: number }>();
  for (const entry of entries) {
    if (entry.op !== 'allocated') continue;
    const { at, identity, address } = entry;
    const holder = holders.get(address);
    if (holder !== undefined && holder.identity !== identity) {
      const asked = reclaims.get(holder.identity)?.some(([from, to]) => from <= at && to >= holder.since) === true;
      assert.ok(asked, `${address} was answered for ${holder.identity} at ${holder.since}, for ${identity} at ${at}`);
    }
    holders.set(address, { identity, since: at });
  }
}

/** From asking to the answer; without one it may have been done at any time since. */
function reclaimsOf(logs: readonly Entry[][]): Map<string, [from: number, to: number][]> {
  const reclaims = new Map<string, [from: number, to: number][]>();
  for (const log of logs) {
    for (const { at, ...entry } of log) {
      if (entry.op === 'reclaiming') {
        const list = reclaims.get(entry.identity) ?? [];
        reclaims.set(entry.identity, [...list, [at, Number.POSITIVE_INFINITY]]);
      } else if (entry.op === 'reclaimed') {
        const open = reclaims.get(entry.identity)?.find(([from, to]) => from <= at && to === Number.POSITIVE_INFINITY);
        if (open !== undefined) open[1] = at;
      }
    }
  }
  return reclaims;
}

/** What was held and never let go is held, by one call only, and bound to nobody. */
function lostHolds(
  entries: readonly Entry[],
  bindings: ReadonlyMap<string, string>,
  held: ReadonlySet<string>,
): string[] {
  const bound = new Set(bindings.values());
  const now = new Set<string>();
  for (const entry of entries) {
    if (entry.op === 'unholding') now.delete(entry.address);
    if (entry.op !== 'held') continue;
    assert.ok(!now.has(entry.address), `${entry.address} was held twice`);
    now.add(entry.address);
  }
  for (const address of now) assert.ok(!bound.has(address), `${address} is held and bound`);
  return [...now].filter((address) => !held.has(address)).map((address) => `the hold of ${address}`);
}

/**
 * Milliseconds in which a process that runs has put its marks again under a new lease, also on a machine with much to
 * do.
 */
const PUT_AGAIN = 30_000;

/** A lease can have ended a moment ago: its marks are missing when they do not come back. */
async function settledMarks(crowd: Crowd, etcd: Etcd): Promise<{ marks: number; missing: string[] }> {
  for (const until = Date.now() + PUT_AGAIN; ; await sleep(1000)) {
    const marks = etcd.keys('/limpet/v2/live/');
    const missing = lostMarks(crowd, marks);
    if (missing.length === 0 || Date.now() >= until) return { marks: marks.size, missing };
  }
}

/** What a running process answered and has not begun to release since is live on its node. */
function lostMarks(crowd: Crowd, marks: ReadonlyMap<string, unknown>): string[] {
  const keys = new Keys('/limpet/v2/');
  return [...crowd.running()].flatMap(([node, log]) =>
    [...liveIn(log)]
      .filter((identity) => !marks.has(keys.live(NET, identity, node)))
      .map((identity) => `${identity} is live on ${node}, etcd does not say so`),
  );
}

/** Answered when no release of the same identity was under way: only then is the order of the two known. */
function liveIn(log: readonly Entry[]): Set<string> {
  const live = new Set<string>();
  const releases = new Map<string, number>();
  for (const entry of log) {
    if (!('identity' in entry)) continue;
    const { op, identity } = entry;
    const underWay = releases.get(identity) ?? 0;
    if (op === 'allocated' && underWay === 0) live.add(identity);
    if (op === 'releasing') live.delete(identity);
    if (op === 'releasing') releases.set(identity, underWay + 1);
    if (op === 'released') releases.set(identity, underWay - 1);
  }
  return live;
}
