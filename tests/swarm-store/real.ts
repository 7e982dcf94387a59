// A real swarm for the tests of the store: started once, taken down at the end.
import { after } from 'node:test';
import { makeNodes, withMachines } from '../swarm/rig/rig.js';
import { Swarm } from '../swarm/rig/swarm.js';

/** Answers when the swarm is complete. Its machines end with the tests of this process. */
export async function realSwarm(managers: number, workers = 0): Promise<Swarm> {
  let end: () => void = () => {};
  const over = new Promise<void>((resolve) => {
    end = resolve;
  });
  return new Promise((resolve, reject) => {
    const ended = withMachines(
      () => {},
      async (site) => {
        const nodes = await makeNodes(site, managers + workers);
        resolve(await Swarm.make(nodes.slice(0, managers), nodes.slice(managers)));
        await over;
      },
    );
    ended.catch(reject);
    after(async () => {
      end();
      await ended;
    });
  });
}
