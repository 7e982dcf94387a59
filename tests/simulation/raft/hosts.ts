// The stores of one process where the swarm store is: the product's own, with a simulated Docker and simulated lines to
// other plugins under it, and what its host keeps for the next process.
import type { Store } from '../../../src/service/index.js';
import type { SwarmNode } from '../../../src/simulator/swarm/node.js';
import type { Process } from '../../../src/simulator/swarm/process.js';
import { NodeSwarm } from '../../../src/stores/swarm/remote/node-swarm.js';
import { SwarmStore } from '../../../src/stores/swarm/swarm-store.js';
import type { Stage } from '../stage.js';
import { SimulatedDocker } from './docker.js';
import { type Gates, linesOf } from './line.js';
import { type OwnDisk, OwnStore } from './own-store.js';
import type { Raft } from './raft.js';

/** What lies on a host's disk. */
interface Disk extends OwnDisk {
  kept: string | undefined;
}

export interface HostStores {
  readonly own: () => Store;
  readonly swarm: () => Store;
  readonly forget: () => Promise<void>;
}

export class Hosts {
  readonly #stage: Stage;
  readonly #gates: Gates = new Map();
  readonly #disks = new Map<SwarmNode, Disk>();

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  storesOf(raft: Raft, node: SwarmNode, process: Process): HostStores {
    const { network, timeline, load } = this.#stage;
    const disk = this.#disks.get(node) ?? { changes: [], names: new Map(), kept: undefined };
    this.#disks.set(node, disk);
    const happened = (what: string) => this.#stage.happened(what);
    const around = { raft, network, timeline, node, process, happened, load };
    const { clock } = process;
    const kept = {
      read: async () => {
        if (disk.kept === undefined) throw new Error('ENOENT');
        return disk.kept;
      },
      write: async (text: string) => {
        if (!process.isDead) disk.kept = text;
      },
    };
    return {
      own: () => new OwnStore(disk, process, raft.own, node.record.hostname),
      swarm: () =>
        new SwarmStore({
          clock,
          kept,
          connect: (report) =>
            new NodeSwarm({ docker: new SimulatedDocker(around), clock, report, lines: linesOf(around, this.#gates) }),
        }),
      forget: async () => {
        disk.kept = undefined;
      },
    };
  }
}
