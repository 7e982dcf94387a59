// `npm run bench:open`: what it takes to open an etcd that has many bindings, beside the bare reading of the same keys;
// it needs a real etcd. `--bindings N` makes it smaller, `--write` puts the table into docs/SCALE.md. Nothing here
// passes or fails on a time.

import { execFileSync } from 'node:child_process';
import { loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { readArguments, wholeNumber } from '../scripts/arguments.js';
import { Etcd } from '../tests/etcd/etcd.js';
import { between } from './marks.js';
import { fill } from './open/fill.js';
import type { Opening } from './open/process.js';
import { machine } from './report.js';

const values = readArguments('usage: npm run bench:open -- [--bindings N] [--write]', {
  bindings: { type: 'string', default: '1000000' },
  write: { type: 'boolean' },
});
const count = wholeNumber('bindings', values.bindings);
const CIDR = '10.0.0.0/8';
/** Bytes that etcd's file may grow to. */
const QUOTA = 8 * 2 ** 30;

const many = (number: number) => number.toLocaleString('en').replaceAll(',', ' ');

async function open(reserved: number): Promise<string[]> {
  const { etcd, remove } = await Etcd.start({ flags: ['--quota-backend-bytes', String(QUOTA)] });
  try {
    await fill({ endpoint: etcd.endpoint, cidr: CIDR, count, reserved });
    return (['bare', 'store'] as const).map((what) => {
      const script = fileURLToPath(new URL('open/process.ts', import.meta.url));
      const args = ['--import', 'tsx', script, etcd.endpoint, CIDR, what];
      const opening: Opening = JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' }));
      if (opening.bindings !== count) throw new Error(`${opening.bindings} of ${count} bindings were read`);
      return row(`${what === 'bare' ? 'bare reading' : 'Limpet'}, ${reserved * 100} % reserved`, opening);
    });
  } finally {
    remove();
  }
}

function row(what: string, { took, cpu, block, peak, leasesLost }: Opening): string {
  const cells = [what, `${(took / 1000).toFixed(1)} s`, `${(cpu / 1000).toFixed(1)} s`, `${block.toFixed(0)} ms`];
  return `| ${[...cells, `${(peak / 1e6).toFixed(0)} MB`, leasesLost].join(' | ')} |`;
}

const rows = [...(await open(0)), ...(await open(0.5))];
const table = [
  `${many(count)} bindings, on ${machine()}, etcd ${Etcd.version()} with one member on the same machine. One run; ` +
    `load average of the machine at its end: ${loadavg()[0]?.toFixed(1)}.`,
  '',
  '| | takes | of processor | longest block | memory at most | leases lost |',
  '|---|---|---|---|---|---|',
  ...rows,
].join('\n');
console.log(table);
if (values.write)
  await between(new URL('../docs/SCALE.md', import.meta.url), 'open', 'npm run bench:open -- --write', table);
