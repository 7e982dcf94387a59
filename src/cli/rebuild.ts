// `limpet rebuild`: a task list → the bindings it amounts to. Finds out what network and subnet are meant,
// then leaves all judgement to the library.

import { chooseNetwork, findNetwork, type Network } from '../docker/network-list.js';
import { holdVirtualAddresses, readServices, virtualAddresses } from '../docker/service-list.js';
import { dockerTasks } from '../docker/task-reader.js';
import { contains, overlap, withoutHostBits } from '../host/cidr.js';
import { Limpet } from '../host/limpet.js';
import type { Subnet } from '../host/subnet.js';
import type { RebuildReport, Skipped } from '../host/types.js';
import { visible } from '../host/visible.js';
import { Failure, naming } from './failure.js';
import { nameOf, openTasks, readJson, STDIN, type TaskFile } from './files.js';
import { withProgress } from './progress.js';
import { type Survey, survey } from './survey.js';

export interface RebuildOptions {
  readonly tasks: string;
  readonly services?: string;
  readonly networks?: string;
  readonly network: string;
  readonly subnet?: string;
}

/** What a rebuild came to; what is printed is made from this. */
export interface Rebuilt {
  readonly network: Network;
  readonly subnet: Subnet;
  /** Addresses that no task can have, and what has them. */
  readonly held: ReadonlyMap<string, 'gateway' | 'virtual IP'>;
  readonly report: RebuildReport;
}

/** @throws Failure, or LimpetError, before anything is printed. */
export async function rebuild(options: RebuildOptions): Promise<Rebuilt> {
  refuseDoubledStdin(options);
  const limpet = await Limpet.load({}, dockerTasks);
  if (options.subnet !== undefined) limpet.subnet(options.subnet).destroy(); // a bad --subnet fails before any reading
  const services = options.services === undefined ? undefined : await readServiceList(options.services);
  const listed = options.networks === undefined ? undefined : await readNetwork(options.networks, options.network);
  const tasks = await openTasks(options.tasks);
  const isEnough = (soFar: Survey) => {
    if (soFar.compact) return (listed ?? options.subnet) !== undefined;
    return listed !== undefined && soFar.networks.has(listed.id);
  };
  const found = await withProgress(
    () => `looking for networks in ${visible(tasks.seen())}`,
    () => survey(tasks.chunks(), isEnough),
  );
  const network = await naming(tasks.name, () => listed ?? networkFrom(found, options.network));
  if (network === undefined || !(found.compact || found.networks.has(network.id))) {
    const unused = limpet.subnet(UNUSED_SUBNET);
    const { skipped } = await feed(unused, tasks, options.network, services); // text that is no list fails here
    throw noTask(tasks, found, options.network, skipped);
  }
  const { subnet, held } = await prepare(limpet, network, services, options);
  return { network, subnet, held, report: await feed(subnet, tasks, network.id, services) };
}

/** The subnet with all that no task can have. */
async function prepare(
  limpet: Limpet,
  network: Network,
  services: unknown[] | undefined,
  options: RebuildOptions,
): Promise<Pick<Rebuilt, 'subnet' | 'held'>> {
  const held = new Map<string, 'gateway' | 'virtual IP'>();
  const subnet = await naming(nameOf(options.networks ?? options.tasks), () => {
    const { cidr, gateway } = chooseSubnet(network, options.subnet);
    if (gateway !== undefined) held.set(gateway, 'gateway');
    return limpet.subnet(cidr, gateway === undefined ? {} : { gateway });
  });
  await naming(nameOf(options.services ?? ''), () => {
    for (const address of holdVirtualAddresses(subnet, services ?? [], network.id)) held.set(address, 'virtual IP');
  });
  return { subnet, held };
}

const UNUSED_SUBNET = '192.0.2.0/30'; // of the documentation range; nothing is bound in it

async function feed(
  subnet: Subnet,
  tasks: TaskFile,
  network: string,
  services: unknown[] | undefined,
): Promise<RebuildReport> {
  const rebuilder = subnet.rebuilder({ network, ...(services && { services }), time: Date.now() });
  const whole = async () => {
    for await (const chunk of tasks.chunks()) rebuilder.feed(chunk);
    return rebuilder.commit();
  };
  const text = () => `reading ${visible(tasks.seen())}`;
  return naming(tasks.name, () => withProgress(text, whole));
}

function networkFrom({ networks, compact }: Survey, nameOrId: string): Network | undefined {
  const found = chooseNetwork(networks.values(), nameOrId);
  if (found !== undefined || !compact) return found;
  return { id: nameOrId, name: nameOrId, subnets: [] };
}

/** The subnet meant, and its gateway when that is inside. */
function chooseSubnet({ name, subnets }: Network, wanted: string | undefined): { cidr: string; gateway?: string } {
  const title = `network ${JSON.stringify(name)}`;
  const all = subnets.map((entry) => ({ ...entry, subnet: withoutHostBits(entry.subnet) }));
  const list = all.map(({ subnet }) => subnet).join(', ');
  if (wanted !== undefined) {
    const configured = all.filter(({ origin }) => origin === 'configuration');
    const matching = configured.filter(({ subnet }) => overlap(subnet, wanted));
    if (configured.length > 0 && matching.length === 0) {
      throw new Failure(`--subnet ${wanted} has nothing in common with ${title}, which has ${list}`);
    }
    const gateway = matching.map((entry) => entry.gateway).find((address) => address && contains(wanted, address));
    return gateway === undefined ? { cidr: wanted } : { cidr: wanted, gateway };
  }
  const [only, ...more] = all;
  if (only === undefined) throw new Failure(`the subnet of ${title} is not known; give --subnet CIDR`);
  if (more.length > 0) throw new Failure(`${title} has the subnets ${list}; choose one with --subnet`);
  return only.gateway === undefined ? { cidr: only.subnet } : { cidr: only.subnet, gateway: only.gateway };
}

function noTask({ name }: TaskFile, found: Survey, nameOrId: string, skipped: readonly Skipped[]): Failure {
  if (found.records === 0) return new Failure(`${name} lists no tasks`);
  const other = found.kind === undefined || found.kind === 'tasks' ? undefined : found.kind;
  if (other !== undefined) return new Failure(`${name}: this looks like GET /${other}, not GET /tasks`);
  const names = [...found.networks.values()].map((network) => JSON.stringify(network.name)).sort();
  const [first] = skipped;
  let seen = `its tasks are on ${names.join(', ')}`;
  if (names.length === 0)
    seen = first ? `record ${first.record}: ${first.detail}` : 'its tasks are on no network at all';
  return new Failure(`${name}: no task is on network ${JSON.stringify(nameOrId)}; ${seen}`);
}

async function readServiceList(path: string): Promise<unknown[]> {
  const services = await readJson(path);
  await naming(nameOf(path), () => readServices(services));
  await naming(nameOf(path), () => virtualAddresses(services, ''));
  return services as unknown[];
}

async function readNetwork(path: string, nameOrId: string): Promise<Network> {
  const networks = await readJson(path);
  return naming(nameOf(path), () => findNetwork(networks, nameOrId));
}

function refuseDoubledStdin({ tasks, services, networks }: RebuildOptions): void {
  const options = Object.entries({ '--tasks': tasks, '--services': services, '--networks': networks });
  const names = options.filter(([, path]) => path === STDIN).map(([name]) => name);
  if (names.length > 1) throw new Failure(`only one of ${names.join(' and ')} can be - (standard input)`);
}
