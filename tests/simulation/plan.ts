// A plan: what a world is made of and what befalls it. Played again it is the same world; without some of its acts
// it is a smaller one, which is how a failure is shrunk.

export interface Act {
  /** Milliseconds since the beginning. */
  readonly at: number;
  /** Its name in acts.ts. */
  readonly act: string;
  /** Numbers from which the act draws whom it befalls, and for how long. */
  readonly of: readonly [number, number, number];
}

/** What is done less often, so that a large world ends in time. */
export interface Large {
  /** Milliseconds in which etcd and Swarm's managers tell of changes together, and not of each by itself. */
  readonly pace: number;
  /** Milliseconds between two looks of the judge at Swarm's records, which else follow each change. */
  readonly look: number;
  /** Machines on which `limpet check` is asked at the end, at the most. */
  readonly checks: number;
  /** Lines of the history that are kept. */
  readonly lines: number;
}

export interface Plan {
  readonly seed: number;
  readonly managers: number;
  readonly workers: number;
  readonly version: '20.10.24' | '29.7.2';
  /** What the plugins share; absent: etcd. */
  readonly store?: 'etcd' | 'swarm';
  /** Members of etcd. */
  readonly etcd: number;
  /** Of the swarm's network. */
  readonly cidr: string;
  /** Of the swarm's network: which free address is the next. */
  readonly policy: 'serial' | 'lowest';
  /** Empty: the default. */
  readonly reclaim: string;
  readonly replicas: number;
  readonly order: 'stop-first' | 'start-first';
  readonly hasAgents: boolean;
  readonly hasJobs: boolean;
  /** Prefix length of each machine's own network. */
  readonly own: 28 | 29 | 30;
  /** Two hosts share a subnet among themselves, each with a range of its own or both with all of it. */
  readonly lan: 'none' | 'ranges' | 'whole';
  /** Keys of one page while etcd is read. */
  readonly page: number;
  /** The most that a machine's clock is ever wrong. */
  readonly skew: number;
  /** Of a world that is too large for all of it to be done each time. */
  readonly large?: Large;
  /** Milliseconds that acts go on. */
  readonly duration: number;
  readonly acts: readonly Act[];
}
