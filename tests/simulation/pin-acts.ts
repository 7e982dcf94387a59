// Operators who pin addresses and end their pins, in worlds of their own. These acts are drawn apart from all others: a
// seed without them is the world that it was before there were pins.
import { parseCidr } from '../../src/host/address.js';
import { LimpetError } from '../../src/host/errors.js';
import { pin, unpin } from '../../src/operate/pins.js';
import { Chance } from '../../src/simulator/random.js';
import { type Deed, rare } from './deed.js';
import type { Act, Plan } from './plan.js';
import type { World } from './world.js';

const ACTS = ['pin', 'pin', 'pin', 'unpin', 'label'];
/** Milliseconds between two changes of a service's labels that count as one. */
const AT_ONCE = 10_000;
/** One world in so many has them. */
const SHARE = 3;

/** Acts of this seed's operators, none in most worlds. */
export function drawPins(seed: number, start: number, duration: number): Act[] {
  const chance = new Chance(Math.imul(seed, 0x85ebca6b) >>> 0);
  const acts: Act[] = [];
  if (chance.below(SHARE) !== 0) return acts;
  for (let at = start; at < duration; at += 500 + chance.below(8000)) {
    const of = [chance.below(1000), chance.below(1000), chance.below(1000)] as const;
    acts.push({ at, act: ACTS[chance.below(ACTS.length)] as string, of });
  }
  return acts;
}

/** `limpet pin` on one of the nodes: a slot, or a whole service. */
async function pinSome(world: World, [a, b, c]: Act['of']): Promise<void> {
  const { plan, plugins } = world;
  const operate = plugins[a % plugins.length]?.operate;
  if (operate === undefined) return;
  const last = Number(parseCidr(plan.cidr).size) - 2;
  const [first, length] = [last - (c % Math.floor(last / 2)), 1 + (b % 3)];
  const [who, count] = b % 4 === 0 ? ['web', length] : [`${b % 3 === 0 ? 'api' : 'web'}.${1 + (b % 5)}`, 1];
  const addresses = `${addressOf(plan, Math.max(first - count + 1, 2))}-${addressOf(plan, Math.max(first, count + 1))}`;
  await attempt(world, who, () => pin(operate, { who, addresses, subnet: plan.cidr, space: 'swarm' }));
}

async function unpinSome(world: World, [a, b]: Act['of']): Promise<void> {
  const operate = world.plugins[a % world.plugins.length]?.operate;
  if (operate === undefined) return;
  const who = b % 2 === 0 ? 'web' : `web.${1 + (b % 5)}`;
  await attempt(world, who, () => unpin(operate, { who, space: 'swarm' }));
}

async function attempt(world: World, who: string, action: () => Promise<unknown>): Promise<void> {
  choosing(world, who);
  try {
    await action();
    world.happened('a person chooses an address');
  } catch (error) {
    if (!(error instanceof LimpetError)) throw error;
  }
  choosing(world, who);
}

/** An operator chooses for the slots of a service, or for one. */
function choosing({ judge, timeline }: World, who: string): void {
  const slots = who.includes('.') ? [who] : slotsOf(who);
  for (const slot of slots) {
    judge.pinning.add(slot);
    judge.chosen.set(slot, timeline.now);
  }
}

function slotsOf(service: string): string[] {
  return [1, 2, 3, 4, 5].map((slot) => `${service}.${slot}`);
}

function addressOf({ cidr }: Plan, n: number): string {
  return cidr.replace(/\d+\/\d+$/, String(n));
}

/** A service's author chooses its addresses, or the part of the subnet that they come from, and changes his mind. */
function labelOne(world: World, [a, b, c]: Act['of']): void {
  const { plan, swarm, judge } = world;
  const half = Math.floor(Number(parseCidr(plan.cidr).size) / 2);
  const first = half + (c % Math.max(half - 8, 1));
  const range = `${addressOf(plan, first)}-${addressOf(plan, first + 1 + (b % 6))}`;
  const name = a % 3 === 0 ? 'api' : 'web';
  for (const slot of slotsOf(name)) judge.pinning.add(slot);
  // Whose task was made by the labels of a moment ago can ask after one that was made by the new ones: the last one
  // who asks is gone by, until somebody asks again.
  const { now } = world.timeline;
  const last = judge.labelled.get(name) ?? Number.NEGATIVE_INFINITY;
  judge.labelled.set(name, now);
  if (now - last < AT_ONCE) for (const slot of slotsOf(name)) judge.chosen.set(slot, now);
  swarm.relabel(name, { [b % 4 === 0 ? 'limpet.pool' : 'limpet.address']: range });
  world.happened('an author chooses addresses');
  // Its end has to be had, also while the swarm has no leader: a ticket that lies on a chosen address keeps a task from
  // its start for as long as it is chosen.
  const end = () => {
    const service = swarm.records.serviceNamed(name);
    // It is being made anew, with the labels that it had.
    if (service === undefined) return void world.timeline.after(1000, end);
    service.labels = undefined;
    swarm.records.renewed(service);
  };
  world.lasting(8000 + b * 20, end);
}

export const pins = {
  label: rare(labelOne),
  pin: rare((world, of) => void pinSome(world, of)),
  unpin: rare((world, of) => void unpinSome(world, of)),
} satisfies Record<string, Deed>;
