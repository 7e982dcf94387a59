// `limpet demo`: the classic test on the simulated swarm, in ten steps. Every number and address in it is what the
// simulation came to; the recording of a real swarm is recording.ts.

import { type Scenario, Simulation, type State, type SwarmEvent, scenarios, type Task } from '../simulator/index.js';
import { count, type Paint, table } from './print.js';
import { movesTable, type Place, type Step, verdict } from './story.js';

/** An event of the scenario with what came of it. */
interface Chapter {
  readonly event: SwarmEvent;
  /** All that was logged until the swarm was at rest again. */
  readonly log: State['log'];
  readonly before: State;
  readonly after: State;
}

/** The story's lines. */
export async function demo(paint: Paint, seed?: number): Promise<string[]> {
  const scenario: Scenario = { ...scenarios.classic, ...(seed === undefined ? {} : { seed }) };
  const simulation = await Simulation.open(scenario);
  const scene = setting(simulation);
  const chapters = await play(simulation);
  await simulation.close();
  const pages = [...scene, ...chapters.flatMap((chapter) => tell(chapter, paint))];
  return [
    paint('bold', `${scenario.name}, on a simulated swarm`),
    `Docker's own allocator and Limpet side by side, same events (seed ${scenario.seed}).`,
    '',
    ...pages.flatMap(([title = '', ...rest], n) => [paint('bold', `${String(n + 1).padStart(2)} ${title}`), ...rest]),
    '',
    ...verdict(stepsOf(chapters), paint),
  ];
}

async function play(simulation: Simulation): Promise<Chapter[]> {
  const chapters: Chapter[] = [];
  while (!simulation.ended) {
    const before = simulation.state;
    const after = await simulation.settle();
    const between = Array.from({ length: after.step - before.step }, (_, n) => simulation.at(before.step + 1 + n));
    const event = between[0]?.events[0];
    if (event !== undefined) chapters.push({ event, log: between.flatMap(({ log }) => log), before, after });
  }
  return chapters;
}

/** What is there before anything happens: each page is a title and its lines. */
function setting({ network, state }: Simulation): string[][] {
  const names = state.nodes.map(({ name }) => (name === state.leader ? `${name} (leader)` : name));
  return [
    [`${count(names.length, 'manager')}: ${names.join(', ')}`],
    [`network ${network.subnet}, gateway ${network.gateway}`],
  ];
}

function tell({ event, log, before, after }: Chapter, paint: Paint): string[][] {
  const said = (kind: string) => log.filter((line) => line.kind === kind).map(({ text }) => text);
  const [title = event.do] = said('event');
  if (event.do === 'look') return [[`look at ${event.identity}`, ...said('look').map((text) => `   ${text}`)]];
  if (event.do === 'create') return [[title, ...whereabouts(after, paint)]];
  const moves = movesTable(stepOf(after, []), stepOf(before, []), paint);
  const moved = moves.length > 1 ? moves : [];
  const election = said('swarm').find((text) => text.endsWith('is the new leader'));
  if (election === undefined) return [[title, ...moved]];
  return [[title], [election, ...leadersNews(after), ...moved]];
}

/** What the two allocators of a new leader know. */
function leadersNews({ sticky: { counts } }: State): string[] {
  return [
    "   Docker's allocator there knows which addresses are taken, and not whose,",
    `   Limpet there knows whose they are: ${counts.live} live, ${counts.reserved} reserved`,
  ];
}

function whereabouts(state: State, paint: Paint): string[] {
  const places = [...placesOf(state)];
  const rows = state.nodes.map(({ name }) => {
    const here = places.filter(([, { node }]) => node === name);
    return [name, here.map(([identity]) => identity).join(' ')];
  });
  return table(['NODE', 'REPLICAS'], rows, paint, { indent: '   ' });
}

/** The story's last page compares the states after which something can have moved. */
function stepsOf(chapters: readonly Chapter[]): Step[] {
  const told = chapters.filter(({ event }) => event.do !== 'look' && event.do !== 'activate');
  return told.map(({ after, log }) =>
    stepOf(
      after,
      log.filter(({ kind }) => kind === 'event').map(({ text }) => text),
    ),
  );
}

function stepOf(state: State, happened: readonly string[]): Step {
  return { happened, ended: 0, began: 0, places: placesOf(state) };
}

function placesOf({ tasks }: State): Map<string, Place> {
  const running = [...tasks.values()].filter(({ state, desired }) => state === 'running' && desired === 'running');
  return new Map(running.sort((a, b) => a.slot - b.slot).map((task) => [task.identity, placeOf(task)]));
}

function placeOf({ id, node, stock, sticky }: Task): Place {
  return { task: id, node: node ?? 'none', docker: stock ?? 'none', limpet: sticky ?? 'none' };
}
