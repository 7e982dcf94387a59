// A Docker's state out of the recording of a real swarm, as the API of one of its nodes answered.
import { readFileSync } from 'node:fs';
import { fixture, fixturePath, type Step } from '../host/recordings.js';
import type { State } from './docker.js';

export function recordedContainers(step: Step, node: number): any[] {
  return JSON.parse(readFileSync(fixturePath(step, `containers-node-${node}.json`), 'utf8'));
}

/** @param node whose API it is */
export function recordedState(step: Step, node: number): State {
  const others = (step === '3-leader-lost' ? [2, 3] : [1, 2, 3]).filter((n) => n !== node);
  const nodes = fixture(step, 'nodes');
  const self = nodes.find(({ Description }) => Description.Hostname === `node-${node}`);
  return {
    containers: recordedContainers(step, node),
    elsewhere: others.flatMap((other) => recordedContainers(step, other)),
    tasks: fixture(step, 'tasks'),
    services: fixture(step, 'services'),
    networks: fixture(step, 'networks'),
    nodes,
    info: {
      Name: `node-${node}`,
      ServerVersion: self.Description.Engine.EngineVersion,
      Swarm: { NodeID: self.ID, LocalNodeState: 'active', ControlAvailable: true, Nodes: nodes.length },
    },
  };
}
