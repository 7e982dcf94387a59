// The simulator's public shapes: a scenario in, a state after each step out. No code lives here; simulation.ts makes
// them.
//
//   const simulation = await Simulation.open(scenarios.classic);
//   while (!simulation.ended) await simulation.step();      // a moment in which something happens; answers the state
//   await simulation.settle();                              // … or on until all is at rest before the next event
//   simulation.state.step                                   // how many steps were taken to get here
//   await simulation.seek(3)                                // time travel: the very same State object as then
//   await simulation.apply({ do: 'drain', node: 'node-2' }) // an event by hand, at once; drops what came later
//   simulation.scenario                                     // with the events by hand: JSON that replays this run
//
// States are immutable and share what did not change: compare with === (a task, a node, a whole list) to find what
// moved. Times are seconds of the simulated swarm, from 0; a step takes a quarter of one, or longer when nothing
// happens.
//
// Limpet here is the product's own code: the tickets of the Docker plugin on every node, over the allocator service.
// What is simpler: the nodes share one store that answers at once, and Docker's own allocator gets the calls that
// Swarm's leader makes to Limpet, so that both answer for one and the same swarm.

import type { Desired, TaskState } from './swarm/records.js';
import type { Vector } from './vector.js';

export type { Desired, TaskState };

/** `@leader`, `@last` (the node of the node event before), `@node-of web.3`, or a node's name: `node-1` … `node-N`. */
export type NodeName = string;

export type UpdateOrder = 'stop-first' | 'start-first';
export type ServiceMode = 'replicated' | 'global';

interface When {
  /** The second at which it happens; without one, when all is at rest after the event before. */
  readonly at?: number;
}

/** What a user or the world does to the swarm. */
export type SwarmEvent = When &
  (
    | {
        readonly do: 'create';
        readonly service: string;
        /** Default `replicated`. */
        readonly mode?: ServiceMode;
        /** Of a replicated service; default 1. */
        readonly replicas?: number;
        /** Of its updates; default `stop-first`. */
        readonly order?: UpdateOrder;
        /** Tasks that an update takes at once; default 1, 0 for all. */
        readonly parallelism?: number;
      }
    | { readonly do: 'scale'; readonly service: string; readonly replicas: number }
    | { readonly do: 'update'; readonly service: string; readonly order?: UpdateOrder; readonly parallelism?: number }
    | { readonly do: 'remove'; readonly service: string }
    | { readonly do: 'drain' | 'activate' | 'crash' | 'reboot'; readonly node: NodeName }
    /** The task's container dies; Swarm starts another. */
    | { readonly do: 'restart'; readonly identity: string }
    /** Changes nothing: the log tells where the identity runs, and its addresses. */
    | { readonly do: 'look'; readonly identity: string }
  );

/** A run as data: the same scenario gives the same states, in every host. */
export interface Scenario {
  readonly name: string;
  /** A sentence or two for people. */
  readonly about?: string;
  /** From 0 to 2^32 − 1: placement, elections and how long things take hang on it. Default 1. */
  readonly seed?: number;
  /** Default `10.0.0.0/24`. */
  readonly subnet?: string;
  /** Default: the subnet's second address. */
  readonly gateway?: string;
  /** Never allocated: single addresses, CIDRs, or ranges `first-last`. */
  readonly exclude?: readonly string[];
  /** When reserved addresses become free again, as `--ipam-opt limpet.reclaim` has it. */
  readonly reclaim?: string;
  /** Nodes 1 to `managers` are managers, the others workers. Default 3 and 0. */
  readonly managers?: number;
  readonly workers?: number;
  readonly events: readonly SwarmEvent[];
}

export interface Task {
  /** Its place in `state.tasks`; counts up from 0 and is never used again. */
  readonly number: number;
  /** As Swarm's: 25 characters. */
  readonly id: string;
  /** `web.3`, or `agent.node-2` for a global service. */
  readonly identity: string;
  readonly service: string;
  /** From 1; 0 in a global service. */
  readonly slot: number;
  /** From when it is assigned. */
  readonly node?: string;
  /** From `complete` on it has ended. */
  readonly state: TaskState;
  /** What Swarm wants of it. */
  readonly desired: Desired;
  /** Of the service's spec: one more with each update. */
  readonly revision: number;
  /** The address that Docker's own allocator gave it. */
  readonly stock?: string;
  /** The address that its container got from Limpet. */
  readonly sticky?: string;
  /** What Swarm's leader got for it from Limpet before anyone knew which task it was. */
  readonly ticket?: string;
  /** `guest`: its identity's own address was still in use when it started, so it runs on another one. */
  readonly stay?: 'home' | 'guest';
}

/** What the two allocators gave for one and the same thing. */
export interface Addresses {
  readonly stock?: string;
  readonly sticky?: string;
}

export interface SwarmNode {
  readonly name: string;
  readonly role: 'manager' | 'worker';
  readonly availability: 'active' | 'drain';
  /**
   * `up`; `rebooting` (it will be back); `crashed` and Swarm has not noticed yet; `down`: crashed, and Swarm knows.
   */
  readonly status: 'up' | 'rebooting' | 'crashed' | 'down';
  /** Numbers of the tasks that are on it and have not ended, as Swarm sees it. */
  readonly tasks: readonly number[];
  /** Of its load-balancer endpoint, while it has tasks. */
  readonly loadBalancer: Addresses;
}

export interface Service {
  readonly name: string;
  readonly mode: ServiceMode;
  /** Of a global service: the nodes that should run it. */
  readonly replicas: number;
  readonly order: UpdateOrder;
  readonly parallelism: number;
  /** How often it was updated. */
  readonly revision: number;
  readonly virtualAddress: Addresses;
}

/** What an address is. A free one has no cell. */
export interface Cell {
  readonly state: 'live' | 'reserved' | 'held' | 'excluded';
  /** Of a live or reserved one. */
  readonly identity?: string;
  /** Of a held one: `gateway`, `virtual IP of web`, `load balancer of node-1`, `ticket of web.3`. */
  readonly held?: string;
}

/** One of the two allocators after a step. */
export interface AllocatorState {
  /** By ordinal: the address's index in the subnet. */
  readonly cells: Vector<Cell>;
  readonly counts: {
    readonly size: number;
    readonly live: number;
    readonly reserved: number;
    readonly held: number;
    readonly excluded: number;
    readonly free: number;
  };
  /** Starts of an identity that ran before: on its address as before, or on another one. Since the beginning. */
  readonly kept: number;
  readonly changed: number;
  /** Starts as a guest, which are neither. */
  readonly guests: number;
  /** Tasks that run now, and how many of those on the address that their identity had first. */
  readonly running: number;
  readonly home: number;
  /** Tasks that should have an address and have none, because the subnet is full. */
  readonly waiting: number;
}

export interface LogLine {
  readonly at: number;
  readonly kind: 'event' | 'refused' | 'look' | 'swarm' | 'task' | 'sticky';
  readonly text: string;
  readonly identity?: string;
  readonly node?: string;
}

/** Everything after a step. */
export interface State {
  /** Steps taken since the beginning. */
  readonly step: number;
  /** Seconds. */
  readonly time: number;
  /** Nothing is under way, or nothing but what goes on for ever: the next step, if any, is an event. */
  readonly atRest: boolean;
  /** Events of the scenario that this step began with. */
  readonly events: readonly SwarmEvent[];
  /** Undefined while there is none: an election is under way, or most managers are away. */
  readonly leader: string | undefined;
  readonly nodes: readonly SwarmNode[];
  readonly services: readonly Service[];
  /** Swarm's task list, ended ones too as far as the history reaches. By number; forgotten ones are missing. */
  readonly tasks: Vector<Task>;
  readonly stock: AllocatorState;
  readonly sticky: AllocatorState;
  /** What this step did. */
  readonly log: readonly LogLine[];
}
