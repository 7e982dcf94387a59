// A machine of the swarm: Docker and its agent, the plugin's socket, a clock that can be set. It can lose its power,
// and be cut off from the other machines.

import { Agent } from './agent.js';
import { Engine } from './engine.js';
import type { WallClock } from './process.js';
import type { NodeRecord, Records } from './records.js';
import { PluginSocket } from './socket.js';
import type { Timeline } from './timeline.js';

export class SwarmNode {
  readonly record: NodeRecord;
  readonly engine: Engine;
  readonly socket: PluginSocket;
  readonly agent: Agent;
  readonly wall: WallClock = { ahead: 0 };
  /** It hears nothing of the swarm's other machines. */
  isCutOff = false;
  /** When the managers have last heard of it: true time. */
  heard = 0;

  /** @param names whether this Docker says who an address is for */
  constructor(record: NodeRecord, records: Records, timeline: Timeline, names: boolean, hasLeader: () => boolean) {
    this.record = record;
    this.socket = new PluginSocket(timeline);
    this.engine = new Engine(this.socket, timeline, this.wall, names);
    this.agent = new Agent(record.id, records, this.engine, timeline, () => this.isInTouch && hasLeader());
  }

  get isManager(): boolean {
    return this.record.manager;
  }

  /** Dockerd takes part in the swarm before its API answers. */
  get isInTouch(): boolean {
    return this.engine.state !== 'down' && !this.isCutOff;
  }
}
