// This node's way to the swarm, whatever it is in it now: a manager asks its own Docker, and answers workers; a worker
// asks managers. A node can be promoted and demoted at any time.

import type { Config, Membership, NewConfig, SwarmApi, SwarmListener, SwarmNode } from '../../../docker/swarm-api.js';
import { LimpetError } from '../../../host/errors.js';
import type { Clock } from '../../../service/clock.js';
import type { StoreEvent } from '../../../service/store.js';
import { Answers } from './answers.js';
import type { Gate, Lines } from './line.js';
import { Managers } from './managers.js';

/** Milliseconds for which Docker's word of what this node is counts. */
const FRESH = 5000;

export interface NodeSwarmParts {
  /** This node's own Docker. */
  readonly docker: SwarmApi & { membership(): Promise<Membership> };
  readonly clock: Clock;
  /** The way between this plugin and those of other nodes. */
  readonly lines: Lines;
  readonly report: (level: StoreEvent['level'], message: string, details?: Record<string, unknown>) => void;
}

export class NodeSwarm implements SwarmApi {
  readonly name: string;
  readonly #parts: NodeSwarmParts;
  readonly #managers: Managers;
  /** What Docker has said last, and when. */
  #last: { readonly at: number; readonly membership: Membership } | undefined;
  #asking: Promise<Membership> | undefined;
  #gateway: Gate | undefined;
  #opening: Promise<void> | undefined;
  #isClosed = false;
  #lastWhy = '';

  constructor(parts: NodeSwarmParts) {
    this.#parts = parts;
    this.name = parts.docker.name;
    this.#managers = new Managers({
      line: parts.lines.line,
      managers: async () => (await this.#membership()).managers,
    });
  }

  configs(prefix: string): Promise<readonly Config[]> {
    return this.#by((api) => api.configs(prefix));
  }

  config(idOrName: string): Promise<Config | undefined> {
    return this.#by((api) => api.config(idOrName));
  }

  createConfig(config: NewConfig): Promise<'done' | 'exists'> {
    return this.#by((api) => api.createConfig(config));
  }

  updateConfig(config: Config, labels: Config['labels']): Promise<'done' | 'stale' | 'gone'> {
    return this.#by((api) => api.updateConfig(config, labels));
  }

  removeConfig(id: string): Promise<void> {
    return this.#by((api) => api.removeConfig(id));
  }

  nodes(): Promise<readonly SwarmNode[]> {
    return this.#by((api) => api.nodes());
  }

  /** Ends also when this node becomes something else: then others tell what happens. */
  async events(signal: AbortSignal, told: SwarmListener): Promise<void> {
    const ended = new AbortController();
    const end = () => ended.abort();
    signal.addEventListener('abort', end, { once: true });
    try {
      const isManager = await this.#isManager();
      const following = this.#followRole(isManager, ended);
      await (isManager ? this.#parts.docker : this.#managers).events(ended.signal, told).finally(end);
      await following;
    } finally {
      signal.removeEventListener('abort', end);
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#opening;
    await this.#gateway?.close();
    await this.#managers.close();
  }

  async #followRole(isManager: boolean, ended: AbortController): Promise<void> {
    for (;;) {
      await this.#parts.clock.sleep(FRESH, ended.signal);
      if (ended.signal.aborted) return;
      const now = await this.#isManagerNow().catch(() => isManager);
      if (now !== isManager) ended.abort();
      await this.#gateway?.renew().catch((error: Error) => this.#tell(error));
    }
  }

  async #by<T>(question: (api: SwarmApi) => Promise<T>): Promise<T> {
    const isManager = await this.#isManager();
    try {
      return await question(isManager ? this.#parts.docker : this.#managers);
    } catch (error) {
      const isOther = isUnwritten(error) && (await this.#isManagerNow().catch(() => isManager)) !== isManager;
      if (!isOther) throw error;
      return question(isManager ? this.#managers : this.#parts.docker);
    }
  }

  /** As it was lately. @throws LimpetError UNAVAILABLE */
  async #isManager(): Promise<boolean> {
    return this.#roleOf(await this.#membership());
  }

  async #isManagerNow(): Promise<boolean> {
    return this.#roleOf(await this.#ask());
  }

  async #roleOf(swarm: Membership): Promise<boolean> {
    if (swarm.state !== 'active') {
      const message = `this node is not part of a swarm, or cannot reach it (${swarm.state || 'inactive'})`;
      throw new LimpetError('UNAVAILABLE', message, { outcome: 'none' });
    }
    if (swarm.isManager) this.#opening ??= this.#openGateway(swarm.address);
    else if (this.#gateway !== undefined) await this.#closeGateway();
    return swarm.isManager;
  }

  /** Nobody waits for what was known a moment ago: a swarm without leader makes Docker silent about itself. */
  async #membership(): Promise<Membership> {
    const last = this.#last;
    if (last === undefined) return this.#ask();
    if (this.#parts.clock.elapsed() - last.at > FRESH) this.#ask().catch(() => {}); // the next one knows
    return last.membership;
  }

  /** @throws LimpetError UNAVAILABLE */
  #ask(): Promise<Membership> {
    this.#asking ??= this.#parts.docker.membership().then(
      (membership) => {
        this.#asking = undefined;
        this.#last = { at: this.#parts.clock.elapsed(), membership };
        return membership;
      },
      (error: Error) => {
        this.#asking = undefined;
        throw error;
      },
    );
    return this.#asking;
  }

  /** A manager that cannot answer workers serves its own node all the same. */
  async #openGateway(address: string): Promise<void> {
    const { docker, clock, report, lines } = this.#parts;
    if (lines.gate === undefined) return;
    const gateway = lines.gate(new Answers(docker, clock));
    try {
      const at = await gateway.listen(address);
      if (this.#isClosed) return await gateway.close();
      this.#gateway = gateway;
      report('info', `workers are answered at ${at}`);
    } catch (error) {
      this.#tell(error as Error);
      clock.after(FRESH, () => {
        this.#opening = undefined; // and the next question tries it again
      });
    }
  }

  /** Forgotten first: who comes meanwhile must not close the next one instead, or wait for this one. */
  async #closeGateway(): Promise<void> {
    const gateway = this.#gateway;
    this.#gateway = undefined;
    this.#opening = undefined;
    await gateway?.close();
  }

  #tell({ message }: Error): void {
    if (message === this.#lastWhy) return;
    this.#lastWhy = message;
    this.#parts.report('warn', `this manager cannot answer workers: ${message}`);
  }
}

function isUnwritten(error: unknown): boolean {
  return error instanceof LimpetError && error.code === 'UNAVAILABLE' && error.details.outcome === 'none';
}
