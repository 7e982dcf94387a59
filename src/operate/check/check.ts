// `limpet check`: what Limpet believes against what Docker says. A swarm moves while it is looked at, so whatever is found
// counts only when a second look, a moment later, finds it again.

import { setTimeout as pause } from 'node:timers/promises';
import type { Network } from '../../docker/index.js';
import { SWARM, spaceOf } from '../../docker/spaces.js';
import type { SubnetService } from '../../service/index.js';
import type { AdminContext } from '../context.js';
import { type Crowd, crowdOn, type Facts, gather, isServed, pools, type Use, usesOf } from '../facts.js';
import { type Selection, selectSubnets } from '../select.js';
import { statusOf } from '../status.js';
import { checkContainers } from './containers.js';
import { type Finding, type Found, isNotice, keyOf } from './finding.js';
import { checkMarks, checkOrphans, type Marks } from './marks.js';
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
export async function check(context: AdminContext, { settle = SETTLE, ...selection }: CheckOptions): Promise<Checked> {
  const first = await look(context, selection);
  if (first.findings.length === 0) return first;
  await pause(settle);
  const second = await look(context, selection);
  const before = new Set(first.findings.map(keyOf));
  const findings = second.findings.filter((finding) => before.has(keyOf(finding)));
  findings.sort((a, b) => Number(isNotice(a.kind)) - Number(isNotice(b.kind)));
  return { ...second, findings };
}

async function look(context: AdminContext, selection: Selection): Promise<Checked> {
  const { service } = context;
  await service.refresh(SWARM);
  const facts = await gather(context);
  const networks = facts.networks.filter((network) => isServed(context, network));
  const chosen = new Set(selectSubnets(service, selection));
  const findings: Finding[] = [];
  const unchecked = new Unchecked(facts);
  const attached = new Map<SubnetService, Attached[]>();
  for (const { network, cidr, space } of pools(context, networks)) {
    const net = service.find(cidr, space);
    if (net === undefined) findings.push(...withoutSubnet(network, cidr, space, selection));
    else if (chosen.has(net)) {
      const about = {
        network,
        ...(await crowdOn(context.docker, facts, network, cidr)),
        uses: usesOf(facts, network, cidr),
      };
      attached.set(net, [...(attached.get(net) ?? []), about]);
    }
  }
  for (const net of chosen) {
    const found = checkSubnet({ context, net, facts, attached: attached.get(net) ?? [], unchecked });
    for (const each of found) findings.push(placed(each, net.spec.space, net.cidr));
  }
  const looked = { subnets: chosen.size, networks: networks.length, containers: facts.containers.length };
  return { findings, unchecked: unchecked.sentences(), looked };
}

interface Attached extends Crowd {
  readonly network: Network;
  readonly uses: readonly Use[];
}

interface Looking {
  readonly context: AdminContext;
  readonly net: SubnetService;
  readonly facts: Facts;
  readonly attached: readonly Attached[];
  readonly unchecked: Unchecked;
}

function* checkSubnet({ context, net, facts, attached, unchecked }: Looking): Generator<Found> {
  const { space } = net.spec;
  if (space !== SWARM && space !== spaceOf(context.node)) return unchecked.subnet(net);
  const seen = attached.flatMap((each) => each.seen);
  const uses = attached.flatMap((each) => each.uses);
  const where = whereOf(net, context);
  for (const each of attached) {
    yield* checkContainers(net, each.network.name, each.seen);
    yield* checkRecords(net, each.network.name, each.uses);
  }
  if (space !== SWARM || facts.swarm !== undefined) yield* checkLeaks(net, uses, seen, where);
  const unjudged = (_: string, node: string) => unchecked.mark(node);
  const ends = attached.flatMap((each) => each.ends);
  const marks: Marks = { net, facts, seen, ends, node: context.node, where, unjudged };
  yield* checkMarks(marks);
  yield* checkOrphans(marks);
  const { warning } = statusOf(net);
  if (warning !== undefined) yield { kind: 'tight', message: warning };
  if (attached.length === 0 && (space !== SWARM || facts.swarm !== undefined)) {
    const message = `no network has ${net.cidr} (space ${space}); its ${net.stats.reserved} reserved addresses wait for one`;
    yield { kind: 'unused-subnet', message, mend: `limpet forget ${net.cidr} --space ${space}` };
  }
}

function withoutSubnet({ name }: Network, cidr: string, space: string, selection: Selection): Finding[] {
  if (selection.subnet !== undefined && selection.subnet !== cidr) return [];
  if (selection.space !== undefined && selection.space !== space) return [];
  const message = `the store has no subnet ${cidr}, which network ${name} has`;
  return [placed({ kind: 'no-subnet', network: name, message, mend: `limpet import ${name}` }, space, cidr)];
}

function placed(found: Found, space: string, subnet: string): Finding {
  return { severity: isNotice(found.kind) ? 'notice' : 'problem', space, subnet, ...found };
}

/** Options that name the subnet, and the space only where it is needed. */
function whereOf({ cidr, spec }: SubnetService, { service }: AdminContext): string {
  const same = [...service.subnets()].filter((each) => each.cidr === cidr);
  return ` --subnet ${cidr}${same.length > 1 ? ` --space ${spec.space}` : ''}`;
}

/** What is not looked at, gathered to one sentence a reason. */
class Unchecked {
  readonly #facts: Facts;
  readonly #marks = new Map<string, number>();
  readonly #subnets: string[] = [];

  constructor(facts: Facts) {
    this.#facts = facts;
  }

  mark(node: string): void {
    this.#marks.set(node, (this.#marks.get(node) ?? 0) + 1);
  }

  subnet({ cidr, spec }: SubnetService): void {
    this.#subnets.push(`${cidr} (${spec.space})`);
  }

  sentences(): string[] {
    const { info, swarm } = this.#facts;
    const said: string[] = [];
    if (swarm === undefined && info.swarm.state === 'active') {
      said.push(`${info.name} is no manager, so that it cannot see tickets and tasks: check on a manager too`);
    }
    for (const [node, count] of [...this.#marks].sort()) {
      const marks = count === 1 ? '1 live mark' : `${count} live marks`;
      said.push(`${marks} of ${node}, of endpoints and plain containers that no list shows`);
    }
    if (this.#subnets.length > 0) said.push(`the subnets of other nodes: ${this.#subnets.join(', ')}`);
    return said;
  }
}
