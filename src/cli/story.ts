// A story's last page, and what it is made of: where each replica was after each step in two worlds, Docker's and
// Limpet's. The simulated swarm (demo.ts) and the recorded one (recording.ts) are told with it; every number in it is
// counted.

import { type Cell, type Paint, table } from './print.js';

export type World = 'docker' | 'limpet';

/** A replica where a step found it: its task's node, and the address it has in each world. */
export interface Place {
  readonly task: string;
  readonly node: string;
  readonly docker: string;
  readonly limpet: string;
}

export interface Step {
  /** What happened to the nodes, in words; empty for the first step. */
  readonly happened: readonly string[];
  /** Tasks that ended and began since the step before. */
  readonly ended: number;
  readonly began: number;
  /** By identity, in the order of the slots. */
  readonly places: ReadonlyMap<string, Place>;
}

/** The replicas whose task is another one than a step before, and what became of their addresses. */
export function movesTable(step: Step, before: Step, paint: Paint): string[] {
  const rows = movedIn(step, before).map(({ identity, was, now }) => [
    identity,
    was.node === now.node ? now.node : `${was.node} → ${now.node}`,
    change(was.docker, now.docker),
    change(was.limpet, now.limpet),
  ]);
  return table(['REPLICA', 'NODE', 'DOCKER', 'LIMPET'], rows, paint, { indent: '   ' });
}

/** What both worlds have come to. */
export function verdict(steps: readonly Step[], paint: Paint): string[] {
  const [first] = steps;
  const last = steps.at(-1);
  if (first === undefined || last === undefined) return [];
  const moves = steps.slice(1).map((step, n) => movedIn(step, steps[n] ?? step));
  const size = last.places.size;
  const rows = [
    ...moves.map((moved, n) =>
      versus(`moved and kept their address: ${steps[n + 1]?.happened.at(-1)}`, (world) => kept(moved, world)),
    ),
    versus('at the end on the address they began with', (world) => {
      const home = [...last.places].filter(([id, place]) => first.places.get(id)?.[world] === place[world]);
      return `${home.length} of ${size}`;
    }),
    versus(`addresses that ${size} replicas have used`, (world) => String(addressesUsed(steps, world))),
    versus('addresses that now answer as another replica', (world) => String(passedOn(steps, world).length)),
  ];
  const all = moves.flat();
  return [
    paint(
      'bold',
      `Verdict: addresses kept by tasks that moved: Docker ${kept(all, 'docker')}, Limpet ${kept(all, 'limpet')}`,
    ),
    ...table(['', 'DOCKER', 'LIMPET'], rows, paint, { indent: '   ' }),
    ...passedOn(steps, 'docker')
      .slice(0, 1)
      .map(({ address, from, to }) => {
        return `   With Docker, ${address} was ${from} and is ${to} now.`;
      }),
  ];
}

function versus(what: string, of: (world: World) => string): string[] {
  return [what, of('docker'), of('limpet')];
}

function kept(moves: readonly Move[], world: World): string {
  return `${moves.filter(({ was, now }) => was[world] === now[world]).length} of ${moves.length}`;
}

function addressesUsed(steps: readonly Step[], world: World): number {
  return new Set(steps.flatMap(({ places }) => [...places.values()].map((place) => place[world]))).size;
}

type Move = { readonly identity: string; readonly was: Place; readonly now: Place };

/** The replicas whose task is another than a step before. */
function movedIn(step: Step, before: Step): Move[] {
  return [...step.places].flatMap(([identity, now]) => {
    const was = before.places.get(identity);
    return was === undefined || was.task === now.task ? [] : [{ identity, was, now }];
  });
}

/** Addresses that were one replica's once and are another's in the end. */
function passedOn(steps: readonly Step[], world: World): { address: string; from: string; to: string }[] {
  const firstOwner = new Map<string, string>();
  for (const { places } of steps) {
    for (const [identity, place] of places) {
      if (!firstOwner.has(place[world])) firstOwner.set(place[world], identity);
    }
  }
  return [...(steps.at(-1)?.places ?? [])].flatMap(([to, place]) => {
    const address = place[world];
    const from = firstOwner.get(address);
    return from === undefined || from === to ? [] : [{ address, from, to }];
  });
}

function change(was: string, now: string): Cell {
  return was === now ? { text: `kept ${now}`, style: 'green' } : `${was} → ${now}`;
}
