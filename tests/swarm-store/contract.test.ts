// The contract on the swarm store, on a swarm that is made up: its configs over a real socket.
import { after } from 'node:test';
import { DockerSwarm } from '../../src/docker/swarm-client.js';
import { SwarmStore } from '../../src/stores/swarm/swarm-store.js';
import { contract } from '../service/contract.js';
import { Swarm } from './dockerd.js';

const swarms: Swarm[] = [];
after(() => Promise.all(swarms.map((swarm) => swarm.stop())));

contract('swarm', async () => {
  const swarm = await Swarm.start();
  swarms.push(swarm);
  const host = swarm.managers[0]?.socket as string;
  return {
    open: async () => new SwarmStore({ connect: () => new DockerSwarm({ host, deadline: 15_000 }) }),
    durable: true,
    remove: async () => {},
  };
});
