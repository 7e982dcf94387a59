// Step n: Docker's own allocator as the yardstick. Every network is made twice on one node, with Docker's IPAM and with
// Limpet's, and must answer alike: what is refused, which gateway, which addresses, in this order. Only the third
// number of the addresses differs.
import assert from 'node:assert/strict';
import { addressOf } from '../inside.js';
import { DRIVER } from '../plugin.js';
import type { DockerNode } from '../rig/docker-node.js';
import { IMAGE, STAY } from '../rig/image.js';
import { RunError } from '../rig/run.js';
import type { World } from '../world.js';
import type { Step } from './step.js';

export const yardstickSteps: readonly Step[] = [
  { name: 'n', title: "Docker's own IPAM answers the same", play: compare },
];

interface Case {
  readonly title: string;
  /** Options of `docker network create`; `#` stands for the first three numbers of the addresses. */
  readonly create: readonly string[];
  /** A container each, with these options of `docker run`. */
  readonly run?: readonly (readonly string[])[];
  /** A network that is made beside it. */
  readonly beside?: readonly string[];
}

const PLAIN = [[], []];

const CASES: readonly Case[] = [
  { title: 'a subnet alone', create: ['--subnet', '#.0/24'], run: PLAIN },
  { title: 'a gateway', create: ['--subnet', '#.0/24', '--gateway', '#.254'], run: PLAIN },
  { title: 'a range', create: ['--subnet', '#.0/24', '--ip-range', '#.128/25'], run: PLAIN },
  {
    title: 'a range, and a gateway outside of it',
    create: ['--subnet', '#.0/24', '--ip-range', '#.128/25', '--gateway', '#.1'],
    run: [[], ['--ip', '#.9'], []],
  },
  { title: 'host bits in the range', create: ['--subnet', '#.0/24', '--ip-range', '#.129/27'], run: PLAIN },
  {
    title: 'an auxiliary address, which no container gets',
    create: ['--subnet', '#.0/24', '--aux-address', 'host=#.2'],
    run: [[], ['--ip', '#.2'], []],
  },
  { title: 'a /29, until it is full', create: ['--subnet', '#.0/29'], run: [[], [], [], [], [], []] },
  { title: 'a /30', create: ['--subnet', '#.4/30'], run: [[], []] },
  { title: 'the gateway asked for by a container', create: ['--subnet', '#.0/24'], run: [['--ip', '#.1'], []] },
  { title: 'an address outside of the subnet', create: ['--subnet', '#.0/25'], run: [['--ip', '#.200']] },
  { title: 'the network address as gateway', create: ['--subnet', '#.0/24', '--gateway', '#.0'] },
  { title: 'the broadcast address as gateway', create: ['--subnet', '#.0/24', '--gateway', '#.255'] },
  { title: 'a gateway outside of the subnet', create: ['--subnet', '#.0/25', '--gateway', '#.129'] },
  { title: 'a range outside of the subnet', create: ['--subnet', '#.0/25', '--ip-range', '#.128/25'] },
  { title: 'the same subnet twice', create: ['--subnet', '#.0/24'], beside: ['--subnet', '#.0/24'], run: [[]] },
  { title: 'a wider subnet', create: ['--subnet', '#.0/25'], beside: ['--subnet', '#.0/24'], run: [[]] },
  {
    title: 'a wider subnet than one that has only a range in use',
    create: ['--subnet', '#.0/25', '--ip-range', '#.64/26', '--gateway', '#.1'],
    beside: ['--subnet', '#.0/24'],
    run: [[]],
  },
];

const DRIVERS = [
  { name: 'default', prefix: '10.65' },
  { name: DRIVER, prefix: '10.66' },
] as const;

async function compare({ swarm, say }: World): Promise<void> {
  const [node] = swarm.nodes as [DockerNode];
  const differing: string[] = [];
  for (const [n, each] of CASES.entries()) {
    const [docker, limpet] = await Promise.all(
      DRIVERS.map(({ name, prefix }) => answersTo(node, each, name, `${prefix}.${n}`)),
    );
    say(`   ${each.title}: ${docker}`);
    if (docker !== limpet) differing.push(`${each.title}: Docker ${docker}, Limpet ${limpet}`);
  }
  assert.deepEqual(differing, []);
}

/** What came of it, in words in which the two can be compared. */
async function answersTo(node: DockerNode, each: Case, driver: string, prefix: string): Promise<string> {
  const name = `yard-${prefix.replaceAll('.', '-')}`;
  const made = (options: readonly string[]) => options.map((option) => option.replaceAll('#', prefix));
  const create = ['network', 'create', '--ipam-driver', driver];
  const answers: string[] = [];
  if (!(await works(node, [...create, ...made(each.create), name]))) return 'refused';
  if (each.beside !== undefined) {
    const beside = await works(node, [...create, ...made(each.beside), `${name}-beside`]);
    answers.push(beside ? 'another beside it' : 'another refused');
    if (beside) await node.docker(['network', 'rm', `${name}-beside`]);
  }
  const names: string[] = [];
  for (const [n, options] of (each.run ?? []).entries()) {
    const container = `${name}-${n}`;
    const run = ['run', '--detach', '--name', container, '--network', name, ...made(options), IMAGE, ...STAY];
    names.push(container);
    answers.push((await works(node, run)) ? await seenFrom(node, container, prefix) : 'refused');
  }
  if (names.length > 0) await node.docker(['rm', '--force', ...names]);
  await node.docker(['network', 'rm', name]);
  return answers.join(', ') || 'made';
}

/** The container's address and its way out: `2 via 1`. */
async function seenFrom(node: DockerNode, container: string, prefix: string): Promise<string> {
  const address = await addressOf({ node, container }, `${prefix}.`);
  const routes = await node.docker(['exec', container, 'ip', 'route']);
  const gateway = /default via ([\d.]+)/.exec(routes)?.[1] ?? 'nothing';
  return `${address.slice(prefix.length + 1)} via ${gateway.slice(prefix.length + 1)}`;
}

async function works(node: DockerNode, args: readonly string[]): Promise<boolean> {
  try {
    await node.docker(args);
    return true;
  } catch (error) {
    if (error instanceof RunError) return false;
    throw error;
  }
}
