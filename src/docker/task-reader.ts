// What Docker's tasks are to a rebuild: the words that let the core's scanner read them by itself, and the reading of
// those that it hands back.

import { quote } from '../host/address.js';
import { describe } from '../host/arguments.js';
import type { ReaderOptions, Reading, RecordReader, RecordReading, ScannerWord } from '../host/claims.js';
import { LimpetError } from '../host/errors.js';
import { readServices, type ServiceMode, type ServiceName } from './service-list.js';
import { ENDED_STATES, LIVE_STATES } from './states.js';
import { readTask } from './task-records.js';

/** `network` and `services` of a rebuild's options are Docker's. */
export const dockerTasks: RecordReading = {
  options: ['network', 'services'],
  reader: (options) => new TaskReader(options),
};

class TaskReader implements RecordReader {
  readonly #network: string | undefined;
  readonly #services: ReadonlyMap<string, ServiceName> | undefined;
  /** IDs of the networks that tasks were attached to: a name can mean several. */
  readonly #networks = new Set<string>();

  constructor({ network, services }: ReaderOptions) {
    if (network !== undefined && typeof network !== 'string') {
      throw new TypeError(`a network is a string, not ${describe(network)}`);
    }
    this.#network = network;
    this.#services = services === undefined ? undefined : readServices(services);
  }

  /** All but the network: see {@link #meet}. */
  get words(): Iterable<ScannerWord> {
    const services = [...(this.#services ?? [])];
    return [
      ...LIVE_STATES.map((word) => ({ kind: 'live state', word }) as const),
      ...ENDED_STATES.map((word) => ({ kind: 'ended state', word }) as const),
      ...services.map(([word, { name, mode }]) => ({ kind: kindOf(mode), word, name }) as const),
    ];
  }

  read(record: unknown, index: number): Reading {
    const read = readTask(record, { network: this.#network, services: this.#services, index });
    if (typeof read === 'string' || 'reason' in read) return read;
    const word = this.#meet(read.networkId);
    return word === undefined ? read : { ...read, word };
  }

  end(): void {
    if (this.#networks.size < 2) return;
    const ids = [...this.#networks];
    const named = `${ids.length} networks are named ${quote(String(this.#network))}`;
    const message = `${named}: say which by its ID (${ids.join(', ')})`;
    throw new LimpetError('BAD_INPUT', message, { network: this.#network, ids });
  }

  /**
   * A name can look just like an ID, and only a task tells which is meant. From the first that has it as its network's
   * ID the core scans by itself; before, and by name, tasks come to the host.
   */
  #meet(networkId: string): ScannerWord | undefined {
    if (this.#network === undefined) return undefined;
    const first = !this.#networks.has(networkId);
    this.#networks.add(networkId);
    return first && networkId === this.#network ? { kind: 'network', word: networkId } : undefined;
  }
}

/** A job's tasks have slots; the first, which has none in the JSON, comes back from the scanner. */
function kindOf(mode: ServiceMode): 'global service' | 'replicated service' {
  return mode === 'global' ? 'global service' : 'replicated service';
}
