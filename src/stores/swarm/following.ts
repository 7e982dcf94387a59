// Learns what others do: by Docker's events, which say which config has changed, and by reading everything now and
// then. And which nodes are down: what is live there ends, and whoever is first writes that down.

import type { SwarmApi } from '../../docker/swarm-api.js';
import type { Clock } from '../../service/clock.js';
import type { Commit, StoreEvent } from '../../service/store.js';
import type { Configs } from './configs.js';
import { DownNodes } from './down-nodes.js';
import type { DraftChange } from './draft.js';
import type { Register } from './register.js';
import type { SubnetContent } from './subnet-content.js';

/** Milliseconds before events are listened for again. */
const PAUSE = 1000;
/** Managers see the same node go down at the same moment: chance lets one of them write it. */
const TURN = 500;

export interface FollowingParts {
  readonly api: SwarmApi;
  readonly clock: Clock;
  readonly reread: number;
  readonly report: (level: StoreEvent['level'], message: string) => void;
  /** @param known the subnet as it was before the nodes were looked at */
  readonly markDown: (register: Register<SubnetContent>, change: DraftChange, known: SubnetContent) => Promise<Commit>;
}

export class Following {
  readonly #configs: Configs;
  readonly #parts: FollowingParts;
  readonly #nodes: DownNodes;
  readonly #end = new AbortController();
  readonly #reads = new Map<string, 'reading' | 'again'>();
  #tasks: Promise<unknown>[] = [];
  #isAway = false;

  constructor(configs: Configs, parts: FollowingParts) {
    this.#configs = configs;
    this.#parts = parts;
    this.#nodes = new DownNodes(parts.api);
  }

  readonly isDown = (node: string): boolean => this.#nodes.isDown(node);

  begin(): void {
    this.#tasks = [this.#listen(), this.#reread()];
  }

  async end(): Promise<void> {
    this.#end.abort();
    await Promise.allSettled(this.#tasks);
  }

  /** What is so now, of the subnet and of the nodes. @throws LimpetError UNAVAILABLE */
  async lookAt(register: Register<SubnetContent>): Promise<void> {
    await register.read();
    await this.#endMarks([register]);
  }

  async #listen(): Promise<void> {
    const { signal } = this.#end;
    const told = {
      begun: () => this.#everything(),
      event: ({ type, id }: { type: string; id: string }) =>
        type === 'node' ? this.#nodesChanged() : this.#changed(id),
    };
    while (!signal.aborted) {
      await this.#parts.api.events(signal, told).catch(() => {}); // what is missed is read when they begin again
      if (!signal.aborted) await this.#parts.clock.sleep(PAUSE, signal);
    }
  }

  async #reread(): Promise<void> {
    const { clock, reread } = this.#parts;
    const { signal } = this.#end;
    while (!signal.aborted) {
      await clock.sleep(reread * (0.75 + clock.random() / 2), signal);
      if (!signal.aborted) await this.#attempt(() => this.#readAll());
    }
  }

  #everything(): void {
    this.#background(() => this.#readAll());
  }

  async #readAll(): Promise<void> {
    await this.#configs.readChanges();
    await this.#endMarks([...this.#configs.registers()]);
  }

  /** Read at once; what comes while it is being read is read once more. */
  #changed(id: string): void {
    if (this.#reads.has(id)) {
      this.#reads.set(id, 'again');
      return;
    }
    this.#reads.set(id, 'reading');
    this.#background(async () => {
      try {
        do {
          this.#reads.set(id, 'reading');
          await this.#configs.readOne(id);
        } while (this.#reads.get(id) === 'again');
      } finally {
        this.#reads.delete(id);
      }
    });
  }

  #nodesChanged(): void {
    this.#background(async () => {
      await this.#nodes.look();
      const { clock } = this.#parts;
      if (this.#someoneIsDown()) await clock.sleep(clock.random() * TURN, this.#end.signal);
      await this.#endMarks([...this.#configs.registers()]);
    });
  }

  #someoneIsDown(): boolean {
    return [...this.#configs.registers()].some(({ content }) => this.#downIn(content).size > 0);
  }

  /** Of nodes that are down by now; a mark that was put since, by one that is up again, stays. */
  async #endMarks(registers: readonly Register<SubnetContent>[]): Promise<void> {
    const known = registers.map((register) => ({ register, content: register.content }));
    await this.#nodes.look();
    for (const { register, content } of known) {
      const nodes = this.#downIn(content);
      const time = this.#parts.clock.now();
      if (content !== undefined && nodes.size > 0)
        await this.#parts.markDown(register, { op: 'down', nodes, time }, content);
    }
  }

  #downIn(content: SubnetContent | undefined): Set<string> {
    const down = new Set<string>();
    for (const { nodes } of content?.entries() ?? []) for (const node of nodes) if (this.isDown(node)) down.add(node);
    return down;
  }

  #background(action: () => Promise<void>): void {
    void this.#attempt(action);
  }

  async #attempt(action: () => Promise<void>): Promise<void> {
    try {
      await action();
      if (this.#isAway) this.#parts.report('info', 'the swarm is back: what others change is followed again');
      this.#isAway = false;
    } catch (error) {
      if (this.#end.signal.aborted) return;
      if (!this.#isAway) this.#parts.report('warn', `what others change is not seen: ${(error as Error).message}`);
      this.#isAway = true;
    }
  }
}
