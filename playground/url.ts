// What is shown, in the address bar: scenario, seed and step behind the #, which no browser ever sends anywhere. A run
// with events done by hand carries them along.

import type { Scenario } from 'limpet/simulator';

/** What a link says. Anybody can have written it: the simulator checks the scenario. */
export interface Linked extends Omit<Shown, 'scenario'> {
  readonly scenario?: unknown;
}

export interface Shown {
  /** The name of one of the page's scenarios. */
  readonly name?: string;
  /** A whole scenario instead. */
  readonly scenario?: Scenario;
  readonly seed?: number;
  readonly step?: number;
  readonly follow?: string;
  readonly view?: 'swarm' | 'own';
}

export function toHash({ name, scenario, seed, step, follow, view }: Shown): string {
  const parts = new URLSearchParams();
  if (view === 'own') parts.set('view', view);
  if (scenario !== undefined) parts.set('run', packed(scenario));
  else if (name !== undefined) parts.set('scenario', name);
  if (seed !== undefined && scenario === undefined) parts.set('seed', String(seed));
  if (step !== undefined) parts.set('step', String(step));
  if (follow !== undefined) parts.set('follow', follow);
  return `#${parts}`;
}

/** What cannot be read is left out; the page then shows what it shows by itself. A run is said to be none. */
export function fromHash(hash: string): Linked {
  const parts = new URLSearchParams(hash.replace(/^#/, ''));
  const number = (key: string) => (/^\d{1,10}$/.test(parts.get(key) ?? '') ? Number(parts.get(key)) : undefined);
  const scenario = unpacked(parts.get('run'));
  const found = {
    name: parts.get('scenario') ?? undefined,
    scenario,
    seed: number('seed'),
    step: number('step'),
    follow: parts.get('follow') ?? undefined,
    view: parts.get('view') === 'own' ? 'own' : undefined,
  };
  return Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined));
}

function packed(scenario: Scenario): string {
  const bytes = new TextEncoder().encode(JSON.stringify(scenario));
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
}

/** What it says, whatever that is; where it cannot be read, its text, which is no scenario either. */
function unpacked(text: string | null): unknown {
  if (text === null) return undefined;
  try {
    const bytes = Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (char) => char.charCodeAt(0));
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return text;
  }
}
