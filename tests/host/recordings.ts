// The recorded swarm, as the tests read it: one step's API answers, and what its containers really had.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const STEPS = ['1-created', '2-drained', '3-leader-lost'] as const;
export type Step = (typeof STEPS)[number];

/** The recorded networks that have tasks. */
export const NETWORKS = [
  { name: 'stock', id: 'e9xfkmgj32ktyfqhg0giowc4d', cidr: '10.0.5.0/24', gateway: '10.0.5.1' },
  { name: 'st1', id: 'vtum43z8ox2kftbo5cn0nyv56', cidr: '10.77.0.0/24', gateway: '10.77.0.1' },
] as const;

export function fixturePath(step: Step, file: string): string {
  return fileURLToPath(new URL(`../fixtures/swarm/${step}/${file}`, import.meta.url));
}

export function fixture(step: Step, file: 'tasks' | 'services' | 'networks' | 'nodes'): any[] {
  return JSON.parse(readFileSync(fixturePath(step, `${file}.json`), 'utf8'));
}

/** Identity → address of every container that ran on the network, from the nodes themselves. */
export function containersOn(step: Step, network: string): Map<string, string> {
  const found = new Map<string, string>();
  const nodes = step === '3-leader-lost' ? [2, 3] : [1, 2, 3];
  for (const node of nodes) {
    const containers: any[] = JSON.parse(readFileSync(fixturePath(step, `containers-node-${node}.json`), 'utf8'));
    for (const { State, Labels, NetworkSettings } of containers) {
      const endpoint = NetworkSettings.Networks[network];
      if (State !== 'running' || endpoint === undefined) continue;
      const [service, slot] = Labels['com.docker.swarm.task.name'].split('.');
      found.set(`${service}.${slot}`, endpoint.IPAddress);
    }
  }
  return found;
}
