// What must be true after every step, whatever the step was.
import { addressesOf, unreachable } from './inside.js';
import { changes, doubles, type Picture, type Placed } from './picture.js';
import { sleep } from './rig/run.js';
import type { Row } from './table.js';
import type { Pictures, Twins, World } from './world.js';

// Docker's nodes tell each other by gossip who has which address.
const GOSSIP = 30_000;

export interface Outcome {
  readonly after: Pictures;
  readonly limpet: Row['limpet'];
  readonly stock: Row['stock'];
  readonly failures: readonly string[];
}

export async function check(world: World, before: Pictures): Promise<Outcome> {
  const after = await world.look();
  const away = [...after.limpet.values()].filter(({ identity, address }) => world.homes.get(identity) !== address);
  const networks = await Promise.all(world.twins.map((twins) => network(twins, after.limpet)));
  return {
    after,
    limpet: changes(before.limpet, after.limpet, (identity) => world.homes.get(identity)),
    stock: changes(before.stock, after.stock, (identity) => before.stock.get(identity)?.address),
    failures: [...away.map((stray) => strayed(world, stray)), ...doubles(after.limpet), ...networks.flat()],
  };
}

function strayed(world: World, { identity, address, node }: Placed): string {
  return `${identity} on ${node.name} has ${address}, its home is ${world.homes.get(identity)}`;
}

/** Name and traffic of one service, from one container on each node. */
async function network({ limpet: name }: Twins, picture: Picture): Promise<string[]> {
  const replicas = [...picture.values()].filter(({ identity }) => identity.startsWith(`${name}.`));
  const addresses = replicas.map(({ address }) => address).sort();
  const byNode = new Map(replicas.map((replica) => [replica.node, replica]));
  const answers = await Promise.all(
    [...byNode.values()].map((replica) => patiently(() => seenFrom(replica, name, addresses))),
  );
  return answers.flat();
}

async function seenFrom(from: Placed, name: string, addresses: readonly string[]): Promise<string[]> {
  const found = await addressesOf(from, `tasks.${name}`);
  const where = `${from.identity} on ${from.node.name}`;
  const failures = [];
  if (found.join() !== addresses.join()) failures.push(`${where} finds tasks.${name} at ${found}, not at ${addresses}`);
  const lost = await unreachable(from, addresses);
  if (lost.length > 0) failures.push(`${where} does not reach ${lost}`);
  return failures;
}

async function patiently(ask: () => Promise<string[]>): Promise<string[]> {
  for (const end = Date.now() + GOSSIP; ; await sleep(1000)) {
    const failures = await ask();
    if (failures.length === 0 || Date.now() > end) return failures;
  }
}
