// The contract on a real swarm: Docker's daemon, its raft and its API.
import { DockerSwarm } from '../../src/docker/swarm-client.js';
import { SwarmStore } from '../../src/stores/swarm/swarm-store.js';
import { contract } from '../service/contract.js';
import type { DockerNode } from '../swarm/rig/docker-node.js';
import { realSwarm } from './real.js';

const swarm = await realSwarm(3);
const [, node] = swarm.nodes as [DockerNode, DockerNode]; // which does not lead: what it is asked goes to another

let made = 0;
contract('swarm (real)', async () => {
  const prefix = `limpet${made++}`;
  return {
    open: async () =>
      new SwarmStore({ connect: () => new DockerSwarm({ host: node.socket, deadline: 15_000 }), prefix }),
    durable: true,
    remove: async () => {},
  };
});
