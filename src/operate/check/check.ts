// `limpet check`: what Limpet believes against what Docker says. A swarm moves while it is looked at, so whatever is
// found counts only when a second look, a moment later, finds it again.

import { type Observed, observe, type Residents, residentsOn, type Use, usesOf } from '../../docker/observed.js';
import type { Network } from '../../docker/shapes.js';
import { SWARM, spaceOf } from '../../docker/spaces.js';
import { count } from '../../host/count.js';
import type { SubnetService } from '../../service/index.js';
import { isLeaders, LEADER } from '../../tickets/pools.js';
import { command, option } from '../command.js';
import { nameOfNode, type OperateEnvironment } from '../environment.js';
import { type Selection, selectSubnets } from '../select.js';
import { isServed, placesOf } from '../served.js';
import { statusOf } from '../status.js';
import { checkContainers } from './containers.js';
import { type Finding, type Found, isNotice, keyOf } from './finding.js';
import { checkMarks, checkOrphans, checkPins, type Marks } from './marks.js';
import { checkLeaks, checkRecords } from './records.js';

export interface CheckOptions extends Selection {
  /** Milliseconds between the two looks. */
  readonly settle?: number | undefined;
}

export interface Checked {
  /** Problems first. */
  readonly findings: readonly Finding[];
  /** What could not be looked at from here, a sentence each. */
  readonly unchecked: readonly string[];
  readonly looked: { readonly subnets: number; readonly networks: number; readonly containers: number };
}

const SETTLE = 2000;

/** @throws LimpetError UNAVAILABLE (Docker, the store), BAD_INPUT or UNKNOWN (the selection) */
export async function check(
  context: OperateEnvironment,
  { settle = SETTLE, ...selection }: CheckOptions,
): Promise<Checked> {
  const first = await look(context, selection);
  if (first.findings.length === 0) return first;
  await context.clock.sleep(settle);
  const second = await look(context, selection);
  const before = new Set(first.findings.map(keyOf));
  const findings = second.findings.filter((finding) => before.has(keyOf(finding)));
  findings.sort((a, b) => Number(isNotice(a.kind)) - Number(isNotice(b.kind)));
  return { ...second, findings };
}

async function look(context: OperateEnvironment, selection: Selection): Promise<Checked> {
  const { service } = context;
  await service.refresh(SWARM);
  const observed = await observe(context.docker);
  const networks = observed.networks.filter((network) => isServed(context, network));
  const chosen = new Set(selectSubnets(service, selection));
  const findings: Finding[] = [];
  const unchecked = new Unchecked(context, observed);
  const attached = new Map<SubnetService, Attached[]>();
  for (const { network, cidr, space } of placesOf(context, networks)) {
    const net = service.find(cidr, space);
    if (net === undefined) findings.push(...withoutSubnet(network, cidr, space, selection));
    else if (chosen.has(net)) {
      const about = {
        network,
        ...(await residentsOn(context.docker, observed, network, cidr, context.nodeOf(net))),
        uses: usesOf(observed.swarm, network, cidr),
      };
      attached.set(net, [...(attached.get(net) ?? []), about]);
    }
  }
  for (const net of chosen) {
    const found = checkSubnet({ context, net, observed, attached: attached.get(net) ?? [], unchecked });
    for (const each of found) findings.push(placed(each, net.spec.space, net.cidr));
  }
  const looked = { subnets: chosen.size, networks: networks.length, containers: observed.containers.length };
  return { findings, unchecked: unchecked.sentences(), looked };
}

interface Attached extends Residents {
  readonly network: Network;
  readonly uses: readonly Use[];
}

interface Looking {
  readonly context: OperateEnvironment;
  readonly net: SubnetService;
  readonly observed: Observed;
  readonly attached: readonly Attached[];
  readonly unchecked: Unchecked;
}

function* checkSubnet({ context, net, observed, attached, unchecked }: Looking): Generator<Found> {
  const { space } = net.spec;
  if (space !== SWARM && space !== spaceOf(context.host)) return unchecked.subnet(net);
  const residents = attached.flatMap((each) => each.residents);
  const uses = attached.flatMap((each) => each.uses);
  const where = whereOf(net, context);
  for (const each of attached) {
    yield* checkContainers(context, net, each.network.name, each.residents);
    yield* checkRecords(net, each.network.name, each.uses);
  }
  if (isLeadersToJudge(net, observed)) yield* checkLeaks(net, uses, residents, where);
  const unjudged = (_: string, node: string) => unchecked.mark(node);
  const ends = attached.flatMap((each) => each.ends);
  const node = context.nodeOf(net);
  const marks: Marks = { context, net, observed, residents, ends, node, where, unjudged };
  yield* checkMarks(marks);
  yield* checkOrphans(marks);
  yield* checkPins(marks);
  const { warning } = statusOf(net);
  if (warning !== undefined) yield { kind: 'tight', message: warning };
  const isElsewhere = net.users.some((user) => user !== context.host && user !== LEADER);
  if (attached.length === 0 && !isElsewhere && (space !== SWARM || observed.swarm !== undefined)) {
    const waiting = `its ${count(net.stats.reserved, 'reserved address waits', 'reserved addresses wait')} for one`;
    const message = `no network has ${net.cidr} (space ${space}); ${waiting}`;
    yield { kind: 'unused-subnet', message, mend: command('limpet forget', [net.cidr], option('space', space)) };
  }
}

/** Only of a subnet that Swarm's leader looks after do records say what is held, and only a manager has them. */
function isLeadersToJudge(net: SubnetService, { swarm }: Observed): boolean {
  return swarm !== undefined && isLeaders(net);
}

function withoutSubnet({ name }: Network, cidr: string, space: string, selection: Selection): Finding[] {
  if (selection.subnet !== undefined && selection.subnet !== cidr) return [];
  if (selection.space !== undefined && selection.space !== space) return [];
  const message = `the store has no subnet ${cidr}, which network ${name} has`;
  return [placed({ kind: 'no-subnet', network: name, message, mend: command('limpet import', [name]) }, space, cidr)];
}

function placed(found: Found, space: string, subnet: string): Finding {
  return { severity: isNotice(found.kind) ? 'notice' : 'problem', space, subnet, ...found };
}

/** Options that name the subnet, and the space only where it is needed. */
function whereOf({ cidr, spec }: SubnetService, { service }: OperateEnvironment): string {
  const same = [...service.subnets()].filter((each) => each.cidr === cidr);
  return ` --subnet ${cidr}${same.length > 1 ? option('space', spec.space) : ''}`;
}

/** What is not looked at, gathered to one sentence a reason. */
class Unchecked {
  readonly #context: OperateEnvironment;
  readonly #observed: Observed;
  readonly #marks = new Map<string, number>();
  readonly #subnets: string[] = [];

  constructor(context: OperateEnvironment, observed: Observed) {
    this.#context = context;
    this.#observed = observed;
  }

  mark(node: string): void {
    this.#marks.set(node, (this.#marks.get(node) ?? 0) + 1);
  }

  subnet({ cidr, spec }: SubnetService): void {
    this.#subnets.push(`${cidr} (${spec.space})`);
  }

  sentences(): string[] {
    const { info, swarm } = this.#observed;
    const said: string[] = [];
    if (swarm === undefined && info.swarm.state === 'active') {
      said.push(`${info.name} is not a manager, so it cannot see tickets and tasks: check on a manager too`);
    }
    for (const [node, count] of [...this.#marks].sort()) {
      const marks = count === 1 ? '1 live mark' : `${count} live marks`;
      said.push(`${marks} of ${nameOfNode(this.#context, node)}, of endpoints and plain containers that no list shows`);
    }
    if (this.#subnets.length > 0) said.push(`the subnets of other nodes: ${this.#subnets.join(', ')}`);
    return said;
  }
}
