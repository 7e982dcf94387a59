// The simulator's public shapes: a scenario in, a state after each step out. No code lives here; simulation.ts makes
// them.
//
//   const limpet = await Limpet.load();                     // the core that the sticky allocator runs on
//   const simulation = new Simulation(scenarios.classic, limpet);
//   while (!simulation.ended) simulation.step();            // one moment in which something happens; answers the state
//   simulation.settle();                                    // … or on until all is at rest before the next event
//   simulation.state.step                                   // how many steps were taken to get here
//   simulation.seek(3)                                      // time travel: the very same State object as then
// an event by hand, at the moment shown; drops what came later
//   simulation.apply({ do: 'drain', node: 'node-2' })
// with the events by hand in it: JSON that replays this run
//   simulation.scenario
//
// States are immutable and share what did not change: compare with === (a task, a node, a whole list) to find what
// moved. All times are whole seconds of the simulated swarm, from 0.
//
// Where it is simpler than Swarm: the swarm moves as if both allocators had given every task an address (a task that
// one of them has none for is counted as waiting there, and runs); without a leader no task changes, on the nodes
// neither; a node's ID is its name; and Limpet has no store, so that a new leader's allocator knows what the task list
// can tell, and nothing else.

import type { Vector } from './vector.js';

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
  /** Nodes 1 to `managers` are managers, the others workers. Default 3 and 0. */
  readonly managers?: number;
  readonly workers?: number;
  /** Tasks that Swarm remembers for a slot; default 5. */
  readonly historyLimit?: number;
  readonly events: readonly SwarmEvent[];
}

/** Swarm's task states, in the order in which a task goes through them; from `complete` on it has ended. */
export type TaskState =
  | 'new'
  | 'pending'
  | 'assigned'
  | 'accepted'
  | 'preparing'
  | 'ready'
  | 'starting'
  | 'running'
  | 'complete'
  | 'shutdown'
  | 'failed'
  | 'rejected'
  | 'orphaned'
  | 'remove';

/** What Swarm wants of a task. */
export type DesiredState = 'ready' | 'running' | 'shutdown' | 'remove';

export interface Task {
  /** Its place in `state.tasks`; counts up from 0 and is never used again. */
  readonly number: number;
  /** As Swarm's: 25 characters. */
  readonly id: string;
  /** `web.3`, or `agent.node-2` for a global service. */
  readonly identity: string;
  readonly service: string;
  readonly serviceId: string;
  /** From 1; 0 in a global service. */
  readonly slot: number;
  /** From when it is assigned. */
  readonly node?: string;
  readonly state: TaskState;
  readonly desired: DesiredState;
  /** Of the service's spec: one more with each update. */
  readonly revision: number;
  /** Why it is in this state, in Swarm's words. */
  readonly message: string;
  /** The address that Docker's own allocator gave it. */
  readonly stock?: string;
  /** The address that its container got from Limpet. */
  readonly sticky?: string;
  /** What Swarm's leader got for it from Limpet before anyone knew which task it was. */
  readonly ticket?: string;
  /** `guest`: its identity's own address was still in use when it started, so it runs on its ticket. */
  readonly stay?: 'home' | 'guest';
  /** Swarm's Version.Index: the newer the higher. */
  readonly version: number;
  readonly createdAt: number;
  readonly updatedAt: number;
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
  readonly id: string;
  readonly mode: ServiceMode;
  /** Of a global service: the nodes that should run it. */
  readonly replicas: number;
  readonly order: UpdateOrder;
  readonly parallelism: number;
  /** How often it was updated. */
  readonly revision: number;
  readonly updating: boolean;
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
  /** Tasks that run now, and how many of those on the address that their identity had first. */
  readonly running: number;
  readonly home: number;
  /** Tasks that should have an address and have none, because the subnet is full. */
  readonly waiting: number;
}

/** What a new leader made of the task list. */
export interface RebuildView {
  readonly leader: string;
  readonly at: number;
  /** Tasks in the list. */
  readonly tasks: number;
  readonly live: number;
  readonly reserved: number;
  readonly superseded: number;
  readonly conflicts: readonly { readonly address: string; readonly winner: string; readonly loser: string }[];
  readonly skipped: readonly { readonly reason: string; readonly record: string; readonly detail: string }[];
  /** Tickets and other addresses that are held again. */
  readonly held: number;
  /** Reserved before, and no task in the list tells of them any more. */
  readonly forgotten: readonly { readonly identity: string; readonly address: string }[];
  /** Reclaimed before, but the list still tells of them, and nobody else has the address. */
  readonly recalled: readonly { readonly identity: string; readonly address: string }[];
}

export interface LogLine {
  readonly at: number;
  readonly kind: 'event' | 'refused' | 'look' | 'swarm' | 'task' | 'stock' | 'sticky';
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
  /** Nothing is under way: the next step, if any, is an event. */
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
  /** Of the last election; undefined before the first. */
  readonly rebuild: RebuildView | undefined;
}
