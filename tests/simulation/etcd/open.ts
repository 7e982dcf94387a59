// The etcd store of one process on the simulated etcd.
import type { SwarmNode } from '../../../src/simulator/swarm/node.js';
import type { Process } from '../../../src/simulator/swarm/process.js';
import { EtcdStore } from '../../../src/stores/etcd/etcd-store.js';
import type { Stage } from '../stage.js';
import { Client } from './client.js';
import type { Etcd } from './etcd.js';

/** Seconds. */
const TTL = 10;

export function etcdStoreOf(stage: Stage, etcd: Etcd, process: Process, node: SwarmNode): EtcdStore {
  const { network, timeline, plan } = stage;
  const around = {
    ...{ etcd, network, timeline, process, machine: node.record.hostname },
    happened: (what: string) => stage.happened(what),
    load: stage.load,
    granted: (lease: string) => void stage.leases.set(node, lease),
  };
  return new EtcdStore({
    endpoints: etcd.members,
    node: `host-id-${node.record.hostname}`,
    ttl: TTL,
    clock: process.clock,
    connect: (member) => new Client(member, around),
    page: plan.page,
  });
}
