// Services on the swarm store, each by the socket of one of the managers that are made up.
import assert from 'node:assert/strict';
import { DockerSwarm } from '../../src/docker/swarm-client.js';
import { LimpetError } from '../../src/host/errors.js';
import { AllocatorService, type Decision, type StoreEvent } from '../../src/service/index.js';
import { SwarmStore, type SwarmStoreOptions } from '../../src/stores/swarm/swarm-store.js';
import type { Manager } from './dockerd.js';

export interface Opened {
  readonly service: AllocatorService;
  readonly store: SwarmStore;
  readonly log: Decision[];
  readonly told: StoreEvent[];
}

export async function open(
  { socket }: Pick<Manager, 'socket'>,
  options: Partial<SwarmStoreOptions> & { deadline?: number } = {},
): Promise<Opened> {
  const { deadline = 15_000, ...rest } = options;
  const store = new SwarmStore({ connect: () => new DockerSwarm({ host: socket, deadline }), ...rest });
  const log: Decision[] = [];
  const told: StoreEvent[] = [];
  const service = await AllocatorService.open(store, {
    log: (decision) => log.push(decision),
    report: (event) => told.push(event),
  });
  return { service, store, log, told };
}

export async function eventually(what: string, check: () => boolean, within = 10_000): Promise<void> {
  for (const end = Date.now() + within; Date.now() < end; await sleep(10)) if (check()) return;
  assert.fail(`not within ${within} ms: ${what}`);
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

export function refuses(code: string, outcome?: string, message = /./): (error: unknown) => true {
  return (error) => {
    assert.ok(error instanceof LimpetError, `a LimpetError, not ${error}`);
    assert.equal(error.code, code, error.message);
    assert.match(error.message, message);
    if (outcome !== undefined) assert.equal(error.details.outcome, outcome, error.message);
    return true;
  };
}
