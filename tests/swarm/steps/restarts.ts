// Steps g to i: a global service, restarts of what serves the addresses, and a service that is removed and made again.
import { pluginProcess, restartPlugin } from '../plugin.js';
import { until } from '../rig/run.js';
import type { Twins, World } from '../world.js';
import type { Step } from './step.js';

export const restartSteps: readonly Step[] = [
  { name: 'g1', title: 'a global service', play: async (world) => void (await agent(world)) },
  { name: 'g2', title: 'it is updated, stop-first', play: updateAgent },
  { name: 'h1', title: "a node's daemon is restarted", play: restartDaemon },
  { name: 'h2', title: 'the plugin is restarted, a container dies', play: restartPluginStep },
  { name: 'h3', title: 'the plugin is killed, a container dies', play: killPlugin },
  { name: 'i1', title: 'removed, and created under the same name', play: again },
];

async function agent(world: World): Promise<Twins> {
  await world.web();
  return world.find('agent') ?? world.create('agent', '--mode', 'global', '--update-monitor', '1s');
}

async function updateAgent(world: World): Promise<void> {
  await world.both(await agent(world), 'update', '--detach', '--quiet', '--force', '--update-order', 'stop-first');
}

async function restartDaemon(world: World): Promise<void> {
  const node = await world.worker(await world.web());
  await node.stop();
  await node.start();
  await world.swarm.complete();
}

async function restartPluginStep(world: World): Promise<void> {
  const web = await world.web();
  const node = await world.worker(web);
  await restartPlugin(node);
  await world.killOne(web, node);
}

/** Docker starts a plugin again that has ended by itself. */
async function killPlugin(world: World): Promise<void> {
  const web = await world.web();
  const node = await world.worker(web);
  const pid = pluginProcess(node);
  await node.machine.run('sh', '-c', `kill -KILL ${pid}`);
  await until(`a new plugin on ${node.name}`, 30_000, async () => pluginProcess(node) !== pid);
  await world.killOne(web, node);
}

async function again(world: World): Promise<void> {
  const twins = await world.web();
  await world.remove(twins);
  await until('no container is left', 60_000, async () => {
    const filter = ['--filter', `label=com.docker.swarm.service.name=${twins.limpet}`];
    const left = await Promise.all(world.swarm.up.map((node) => node.docker(['ps', '--quiet', ...filter])));
    return left.join('').trim() === '';
  });
  await world.web();
}
