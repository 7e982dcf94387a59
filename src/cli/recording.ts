// `limpet demo --recording`: a real swarm's recording as a story for an operator. Every number and address in it is
// computed. What it is replayed by is replay.ts; the simulated swarm is demo.ts.

import { count, type Paint, table } from './print.js';
import { replay, type Story } from './replay.js';
import { movesTable, type Step, verdict } from './story.js';

/** The story's lines. */
export async function recordingStory(paint: Paint): Promise<string[]> {
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
    `replicas, network ${network} (${cidr}). What Docker did stands next to what`,
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
  const title = `${n}  ${step.happened.join('; ')}: ${count(step.ended, 'task')} ended, ${step.began} began`;
  return [paint('bold', title), ...movesTable(step, before, paint)];
}
