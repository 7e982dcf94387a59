// The process of file-crash.test.ts that is killed: does random work on the folder it is given, and says on its
// standard output what it begins and what it was answered, each line before anything else happens.

import { writeSync } from 'node:fs';
import { AllocatorService, FileStore, LimpetError, type SubnetService } from './library.js';

/** Subnets by what is special about them; a tight one is full most of the time. */
export const SUBNETS = {
  plain: { cidr: '10.1.0.0/24', settings: { gateway: '10.1.0.1', reclaim: {} } },
  wide: { cidr: 'fd00::/64', settings: { reclaim: {} } },
  tight: { cidr: '10.2.0.0/27', settings: { reclaim: { whenFull: { holdDown: 0 } } } },
} as const;
export type SubnetName = keyof typeof SUBNETS;

/**
 * What a caller does next. Each identity and each address given here belongs to one caller, who waits for the answer.
 */
export type Call =
  | { readonly op: 'allocate'; readonly identity: string; readonly node: string; readonly ticket?: string }
  | { readonly op: 'release'; readonly identity: string; readonly node: string }
  | { readonly op: 'reclaim'; readonly identity: string }
  | { readonly op: 'hold' }
  | { readonly op: 'unhold'; readonly address: string }
  | { readonly op: 'settings'; readonly policy: 'serial' | 'lowest' };

type AddressCall = Exclude<Call, { readonly op: 'settings' }>;
type Answer = { readonly answer: string | boolean; readonly releasedAt?: number } | { readonly error: string };

export type Line =
  | { readonly ready: true }
  | { readonly begin: number; readonly net: SubnetName; readonly call: Call }
  | ({ readonly end: number } & Answer)
  | { readonly reclaimed: string; readonly net: SubnetName };

const CALLERS = 8;
const NAMES = Object.keys(SUBNETS) as SubnetName[];

async function main(folder: string): Promise<void> {
  const say = (line: Line) => print(`${JSON.stringify(line)}\n`);
  const store = new FileStore(folder, { compactAfter: 6000 });
  const service = await AllocatorService.open(store, {
    log: ({ event, subnet, identity, why }) => {
      const net = NAMES.find((name) => SUBNETS[name].cidr === subnet) as SubnetName;
      if (event === 'reclaim' && why === 'the subnet is full') say({ reclaimed: identity as string, net });
    },
  });
  const nets = {} as Record<SubnetName, SubnetService>;
  for (const name of NAMES) {
    const { cidr, settings } = SUBNETS[name];
    nets[name] = service.find(cidr) ?? (await service.subnet(cidr, settings));
  }
  say({ ready: true });
  await tidy(nets, say);
  const change = async (name: SubnetName, policy: 'serial' | 'lowest') => {
    const { cidr, settings } = SUBNETS[name];
    await service.change(cidr, { ...settings, policy });
    return policy;
  };
  await Promise.all([
    ...Array.from({ length: CALLERS }, (_, caller) => work(caller, nets, say)),
    resettle(change, say),
  ]);
}

/** Gives back the tickets of those that were killed, or there would be nothing left to hold. */
async function tidy(nets: Record<SubnetName, SubnetService>, say: (line: Line) => void) {
  let n = -1;
  for (const net of NAMES) {
    const { gateway } = nets[net].spec;
    for (const address of [...nets[net].held()]) {
      if (address === gateway) continue;
      const call = { op: 'unhold', address } as const;
      say({ begin: n, net, call });
      say({ end: n--, ...(await ask(nets[net], call)) });
    }
  }
}

async function work(caller: number, nets: Record<SubnetName, SubnetService>, say: (line: Line) => void) {
  let ticket: { net: SubnetName; address: string } | undefined;
  for (let n = caller; ; n += CALLERS) {
    const net = ticket?.net ?? pick(NAMES);
    const call = ticket ? trade(caller, ticket.address) : next(caller);
    say({ begin: n, net, call });
    const answer = await ask(nets[net], call);
    say({ end: n, ...answer });
    if (call.op === 'hold' && 'answer' in answer) ticket = { net, address: answer.answer as string };
    if (call.op === 'unhold') ticket = undefined;
  }
}

/** Gives the subnets other settings now and then, while the others go on. */
async function resettle(
  change: (net: SubnetName, policy: 'serial' | 'lowest') => Promise<string>,
  say: (line: Line) => void,
) {
  for (let n = -1_000_000; ; n--) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    const [net, policy] = [pick(NAMES), pick(['serial', 'lowest'] as const)];
    say({ begin: n, net, call: { op: 'settings', policy } });
    say({ end: n, answer: await change(net, policy) });
  }
}

/** At once and whole, also where the reader is slow: then the pipe takes a part, or nothing for a moment. */
function print(text: string): void {
  for (let bytes = Buffer.from(text); bytes.length > 0; ) {
    try {
      bytes = bytes.subarray(writeSync(1, bytes));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
    }
  }
}

const pick = <T>(list: readonly T[]): T => list[Math.floor(Math.random() * list.length)] as T;
const node = () => pick(['n1', 'n2', 'n3']);
const identityOf = (caller: number) => `service-${caller}.${pick([1, 2, 3, 4, 5, 6, 7, 8])}`;

function next(caller: number): AddressCall {
  const op = pick(['allocate', 'allocate', 'allocate', 'release', 'release', 'release', 'reclaim', 'hold'] as const);
  const identity = identityOf(caller);
  if (op === 'hold') return { op };
  return op === 'reclaim' ? { op, identity } : { op, identity, node: node() };
}

/** A ticket is traded now and then, before it is given back. */
function trade(caller: number, ticket: string): AddressCall {
  if (Math.random() < 0.5) return { op: 'allocate', identity: identityOf(caller), node: node(), ticket };
  return { op: 'unhold', address: ticket };
}

async function ask(net: SubnetService, call: AddressCall): Promise<Answer> {
  try {
    switch (call.op) {
      case 'allocate': {
        const { node, ticket } = call;
        return { answer: await net.allocate(call.identity, ticket === undefined ? { node } : { node, ticket }) };
      }
      case 'release': {
        const answer = await net.release(call.identity, call.node);
        const releasedAt = net.lookup(call.identity)?.releasedAt;
        return releasedAt === undefined ? { answer } : { answer, releasedAt };
      }
      case 'reclaim':
        return { answer: await net.reclaim(call.identity) };
      case 'hold':
        return { answer: await net.holdNext() };
      case 'unhold':
        return { answer: await net.unhold(call.address) };
    }
  } catch (error) {
    if (!(error instanceof LimpetError)) throw error;
    return { error: error.code };
  }
}

if (process.env.LIMPET_CRASH_FOLDER) await main(process.env.LIMPET_CRASH_FOLDER);
