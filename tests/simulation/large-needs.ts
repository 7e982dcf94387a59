// What swarms of some sizes ask of etcd when a third of their machines is lost: as it was simulated, and beyond by
// arithmetic from the largest world that was.
import type { LargeOutcome } from './large.js';

/** Tasks on each node. */
const DENSITY = 50;
const NODES = [10, 100, 1000];
/** Renewals of a lease in its time to live, and that in seconds. */
const RENEWALS = 3;
const TTL = 10;

const COLUMNS = [
  ...['nodes', 'tasks', 'known by', 'renewals of leases a second', 'tasks that move', 'transactions for that'],
  ...['keys told to all plugins together', 'all at home after'],
];

interface Needs {
  readonly moved: number;
  readonly transactions: number;
  readonly told: number;
  /** Seconds. */
  readonly home: number;
}

const many = (count: number) => Math.round(count).toLocaleString('en').replaceAll(',', ' ');

/** Undefined without a world on etcd to reckon from. */
export function needsOf(outcomes: readonly LargeOutcome[]): string | undefined {
  const all = outcomes.filter(({ size }) => size.store === 'etcd').sort((a, b) => a.size.tasks - b.size.tasks);
  const [smallest, largest] = [all[0], all.at(-1)];
  if (smallest === undefined || largest === undefined) return undefined;
  const rows = NODES.map((nodes) => {
    const tasks = nodes * DENSITY;
    const played = all.find(({ size }) => size.nodes === nodes && size.tasks === tasks);
    const how = played === undefined ? 'arithmetic' : 'simulation';
    const { moved, transactions, told, home } = played ? seen(played) : reckoned(nodes, tasks, smallest, largest);
    const cells = [many(nodes), many(tasks), how, ((nodes * RENEWALS) / TTL).toFixed(0)];
    return `| ${[...cells, many(moved), many(transactions), many(told), `${home.toFixed(0)} s`].join(' | ')} |`;
  });
  return [`| ${COLUMNS.join(' | ')} |`, `|${'---|'.repeat(COLUMNS.length)}`, ...rows].join('\n');
}

function seen({ moved, home, phases }: LargeOutcome): Needs {
  const load = phases.find(({ name }) => name === 'loss')?.load ?? {};
  return { moved, transactions: load.transactions ?? 0, told: load.news ?? 0, home: home[2] };
}

/** Transactions by tasks that move; keys told by those and by the nodes that stay; time by both worlds, in a line. */
function reckoned(nodes: number, tasks: number, smallest: LargeOutcome, largest: LargeOutcome): Needs {
  const [few, most] = [seen(smallest), seen(largest)];
  const moved = tasks / 3;
  const more = moved / most.moved;
  const stay = (nodes * 2) / 3 / (largest.size.nodes - largest.lost);
  const slope = most.moved === few.moved ? 0 : (most.home - few.home) / (most.moved - few.moved);
  return {
    moved,
    transactions: most.transactions * more,
    told: most.told * more * stay,
    home: most.home + Math.max(slope, 0) * (moved - most.moved),
  };
}
