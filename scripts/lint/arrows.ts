// Who imports whom, by dependency-cruiser: .dependency-cruiser.mjs draws the arrows that are allowed.
import { node } from '../test/process.js';

const FOLDERS = ['assembly', 'bench', 'playground', 'scripts', 'src', 'tests'];

interface Violation {
  readonly from: string;
  readonly to: string;
  readonly rule: { readonly name: string };
  /** The files of a circle, from the one after `from` on to `from`. */
  readonly cycle?: readonly { readonly name: string }[];
}

export async function arrows(): Promise<string[]> {
  const cli = 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs';
  const { output } = await node([cli, '--config', '.dependency-cruiser.mjs', '--output-type', 'json', ...FOLDERS]);
  if (!output.startsWith('{')) return [output.trim()];
  const violations: Violation[] = JSON.parse(output).summary.violations;
  return [...new Set(violations.map(tell))];
}

function tell({ from, to, rule, cycle }: Violation): string {
  if (cycle === undefined) return `${rule.name}: ${from} → ${to}`;
  // A circle is found from each of its files; it is told from the first by name.
  const files = cycle.map(({ name }) => name);
  const first = files.indexOf([...files].sort()[0] ?? '');
  const turned = [...files.slice(first), ...files.slice(0, first)];
  return `${rule.name}: ${[...turned, turned[0]].join(' → ')}`;
}
