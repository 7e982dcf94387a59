// Swarm's configs and events in Docker's JSON → the shapes of swarm-api.ts.

import { z } from 'zod';
import { count, listOf, objectOf, text, yes } from './read.js';
import type { Config, Membership, SwarmEvent } from './swarm-api.js';

const labels = z
  .record(z.string(), z.string())
  .nullish()
  .transform((value) => value ?? {});

const config = objectOf({
  ID: text,
  Version: objectOf({ Index: count }),
  CreatedAt: text,
  Spec: z.object({ Name: text, Labels: labels, Data: text }),
});

/** @throws ZodError when it is no config: whoever changes its labels must have read them all */
export function readConfig(value: unknown): Config {
  const { ID, Version, CreatedAt, Spec } = config.parse(value);
  return {
    id: ID,
    name: Spec.Name,
    version: Version.Index,
    created: Date.parse(CreatedAt),
    labels: Spec.Labels,
    data: Buffer.from(Spec.Data, 'base64').toString(),
  };
}

const info = objectOf({
  Swarm: objectOf({
    LocalNodeState: text,
    ControlAvailable: yes,
    NodeAddr: text,
    RemoteManagers: listOf(objectOf({ Addr: text })),
  }),
});

/** Of `GET /info`. */
export function readMembership(value: unknown): Membership {
  const { LocalNodeState, ControlAvailable, NodeAddr, RemoteManagers } = info.parse(value).Swarm;
  return {
    state: LocalNodeState,
    isManager: ControlAvailable,
    address: NodeAddr,
    managers: RemoteManagers.map(({ Addr }) => Addr.replace(/:\d+$/, '')).filter((host) => host !== ''),
  };
}

const event = objectOf({ Type: text, Action: text, Actor: objectOf({ ID: text }) });

/** Undefined for what the swarm store does not follow. */
export function readSwarmEvent(line: string): SwarmEvent | undefined {
  const { Type, Action, Actor } = event.parse(JSON.parse(line));
  if (Type !== 'config' && Type !== 'node') return undefined;
  return { type: Type, id: Actor.ID, action: Action };
}
