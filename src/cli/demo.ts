// `limpet demo`: the replayed swarm as a story for an operator. Every number and address in it is computed.

import { type Cell, count, type Paint, table } from './print.js';
import { type Place, replay, type Step, type Story } from './replay.js';

type World = 'docker' | 'limpet';

/** The story's lines. */
export async function demo(paint: Paint): Promise<string[]> {
  const story = await replay();
  const { steps } = story;
  return [
    ...introduction(story, paint),
    ...steps.flatMap((step, n) => ['', ...tell(n + 1, step, steps[n - 1], paint)]),
    '',
    ...verdict(steps, paint),
  ];
}

function introduction({ engine, managers, service, network, cidr, steps }: Story, paint: Paint): string[] {
  const replicas = steps[0]?.places.size ?? 0;
  return [
    paint('bold', 'One swarm, two allocators'),
    `A recording: ${managers} managers with Docker ${engine}, service ${service} with ${replicas}`,
    `replicas, network ${network} (${cidr}). Beside what Docker did stands what`,
    'Limpet does when it gets the same events, computed now.',
  ];
}

function tell(n: number, step: Step, before: Step | undefined, paint: Paint): string[] {
  return before === undefined ? tellStart(n, step, paint) : tellMoves(n, step, before, paint);
}

function tellStart(n: number, { places, began }: Step, paint: Paint): string[] {
  const rows = [...places].map(([identity, { node, docker, limpet }]) => [identity, node, docker, limpet]);
  const title = `${n}  ${count(began, 'task')} run; Limpet takes their addresses over from the task list`;
  return [paint('bold', title), ...table(['REPLICA', 'NODE', 'DOCKER', 'LIMPET'], rows, paint, { indent: '   ' })];
}

function tellMoves(n: number, step: Step, before: Step, paint: Paint): string[] {
  const moved = movedIn(step, before);
  const rows = moved.map(({ identity, was, now }) => [
    identity,
    was.node === now.node ? now.node : `${was.node} → ${now.node}`,
    change(was.docker, now.docker),
    change(was.limpet, now.limpet),
  ]);
  const title = `${n}  ${step.happened.join('; ')}: ${count(step.ended, 'task')} ended, ${step.began} began`;
  return [paint('bold', title), ...table(['REPLICA', 'NODE', 'DOCKER', 'LIMPET'], rows, paint, { indent: '   ' })];
}

function verdict(steps: readonly Step[], paint: Paint): string[] {
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
