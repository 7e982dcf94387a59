// What `npm run simulate` is told on its command line.
import { parseArgs } from 'node:util';
import type { Size } from './large.js';

export const USAGE = `usage: npm run simulate -- [--seeds N] [--seed S] [--minutes M] [--world W] [--store etcd|swarm]
       npm run simulate -- --nodes N[,N…] --tasks N[,N…] [--seed S] [--store etcd|swarm] [--write]`;

type Store = 'etcd' | 'swarm';

export type Options =
  | { readonly kind: 'help' }
  /** One world, with all of its history. */
  | { readonly kind: 'world'; readonly world: number; readonly store: Store | undefined }
  | {
      readonly kind: 'campaign';
      readonly seed: number;
      readonly seeds: number;
      readonly store: Store | undefined;
      /** Milliseconds. */
      readonly time: number | undefined;
    }
  /** Large worlds, one after the other. */
  | { readonly kind: 'large'; readonly sizes: readonly Size[]; readonly output: 'print' | 'write' };

const WORLDS = 300;
/** Three managers, and one that is lost of each three machines. */
const FEWEST = 6;

/** @throws Error that says which option is wrong */
export function optionsOf(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seeds: { type: 'string' },
      seed: { type: 'string', default: '1' },
      minutes: { type: 'string' },
      world: { type: 'string' },
      store: { type: 'string' },
      nodes: { type: 'string' },
      tasks: { type: 'string' },
      write: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) return { kind: 'help' };
  const seed = numberOf('seed', values.seed);
  const store = storeNamed(values.store);
  const { nodes, tasks, write, world, minutes } = values;
  if (nodes !== undefined || tasks !== undefined)
    return { kind: 'large', sizes: sizesOf({ seed, store, nodes, tasks }), output: write ? 'write' : 'print' };
  if (write) throw new Error('--write goes with --nodes and --tasks');
  if (world !== undefined) return { kind: 'world', world: numberOf('world', world), store };
  const time = minutes === undefined ? undefined : numberOf('minutes', minutes) * 60_000;
  const many = time === undefined ? WORLDS : Number.MAX_SAFE_INTEGER / 2;
  return {
    kind: 'campaign',
    seed,
    seeds: values.seeds === undefined ? many : numberOf('seeds', values.seeds),
    store,
    time,
  };
}

interface Sizes {
  readonly seed: number;
  readonly store: Store | undefined;
  readonly nodes: string | undefined;
  readonly tasks: string | undefined;
}

function sizesOf({ seed, store = 'etcd', nodes, tasks }: Sizes): Size[] {
  if (nodes === undefined || tasks === undefined) throw new Error('--nodes and --tasks go together');
  const counts = nodes.split(',').map((text) => numberOf('nodes', text, FEWEST));
  const each = tasks.split(',').map((text) => numberOf('tasks', text, 1));
  if (counts.length !== each.length)
    throw new Error(`--nodes ${nodes} --tasks ${tasks}: as many of the one as of the other`);
  return counts.map((count, n) => ({ seed, store, nodes: count, tasks: each[n] as number }));
}

function storeNamed(name: string | undefined): Store | undefined {
  if (name === undefined || name === 'etcd' || name === 'swarm') return name;
  throw new Error(`--store ${name}: etcd or swarm`);
}

function numberOf(name: string, text: string, least = 0): number {
  const number = Number(text);
  if (text.trim() !== '' && Number.isFinite(number) && number >= least) return number;
  throw new Error(`--${name} ${text}: a number from ${least} on`);
}
