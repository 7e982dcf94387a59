// What large worlds came to, as a table of Markdown.
import type { LargeOutcome, Phase } from './large.js';

const COLUMNS = [
  ...['nodes', 'tasks', 'lost', 'tasks moved', 'with the address of before'],
  ...['half at home after', '95 % after', 'all after'],
  ...['transactions for each moved', 'that lost to another', 'bytes for each moved', 'keys told to each node'],
  ...['refusals', 'questions to Docker, each node a minute'],
];

const many = (count: number) => Math.round(count).toLocaleString('en').replaceAll(',', ' ');
const seconds = (value: number) => `${value.toFixed(1)} s`;

export function tableOf(outcomes: readonly LargeOutcome[]): string {
  return [`| ${COLUMNS.join(' | ')} |`, `|${'---|'.repeat(COLUMNS.length)}`, ...outcomes.map(rowOf)].join('\n');
}

/** What it took to play it. */
export function effortOf({ size: { nodes, tasks, store }, took, memory, phases }: LargeOutcome): string {
  const simulated = phases.reduce((sum, phase) => sum + phase.seconds, 0);
  const world = `${many(nodes)} nodes with ${many(tasks)} tasks on ${store}`;
  return `${world}: ${many(simulated)} simulated seconds in ${many(took)} s, with ${many(memory / 1e6)} MB at most`;
}

function rowOf(outcome: LargeOutcome): string {
  const { size, lost, lostLeader, moved, atHome, home, phases } = outcome;
  const loss = phases.find(({ name }) => name === 'loss');
  const count = (what: string) => loss?.load[what] ?? 0;
  const cells = [
    ...[many(size.nodes), many(size.tasks), `${many(lost)}${lostLeader ? ', the leader too' : ''}`],
    ...[many(moved), many(atHome), ...home.map(seconds)],
    (count('transactions') / moved).toFixed(2),
    many(count('transactions that lost a compare')),
    many(count('bytes') / moved),
    size.store === 'etcd' ? many(count('news') / (size.nodes - lost)) : '',
    many(sumOf(loss, 'refused ')),
    (restful(phases) / size.nodes).toFixed(1),
  ];
  return `| ${cells.join(' | ')} |`;
}

function sumOf(phase: Phase | undefined, prefix: string): number {
  const counts = Object.entries(phase?.load ?? {}).filter(([what]) => what.startsWith(prefix));
  return counts.reduce((sum, [, count]) => sum + count, 0);
}

/** Questions to all Dockers in a minute in which nothing happens. */
function restful(phases: readonly Phase[]): number {
  const rest = phases.find(({ name }) => name === 'rest');
  return rest === undefined ? 0 : (sumOf(rest, 'Docker ') / rest.seconds) * 60;
}
