// Which nodes have lost their marks, and since when: with a lease, since Swarm called them down, or because they were
// let in by what they remembered alone. Whoever runs on such a node can have lost its address by nobody's fault.
import type { SwarmNode } from '../../src/simulator/swarm/node.js';
import type { Stage } from './stage.js';
import type { Truth } from './truth.js';

/** So long after a disturbance a lease may end by it. */
const AFTERMATH = 20_000;

export class Lapses {
  readonly #world: Stage;
  readonly #truth: Truth;
  /** When the marks of a node were last lost: true time. */
  readonly #lapsed = new Map<SwarmNode, number>();
  /** Nodes whose marks are void, whenever they were made. */
  readonly #down = new Set<SwarmNode>();
  /** Nodes whose store was opened while no manager answered. */
  readonly #byMemory = new Set<SwarmNode>();
  /** When the last thing that ailed a node's way to etcd ended, and what still ails it. */
  readonly #disturbed = new Map<SwarmNode | '*', number>();
  readonly #ails = new Set<{ readonly where: SwarmNode | '*' }>();

  constructor(world: Stage, truth: Truth) {
    this.#world = world;
    this.#truth = truth;
  }

  /** Something ails a node's way to etcd from now on. The answer: no longer. */
  disturb(where: SwarmNode | '*'): () => void {
    const ail = { where };
    this.#ails.add(ail);
    return () => {
      this.#ails.delete(ail);
      this.#disturbed.set(where, this.#world.timeline.now);
    };
  }

  /** Answers what is wrong with that, if anything is. */
  leaseEnded(lease: string): string | undefined {
    const { swarm, timeline, processes, leases } = this.#world;
    const host = this.#truth.hostOf(lease);
    const node = swarm.nodes.find(({ record }) => `host-id-${record.hostname}` === host);
    this.#world.note(`lease ${lease} of ${node?.record.hostname} ends`);
    this.#world.happened('a lease ends');
    if (node === undefined) return undefined;
    this.#lapsed.set(node, timeline.now);
    const since = Math.max(this.#disturbed.get(node) ?? 0, this.#disturbed.get('*') ?? 0);
    const isAiling = [...this.#ails].some(({ where }) => where === '*' || where === node);
    // An earlier process's lease may end at any time.
    const isOfNow = processes.get(node)?.runs === true && leases.get(node) === lease;
    const isUnexpected = !isAiling && timeline.now - since > AFTERMATH && isOfNow;
    return isUnexpected ? `the lease of ${node.record.hostname} ends, though nothing ails it` : undefined;
  }

  /** Swarm calls a node down, and its marks are void until it is up again. */
  swarmCalls(node: SwarmNode, is: 'down' | 'up'): void {
    this.#world.note(`${node.record.hostname} is ${is}`);
    this.#world.happened(`a node is ${is}`);
    this.#lapsed.set(node, this.#world.timeline.now);
    if (is === 'down') this.#down.add(node);
    else this.#down.delete(node);
  }

  /** It has let in who was here by what it remembered: nobody else knows, until everything was read and looked at. */
  logged(node: SwarmNode, message: string): void {
    if (/begun with what was known last/.test(message)) this.#byMemory.add(node);
    if (/were read again/.test(message) && this.#byMemory.delete(node))
      this.#lapsed.set(node, this.#world.timeline.now);
  }

  /** Whether the node has lost its marks since then. */
  has(node: SwarmNode, since: number): boolean {
    if (this.#down.has(node) || this.#byMemory.has(node)) return true;
    return (this.#lapsed.get(node) ?? Number.NEGATIVE_INFINITY) >= since;
  }

  /** Whether any node has. */
  hasAny(since: number): boolean {
    return this.#world.swarm.nodes.some((node) => this.has(node, since));
  }
}
