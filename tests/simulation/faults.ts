// What goes wrong in a world: machines, processes, lines, etcd or the managers who keep the store.
import type { SwarmNode } from '../../src/simulator/swarm/node.js';
import { type Deed, pick, rare, usual } from './deed.js';
import type { Plugin } from './plugin.js';
import type { World } from './world.js';

export const faults = {
  'depose leader': rare(({ swarm }) => swarm.depose()),
  'machine dies': usual((world, [a, b]) => {
    const node = pick(world.swarm.nodes, a);
    if (node.engine.state === 'down') return;
    world.pluginOf(node).die();
    node.engine.die();
    const settle = world.judge.lapses.disturb(node);
    world.lasting(1000 + b * 50, () => {
      boot(world, node);
      settle();
    });
  }),
  'docker restarts': usual((world, [a, b]) => {
    const node = pick(world.swarm.nodes, a);
    if (node.engine.state !== 'up') return;
    const settle = world.judge.lapses.disturb(node);
    void node.engine.shutDown().then((isDone) => {
      if (!isDone) return settle();
      world.pluginOf(node).die();
      world.lasting(200 + b * 3, () => {
        boot(world, node);
        settle();
      });
    });
  }),
  /** With all containers; the plugin's process lives on until there is a dockerd again, which starts it anew. */
  'docker dies': rare((world, [a, b]) => {
    const node = pick(world.swarm.nodes, a);
    if (node.engine.state === 'down') return;
    node.engine.die();
    const settle = world.judge.lapses.disturb(node);
    world.lasting(200 + b * 30, () => {
      if (node.engine.state === 'down') {
        world.pluginOf(node).die();
        boot(world, node);
      }
      settle();
    });
  }),
  'plugin dies': usual((world, [a, b, c]) => {
    const plugin = pick(world.plugins, a);
    losePlugin(world, plugin, c % 3 === 0 ? b * 25 : b);
  }),
  /** A node gets tasks before its plugin is there: it never asks for its end of the load balancer until then. */
  'plugin is late': rare((world, [a, b]) => {
    const plugin = pick(world.plugins, a);
    const { node } = plugin;
    if (node.engine.state !== 'up') return;
    world.swarm.setActive(node, false);
    const settle = world.judge.lapses.disturb(node);
    const callOff = world.timeline.after(8000, () => {
      plugin.die();
      node.record.isActive = true;
      world.swarm.update('web', 'stop-first');
    });
    world.lasting(60_000 + b * 80, () => {
      callOff();
      node.record.isActive = true;
      world.swarm.records.changed();
      if (node.engine.state !== 'down') plugin.start();
      settle();
    });
  }),
  'plugin stands still': rare((world, [a, b, c]) => {
    const plugin = pick(world.plugins, a);
    // Docker gives up on a call after half a minute, and asks the next one.
    standStill(world, plugin, 500 + b * (c % 3 === 0 ? 45 : 20));
  }),
  'clock jumps': rare((world, [a, b]) => {
    const node = pick(world.swarm.nodes, a);
    node.wall.ahead = Math.floor((b / 1000 - 0.5) * 2 * world.plan.skew * (b % 3 === 0 ? 1 : 0.01));
  }),
  'cut from etcd': usual((world, [a, b, c]) => {
    const node = pick(world.swarm.nodes, a);
    const members = c % 4 === 0 ? [pick(world.shared.members, c)] : world.shared.members;
    cutFromStore(world, node, { members, way: b }, 300 + (b % 2 === 0 ? c * 30 : c * 4));
  }),
  /** A line that comes and goes: what is begun in one moment is answered in none, or in the next. */
  'bad line': rare((world, [a, b, c]) => {
    const node = pick(world.swarm.nodes, a);
    const { hostname } = node.record;
    world.network.lost = 30;
    let restore = () => {};
    let isOver = false;
    const turn = (isCut: boolean) => {
      restore();
      restore = () => {};
      if (isOver) return;
      const ends = isCut ? [world.network.cut(hostname, '*'), world.network.cut('*', hostname)] : [];
      restore = () => {
        for (const end of ends) end();
      };
      world.timeline.after(isCut ? 500 + b : 150 + c / 2, () => turn(!isCut));
    };
    turn(true);
    const settle = world.judge.lapses.disturb('*');
    world.lasting(15_000 + b * 30, () => {
      isOver = true;
      world.network.lost = 0;
      turn(false);
      settle();
    });
  }),
  'cut from swarm': usual((world, [a, b]) => {
    const node = pick(world.swarm.nodes, a);
    node.isCutOff = true;
    world.lasting(1000 + b * 40, () => {
      node.isCutOff = false;
    });
  }),
  'cut from all': usual((world, [a, b]) => {
    const node = pick(world.swarm.nodes, a);
    node.isCutOff = true;
    const ends = [world.network.cut(node.record.hostname, '*'), world.network.cut('*', node.record.hostname)];
    const settle = world.judge.lapses.disturb(node);
    world.lasting(1000 + b * 50, () => {
      node.isCutOff = false;
      for (const end of ends) end();
      settle();
    });
  }),
  'etcd member leaves': rare((world, [a, b, c]) => {
    const member = pick(world.shared.members, a);
    world.shared.leave(member, c % 2 === 0 ? 'dies' : 'isolated');
    const settle = world.judge.lapses.disturb('*');
    world.lasting(500 + b * (c % 3 === 0 ? 40 : 8), () => {
      world.shared.comeBack(member);
      settle();
    });
  }),
  'etcd away': rare((world, [, b]) => takeStoreAway(world, 500 + b * 30)),
  'answers get lost': usual((world, [a, b]) => {
    world.network.lost = 2 + (a % 40);
    const settle = world.judge.lapses.disturb('*');
    world.lasting(1000 + b * 8, () => {
      world.network.lost = 0;
      settle();
    });
  }),
  'messages come twice': rare((world, [a, b]) => {
    world.network.doubled = 5 + (a % 60);
    world.lasting(3000 + b * 20, () => {
      world.network.doubled = 0;
    });
  }),
  'slow network': rare((world, [a, b]) => {
    world.network.slowest = 20 + a / 4;
    const settle = world.judge.lapses.disturb('*');
    world.lasting(2000 + b * 10, () => {
      world.network.slowest = 3;
      settle();
    });
  }),
  compaction: rare(({ shared }) => shared.compact()),
} satisfies Record<string, Deed>;

// What lasts for so many milliseconds.

export function losePlugin(world: World, plugin: Plugin, duration: number): void {
  if (plugin.running === undefined) return;
  plugin.die();
  const settle = world.judge.lapses.disturb(plugin.node);
  world.lasting(duration, () => {
    if (plugin.node.engine.state !== 'down') plugin.start();
    settle();
  });
}

export function standStill(world: World, plugin: Plugin, duration: number): void {
  const process = plugin.running?.process;
  if (process === undefined) return;
  process.stand();
  const settle = world.judge.lapses.disturb(plugin.node);
  world.lasting(duration, () => {
    process.goOn();
    settle();
  });
}

/** Both ways, or only questions or answers. */
export function cutFromStore(
  world: World,
  node: SwarmNode,
  { members, way }: { readonly members: readonly string[]; readonly way: number },
  duration: number,
): void {
  const { hostname } = node.record;
  const ends = members.flatMap((member) => [
    ...(way % 3 !== 1 ? [world.network.cut(hostname, member)] : []),
    ...(way % 3 !== 2 ? [world.network.cut(member, hostname)] : []),
  ]);
  const settle = world.judge.lapses.disturb(node);
  world.lasting(duration, () => {
    for (const end of ends) end();
    settle();
  });
}

export function takeStoreAway(world: World, duration: number): void {
  for (const member of world.shared.members) world.shared.leave(member, 'dies');
  const settle = world.judge.lapses.disturb('*');
  world.lasting(duration, () => {
    for (const member of world.shared.members) world.shared.comeBack(member);
    settle();
  });
}

export function boot(world: World, node: SwarmNode): void {
  if (node.engine.state !== 'down') return;
  world.timeline.after(100 + world.timeline.chance.below(600), () => world.pluginOf(node).start());
  void node.engine.boot();
}
