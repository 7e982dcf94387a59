// Many worlds on all processors: seeds in order, until there are enough, the time is up or one has failed.
import { fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { add } from './sometimes.js';
import type { Played } from './worker.js';

export interface Campaign {
  readonly first: number;
  readonly seeds: number;
  /** All worlds have this one; undefined: each as its seed says. */
  readonly store?: 'etcd' | 'swarm' | undefined;
  /** Milliseconds, after which no further world begins. */
  readonly time?: number | undefined;
  /** So many failures end it. */
  readonly failures: number;
  readonly processes?: number;
  readonly each?: (played: Played) => void;
}

export interface Result {
  readonly worlds: number;
  readonly events: number;
  readonly seconds: number;
  readonly failed: readonly Played[];
  readonly sometimes: ReadonlyMap<string, number>;
}

const WORKER = fileURLToPath(new URL('worker.ts', import.meta.url));

export async function campaign({ first, seeds, store, time, failures, processes, each }: Campaign): Promise<Result> {
  const began = performance.now();
  const failed: Played[] = [];
  const sometimes = new Map<string, number>();
  let [next, worlds, events] = [first, 0, 0];
  const isOver = () =>
    next >= first + seeds ||
    failed.length >= failures ||
    performance.now() - began > (time ?? Number.POSITIVE_INFINITY);
  const count = Math.min(processes ?? availableParallelism(), seeds);
  const work = async () => {
    const worker = fork(WORKER, { execArgv: ['--import', 'tsx'] });
    const ended = new Promise<never>((_, reject) => {
      worker.once('exit', (code) => reject(new Error(`a worker of the campaign ended with ${code}`)));
    });
    ended.catch(() => {});
    try {
      while (!isOver()) {
        const seed = next++;
        const told = new Promise<Played>((resolve) => worker.once('message', resolve));
        worker.send({ seed, store });
        const played = await Promise.race([told, ended]);
        worlds++;
        events += played.events;
        add(sometimes, played.sometimes);
        if (played.failure !== undefined) failed.push(played);
        each?.(played);
      }
    } finally {
      worker.removeAllListeners('exit');
      worker.kill();
    }
  };
  await Promise.all(Array.from({ length: count }, work));
  failed.sort((a, b) => a.seed - b.seed);
  return { worlds, events, seconds: (performance.now() - began) / 1000, failed, sometimes };
}
