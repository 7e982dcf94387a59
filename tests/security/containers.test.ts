// Whatever Docker lists, the plugin's look, check, import and a call give no container what it has no right to, fail
// for nobody else's sake, and print nothing that a terminal would act upon.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { checkText } from '../../src/cli/operate/check.js';
import { importText } from '../../src/cli/operate/import.js';
import { listingText } from '../../src/cli/operate/listing.js';
import { lines } from '../../src/cli/output.js';
import { ContainerList } from '../../src/docker/container-list.js';
import type { DockerApi } from '../../src/docker/index.js';
import { Networks } from '../../src/docker/networks.js';
import { readContainer, readService, readTask } from '../../src/docker/read.js';
import { AllocatorService, MemoryStore, type SubnetService, systemClock } from '../../src/entries/service.js';
import { LimpetError } from '../../src/host/errors.js';
import { allVisible, visible } from '../../src/host/visible.js';
import type { OperateEnvironment } from '../../src/operate/index.js';
import { perform } from '../../src/operate/operations.js';
import { logTold, openLog } from '../../src/plugin/log.js';
import { readRequest } from '../../src/plugin/protocol.js';
import type { Environment } from '../../src/tickets/environment.js';
import { Protocol } from '../../src/tickets/protocol.js';
import { DEFAULT_WAITS } from '../../src/tickets/waits.js';
import { upToDate } from '../fresh.js';
import { ACTING } from './hostile.js';
import { CIDR, END, HOMES, list, NODE, nameOf, rightOf, rightsInCall, SERVICES, TASKS } from './lists.js';

await upToDate('core');

/** `npm test` makes fewer than the suite `lists`. */
const LISTS = Number(process.env.LIMPET_FUZZ_LISTS ?? 100_000);
const MADE_UP = /^@(guest|unnamed|endpoint)\//;
const POOL = `local/swarm/${CIDR}`;
const plainly = (_: string, text: string) => text;

async function subnet(service: AllocatorService): Promise<SubnetService> {
  const net = await service.subnet(CIDR, { space: 'swarm', gateway: '10.77.0.1' });
  await net.use('swarm');
  for (const [identity, ticket] of Object.entries(HOMES)) {
    const node = identity === 'web.2' ? 'node-2' : NODE;
    await net.allocate(identity, { node, ticket });
    if (identity !== 'web.2') await net.release(identity, node);
  }
  await net.allocate(END, { node: 'node-2', ticket: '10.77.0.15' });
  await net.hold('10.77.0.20');
  return net;
}

function docker(containers: readonly any[]): DockerApi {
  const network = { id: 'net-1', name: 'web', scope: 'swarm', driver: 'overlay', ipam: 'limpet:latest' };
  const subnets = [{ subnet: CIDR, gateway: '10.77.0.1' }];
  const node = { hostname: 'host', state: 'ready', address: '', leader: true };
  return {
    name: 'hostile',
    containers: async () => containers.map(readContainer),
    untilUnlocked: async () => false,
    networks: async () => [{ ...network, ipamOptions: {}, isConfiguration: false, subnets }],
    info: async () => ({
      name: 'host',
      serverVersion: '29.0.0',
      swarm: { nodeId: NODE, state: 'active', manager: true, nodes: 2 },
    }),
    tasks: async () => TASKS.map(readTask),
    services: async () => SERVICES.map(readService),
    nodes: async () => [NODE, 'node-2'].map((id) => ({ ...node, id })),
    // The other node's gossip says the same names, of which Docker there knows no more than here.
    endpoints: async () =>
      containers.slice(1).map((each, n) => ({ name: nameOf(each), address: `10.77.0.${50 + n}`, here: false })),
  };
}

/** The tickets of one node; each line of the log is looked at. */
function protocol(service: AllocatorService, api: DockerApi): Protocol {
  const log = openLog('debug', { write: (line) => assert.doesNotMatch(line.slice(0, -1), ACTING) });
  const environment: Environment = {
    clock: systemClock,
    service: () => service,
    host: () => NODE,
    nodeOf: () => NODE,
    formerNodeOf: () => undefined,
    isManager: () => true,
    docker: api,
    containers: new ContainerList(api, systemClock),
    networks: new Networks(api),
    tell: (told) => logTold(log, told),
    waits: { ...DEFAULT_WAITS, home: 0, boot: 0, store: 0 },
    pools: { global: [], local: [] },
  };
  const failed = (error: unknown) => {
    throw error;
  };
  return new Protocol(environment, { part: () => ({ nodeId: NODE, manager: true }), agreed: () => {}, failed });
}

/** Bindings since then, each of somebody who has a right to it; and nobody has lost his home. */
function judge(
  net: SubnetService,
  containers: readonly any[],
  rights: (each: any) => readonly string[],
  mover: readonly string[] = [],
): void {
  for (const [identity, address] of Object.entries(HOMES)) {
    // Who has a right to an identity may wish another home for it.
    const now = net.lookup(identity)?.address;
    assert.ok(now === address || (now !== undefined && mover.includes(identity)), `${identity} is at ${now}`);
  }
  assert.deepEqual(net.lookup(END)?.nodes, ['node-2']);
  const allowed = new Set([...Object.keys(HOMES), ...containers.flatMap(rights).flatMap(bothHomes)]);
  for (const { identity } of net.list()) {
    assert.ok(allowed.has(identity) || MADE_UP.test(identity), `${visible(identity)} is nobody's here`);
  }
}

/** Whoever has a right to an identity has one to its second home. */
function bothHomes(identity: string): string[] {
  return [identity, `@second/${identity}`];
}

function printed(texts: Iterable<string>): void {
  for (const line of lines(texts)) assert.doesNotMatch(line.slice(0, -1), ACTING);
}

/** Docker asks for an address for one of them: it is its own, or nobody's home. */
async function call(tickets: Protocol, net: SubnetService, containers: readonly any[], asks: any, named: boolean) {
  const Address = asks.NetworkSettings.Networks.web?.IPAMConfig?.IPv4Address;
  const Options = named ? { 'com.docker.network.endpoint.name': nameOf(asks) } : null;
  try {
    const request = { PoolID: POOL, Address: typeof Address === 'string' ? Address : '', Options };
    const read = readRequest('IpamDriver.RequestAddress', JSON.stringify(request));
    const answer = await tickets.answer('IpamDriver.RequestAddress', read);
    const given = String(answer.Address).replace(/\/\d+$/, '');
    const owner = net.inspect(given).identity;
    const rights = (named ? rightsInCall(asks) : containers.flatMap(rightsInCall)).flatMap(bothHomes);
    if (owner !== undefined) assert.ok(rights.includes(owner) || MADE_UP.test(owner), visible(owner));
    assert.notEqual(owner, END);
  } catch (error) {
    if (!(error instanceof LimpetError)) throw error; // refused in words
  }
}

test(`${LISTS} lists of containers, and nobody gets what is not his`, { timeout: 1_800_000 }, async (t) => {
  const seed = Number(process.env.LIMPET_SEED ?? Date.now() & 0x7fffffff);
  t.diagnostic(`LIMPET_SEED=${seed}`);
  await fc.assert(
    fc.asyncProperty(list, fc.nat(), fc.boolean(), async (containers, pick, named) => {
      const service = await AllocatorService.open(new MemoryStore());
      try {
        const net = await subnet(service);
        const api = docker(containers);
        const tickets = protocol(service, api);
        const context: OperateEnvironment = {
          service,
          store: { name: 'memory', shared: false },
          host: NODE,
          nodeOf: () => NODE,
          isStarting: () => false,
          docker: api,
          clock: systemClock,
          version: '0',
          notes: [],
        };
        const rights = (each: any) => [rightOf(each)];
        printed(checkText(allVisible(await perform(context, 'check', { settle: 0 })), plainly));
        printed(importText(allVisible(await perform(context, 'import', { dryRun: true })), plainly));
        await tickets.looks.reconciler.look();
        judge(net, containers, rights);
        printed(importText(allVisible(await perform(context, 'import', {})), plainly));
        judge(net, containers, rights);
        printed(listingText(allVisible(await perform(context, 'ls', {})), plainly));
        const asks = containers[pick % containers.length];
        const isNamed = named && nameOf(asks) !== ''; // an empty name says nothing
        await call(tickets, net, containers, asks, isNamed);
        judge(net, containers, rightsInCall, isNamed ? rightsInCall(asks) : containers.flatMap(rightsInCall));
      } finally {
        await service.close();
      }
    }),
    { seed, numRuns: LISTS, verbose: 0 },
  );
});
