// How soon a moved address answers, from every node: pings run from one container of each node while a step is played,
// and the first answer after the new container had the address counts. Overlays keep stale forwarding entries for a
// while (moby#35401, moby#52661), and who keeps an address is hit by that where Docker's own IPAM gives another one.
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Picture } from './picture.js';
import type { DockerNode } from './rig/docker-node.js';
import type { Service as Program } from './rig/machine.js';
import { settled } from './services.js';
import type { World } from './world.js';

const PROBE = 'probe';
/** Seconds between two pings of an address. */
const PACE = 0.2;
/** Until pings go out, milliseconds. */
const START = 1000;

interface Pinging {
  readonly node: DockerNode;
  readonly container: string;
  readonly program: Program;
  readonly log: string;
}

/** Seconds from the address's arrival to its first answer, one for each moved address and node. */
export interface Answers {
  readonly step: string;
  readonly seconds: readonly number[];
}

export class Answering {
  readonly #world: World;
  #pinging: Pinging[] = [];
  #runs = 0;

  constructor(world: World) {
    this.#world = world;
  }

  /** Pings these addresses from every node that is up, from now on. */
  async begin(addresses: readonly string[]): Promise<void> {
    const { swarm, sticky } = this.#world;
    if (this.#runs++ === 0) await this.#world.createAlone(PROBE, sticky.name, '--mode', 'global');
    const probes = await settled(swarm, PROBE, 60_000);
    for (const { node, container } of probes) {
      const { State } = await node.api<{ State: { Pid: number } }>(`/containers/${container}/json`);
      const pings = addresses.map((address) => `ping -n -D -i ${PACE} ${address} &`).join('\n');
      const name = `answers-${this.#runs}.log`;
      const log = join(node.machine.disk, name);
      closeSync(openSync(log, 'w'));
      const script = `trap 'trap - TERM; kill -TERM 0' TERM\n${pings}\nwait`;
      const inside = ['nsenter', '--target', `${State.Pid}`, '--net', 'sh', '-c', script];
      const program = node.machine.start(name, 'setsid', ...inside); // a process group, to end as one
      this.#pinging.push({ node, container, log, program });
    }
    await new Promise((resolve) => setTimeout(resolve, START));
  }

  /** Ends the pings. @param arrived when a container was first seen with its address, by its ID; milliseconds */
  async end(step: string, before: Picture, after: Picture, arrived: ReadonlyMap<string, number>): Promise<Answers> {
    const moved = [...after.values()].filter(({ identity, container }) => {
      const was = before.get(identity);
      return was !== undefined && was.container !== container && arrived.has(container);
    });
    const seconds: number[] = [];
    for (const { node, container: probe, log, program } of this.#pinging.splice(0)) {
      if (!node.isUp || !program.isRunning) continue;
      await program.end('SIGTERM');
      const { State } = await node.api<{ State: { Running: boolean } }>(`/containers/${probe}/json`);
      if (!State.Running) continue; // the node was drained
      const first = firstAnswers(readFileSync(log, 'utf8'));
      for (const { address, container } of moved) {
        const came = arrived.get(container) as number;
        const answered = first(address, came);
        if (answered === undefined) throw new Error(`step ${step}: ${address} never answered on ${node.name}`);
        seconds.push(Math.max(answered - came, 0) / 1000);
      }
    }
    return { step, seconds };
  }
}

/** Reads ping's lines: `[1700000000.123456] 64 bytes from 10.77.0.5: …`. */
function firstAnswers(text: string): (address: string, since: number) => number | undefined {
  const times = new Map<string, number[]>();
  for (const [, time, address] of text.matchAll(/^\[(\d+\.\d+)\] \d+ bytes from ([\d.]+):/gm)) {
    const all = times.get(address as string) ?? [];
    if (all.length === 0) times.set(address as string, all);
    all.push(Number(time) * 1000);
  }
  return (address, since) => times.get(address)?.find((time) => time >= since);
}
