// Who takes part: names, how each is started, and who had to be left out on this machine, and why.

import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { corePath } from '../../tests/limpet.js';
import { Contestant } from './process.js';
import type { Missing } from './race.js';

interface Entrant {
  readonly name: string;
  readonly label: string;
  readonly runtime: 'Node' | 'Go';
  /** What it is, and the module that it is built from. */
  readonly note: string;
  /** Its stickiness: its own, or a map beside it. */
  readonly sticky: 'own' | 'map beside';
}

/** In the order of the tables; the first is the measure of all others. */
export const ENTRANTS: readonly Entrant[] = [
  entrant('limpet-raw', 'Limpet, raw ABI', 'Node', 'the core by `docs/ABI.md` alone', 'own'),
  entrant('limpet-host', 'Limpet, host API', 'Node', 'strings in, strings out', 'own'),
  entrant('limpet', 'Limpet, wazero', 'Go', 'the same `core.wasm` from Go, in `github.com/tetratelabs/wazero`', 'own'),
  entrant('docker', 'Docker', 'Go', '`github.com/docker/docker`, `libnetwork/ipams/defaultipam`, serial as Swarm asks'),
  entrant('dockerbitmap', "Docker's bitmap", 'Go', 'the same module, `libnetwork/bitmap` by itself'),
  entrant('goipam', 'go-ipam', 'Go', '`github.com/metal-stack/go-ipam`, storage in memory'),
  entrant('cilium', 'Cilium', 'Go', '`github.com/cilium/cilium`, `pkg/ipam/service/ipallocator`; chooses at random'),
  entrant(
    'kubernetes',
    'Kubernetes',
    'Go',
    '`k8s.io/kubernetes`, `pkg/registry/core/service/ipallocator` in memory; chooses at random',
  ),
  entrant('ip-num-pool', "ip-num's Pool", 'Node', '`ip-num`'),
  entrant(
    'ip-num-ranges',
    "ip-num's RangedSet",
    'Node',
    '`ip-num`, free ranges in an array; takes the last range first',
  ),
  entrant('roaring', 'Roaring bitmap', 'Node', '`roaring-wasm`, a set of the free ordinals; takes the least'),
  entrant('plain', 'plain JavaScript', 'Node', '`Map` and `Uint32Array`, written for this race', 'own'),
];

function entrant(
  name: string,
  label: string,
  runtime: Entrant['runtime'],
  note: string,
  sticky: Entrant['sticky'] = 'map beside',
): Entrant {
  return { name, label, runtime, note, sticky };
}

export const labelOf = (name: string): string => ENTRANTS.find((each) => each.name === name)?.label ?? name;

export interface Field {
  readonly contestants: readonly Contestant[];
  readonly missing: readonly Missing[];
  readonly versions: Readonly<Record<string, string>>;
}

/** Builds and starts everybody whose tools this machine has. `folder` takes the Go programs. */
export async function gather(folder: string): Promise<Field> {
  const contestants: Contestant[] = [];
  const missing: Missing[] = [];
  const versions: Record<string, string> = {};
  for (const each of ENTRANTS) {
    let contestant: Contestant | undefined;
    try {
      contestant = new Contestant(each.name, command(each, folder));
      versions[each.name] = (await contestant.ask({ do: 'version' })).version as string;
      contestants.push(contestant);
    } catch (error) {
      await contestant?.end();
      if (each.runtime === 'Node') throw error;
      missing.push({ peer: each.name, why: firstLine(error) });
    }
  }
  return { contestants, missing, versions };
}

function command({ name, runtime }: Entrant, folder: string): [string, ...string[]] {
  if (runtime === 'Node') {
    const runner = fileURLToPath(new URL('runner.ts', import.meta.url));
    return [process.execPath, '--expose-gc', '--no-flush-bytecode', '--import', 'tsx', runner, name];
  }
  const program = join(folder, name);
  execFileSync('go', ['build', '-trimpath', '-o', program, `./${name}`], {
    cwd: fileURLToPath(new URL('go', import.meta.url)),
    env: { ...process.env, GOTOOLCHAIN: 'local', GOWORK: 'off' },
    encoding: 'utf8',
    stdio: 'pipe',
  });
  return name === 'limpet' ? [program, corePath] : [program];
}

/** Go's own first complaint, or that there is no Go. */
function firstLine(error: unknown): string {
  const { code, stderr, message } = error as { code?: unknown; stderr?: string; message: string };
  if (code === 'ENOENT') return 'Go is not installed on this machine';
  const said = (stderr || message).split('\n').find((line) => line.trim() !== '' && !line.startsWith('#'));
  return (said ?? message).trim();
}
