// `limpet store copy`: everything that one store has into another, binding by binding, so that a running cluster can
// move. Both are open; what is in the other one already stays, and what it says otherwise is told.

import { LimpetError } from '../host/errors.js';
import type { AllocatorService, SubnetService } from '../service/index.js';

export interface CopyStep {
  readonly space: string;
  readonly subnet: string;
  readonly bindings: number;
  readonly held: number;
  /** `left out`: a swarm keeps no subnets of single nodes. */
  readonly outcome: 'copied' | 'would copy' | 'left out';
  /** What the other store says otherwise, each in words. */
  readonly conflicts: readonly string[];
}

export interface Copying {
  readonly from: AllocatorService;
  readonly to: AllocatorService;
  /** Sets the time that `to` goes by: a release keeps its own. */
  readonly setTime: (time: number) => void;
  readonly isWanted: (space: string) => boolean;
  readonly dryRun: boolean;
}

/** Calls under way at once: they go out together. */
const LANES = 64;
/** Stands for the node that ran it last, where a released binding is made. */
const NOBODY = 'copied';

/** @throws LimpetError UNAVAILABLE, OVERLAP and BAD_INPUT of the other store */
export async function copyStore({ from, to, setTime, isWanted, dryRun }: Copying): Promise<CopyStep[]> {
  const steps: CopyStep[] = [];
  for (const net of [...from.subnets()]) {
    const { space, cidr: subnet } = net.spec;
    const [bindings, held] = [[...net.list()].length, [...net.held()].length];
    const step = { space, subnet, bindings, held };
    if (!isWanted(space)) steps.push({ ...step, outcome: 'left out', conflicts: [] });
    else if (dryRun)
      steps.push({ ...step, outcome: 'would copy', conflicts: textsOf(clashes(net, to.find(subnet, space))) });
    else steps.push({ ...step, outcome: 'copied', conflicts: await copySubnet(net, from, to, setTime) });
  }
  return steps;
}

interface Clash {
  readonly identity: string;
  readonly text: string;
}

/** What both have, and not alike. */
function clashes(net: SubnetService, there: SubnetService | undefined): Clash[] {
  if (there === undefined) return [];
  return [...net.list()].flatMap(({ identity, address }) => {
    const own = there.lookup(identity)?.address;
    const owner = there.inspect(address).identity;
    const isMoved = own !== undefined && own !== address;
    if (isMoved) return [{ identity, text: `${identity} has ${own} there, not ${address}` }];
    if (owner === undefined || owner === identity) return [];
    return [{ identity, text: `${address} is ${owner}'s there, not ${identity}'s` }];
  });
}

function textsOf(all: readonly Clash[]): string[] {
  return all.map(({ text }) => text);
}

async function copySubnet(
  net: SubnetService,
  from: AllocatorService,
  to: AllocatorService,
  setTime: (time: number) => void,
): Promise<string[]> {
  const { cidr, ...settings } = net.spec;
  const there = to.find(cidr, settings.space) ?? (await to.subnet(cidr, settings));
  const clashing = clashes(net, there);
  const found = textsOf(clashing);
  const isClash = new Set(clashing.map(({ identity }) => identity));
  for (const user of net.users) await there.use(user);
  const wanted = [...net.list()].filter(({ identity }) => !isClash.has(identity));
  const nodes = new Set<string>(net.users);
  // A ticket is held together with its binding: it is held first, and then traded.
  const held = [...net.held(), ...wanted.map(({ address }) => address).filter((address) => net.isHeld(address))];
  await inLanes(held, (address) => hold(there, address, found));
  await inLanes(wanted, async ({ identity, address }) => {
    const on = net.lookup(identity)?.nodes ?? [];
    for (const node of on.length > 0 ? on : [NOBODY]) {
      nodes.add(node);
      await there.allocate(identity, { node, ticket: address });
    }
  });
  const released = wanted.filter(({ releasedAt }) => releasedAt !== undefined);
  released.sort((a, b) => (a.releasedAt as number) - (b.releasedAt as number));
  for (const { identity, releasedAt } of released) {
    setTime(releasedAt as number);
    await there.release(identity, NOBODY);
  }
  await inLanes(
    wanted.filter(({ pinned }) => pinned),
    async ({ identity, address }) => void (await there.pin(identity, address)),
  );
  for (const id of nodes) {
    const name = from.nodeName(id);
    if (name !== undefined) await to.introduce({ id, name });
  }
  return found;
}

/** What is bound there already was copied before, and has its ticket or none. */
async function hold(there: SubnetService, address: string, found: string[]): Promise<void> {
  if (there.isHeld(address)) return;
  try {
    await there.hold(address);
  } catch (error) {
    if (!(error instanceof LimpetError) || error.code !== 'OCCUPIED') throw error;
    found.push(`${address} is held, and ${error.details.owner ?? 'taken'} there: its ticket is not kept`);
  }
}

async function inLanes<T>(list: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = list.values();
  const lane = async () => {
    for (const item of queue) await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(LANES, list.length) }, lane));
}
