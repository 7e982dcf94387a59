// A worker's end: asks a manager's plugin what it cannot ask its own Docker. The managers are those that Docker names;
// when one does not answer, the next one is asked.

import type { Config, NewConfig, SwarmApi, SwarmListener, SwarmNode } from '../../../docker/swarm-api.js';
import { LimpetError } from '../../../host/errors.js';
import type { CallName } from './calls.js';
import type { Line } from './line.js';

export interface ManagersParts {
  readonly line: Line;
  /** Hosts, as Docker names them now. */
  readonly managers: () => Promise<readonly string[]>;
}

export class Managers implements SwarmApi {
  readonly name = "the swarm's managers";
  readonly #parts: ManagersParts;
  /** The one that answered last. */
  #good: string | undefined;

  constructor(parts: ManagersParts) {
    this.#parts = parts;
  }

  async configs(prefix: string): Promise<readonly Config[]> {
    return (await this.#ask('configs', prefix)) as Config[];
  }

  async config(idOrName: string): Promise<Config | undefined> {
    return ((await this.#ask('config', idOrName)) as Config | null) ?? undefined;
  }

  async createConfig(config: NewConfig): Promise<'done' | 'exists'> {
    return (await this.#ask('createConfig', config)) as 'done' | 'exists';
  }

  async updateConfig(config: Config, labels: Config['labels']): Promise<'done' | 'stale' | 'gone'> {
    return (await this.#ask('updateConfig', { config, labels })) as 'done' | 'stale' | 'gone';
  }

  /** Managers do that. */
  async removeConfig(): Promise<void> {}

  async nodes(): Promise<readonly SwarmNode[]> {
    return (await this.#ask('nodes', null)) as SwarmNode[];
  }

  async events(signal: AbortSignal, listener: SwarmListener): Promise<void> {
    for (const host of await this.#hosts()) if (await this.#parts.line.listen(host, signal, listener)) return;
  }

  async close(): Promise<void> {
    this.#parts.line.close();
  }

  /** @throws LimpetError UNAVAILABLE */
  async #ask(call: CallName, input: unknown): Promise<unknown> {
    const failures: string[] = [];
    for (const host of await this.#hosts()) {
      const answer = await this.#parts.line.ask(host, call, input);
      if (!('error' in answer)) {
        this.#good = host;
        return answer.answer;
      }
      failures.push(`${host}: ${answer.error.message}`);
      const isChange = call === 'createConfig' || call === 'updateConfig';
      if (answer.isHeard && isChange) throw unavailable(call, failures, 'unknown');
    }
    this.#good = undefined;
    throw unavailable(call, failures, 'none');
  }

  async #hosts(): Promise<readonly string[]> {
    const hosts = await this.#parts.managers();
    const good = this.#good;
    return good !== undefined && hosts.includes(good) ? [good, ...hosts.filter((host) => host !== good)] : hosts;
  }
}

function unavailable(call: string, failures: readonly string[], outcome: 'none' | 'unknown'): LimpetError {
  const why = failures.length === 0 ? 'Docker names none' : failures.join('; ');
  const message = `no manager of the swarm answers (${call}): ${why}`;
  return new LimpetError('UNAVAILABLE', message, { outcome });
}
