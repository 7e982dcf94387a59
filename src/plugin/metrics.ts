// What the plugin counts, for Prometheus: what the tickets tell of, and gauges that are read from the service when
// asked.

import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { visible } from '../host/visible.js';
import type { Allocator } from '../service/index.js';
import type { Told } from '../tickets/told.js';

const BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20];

export class Metrics {
  readonly registry = new Registry();
  readonly addresses = this.#counter('limpet_addresses_total', 'Requests for an address, by what became of them', [
    'space',
    'outcome',
  ]);
  readonly releases = this.#counter('limpet_releases_total', 'Releases, by what became of them', ['space', 'outcome']);
  readonly swept = this.#counter('limpet_swept_total', 'Held addresses freed, since nobody in the swarm had them');
  readonly mended = this.#counter(
    'limpet_mended_total',
    'Live marks set right against what runs here, and holds against what Swarm has',
    ['mark'],
  );
  readonly reclaimed = this.#counter('limpet_reclaimed_total', 'Reserved addresses that became free, by why', ['why']);
  readonly conflicts = this.#counter('limpet_conflicts_total', 'Containers seen at an address that is not theirs');
  readonly requests = new Histogram({
    name: 'limpet_request_seconds',
    help: 'Time to answer Docker, by call and HTTP status',
    labelNames: ['call', 'status'],
    buckets: BUCKETS,
    registers: [this.registry],
  });

  constructor(service: () => Allocator | undefined) {
    collectDefaultMetrics({ register: this.registry });
    this.#gauge('limpet_store_open', 'Whether the store is open', [], (gauge) => gauge.set(service() ? 1 : 0));
    this.#gauge('limpet_store_answers', 'Whether a change could be answered now', [], async (gauge) => {
      const open = service();
      gauge.set(open !== undefined && (await open.whyAway()) === undefined ? 1 : 0);
    });
    this.#gauge('limpet_store_full', 'Whether the store has refused a write for want of room', [], (gauge) =>
      gauge.set(service()?.isFull ? 1 : 0),
    );
    // A count alone: who can write to a shared store could else make series without end. Health and status name them.
    this.#gauge('limpet_subnets_unreadable', 'Subnets that the store has and cannot read', [], (gauge) =>
      gauge.set(service()?.damaged().length ?? 0),
    );
    this.#gauge('limpet_subnet_addresses', 'Addresses by state', ['space', 'subnet', 'state'], (gauge) => {
      gauge.reset();
      for (const net of service()?.subnets() ?? []) {
        const { live, reserved, held, excluded, free } = net.stats;
        for (const [state, count] of Object.entries({ live, reserved, held, excluded, free }))
          gauge.set({ space: visible(net.spec.space), subnet: net.cidr, state }, Number(count));
      }
    });
    this.#gauge('limpet_subnet_pinned', 'Addresses that a person chose', ['space', 'subnet'], (gauge) => {
      gauge.reset();
      for (const net of service()?.subnets() ?? [])
        gauge.set({ space: visible(net.spec.space), subnet: net.cidr }, net.stats.pinned);
    });
    this.#gauge(
      'limpet_subnet_contended',
      'Proposals that another process was faster with',
      ['space', 'subnet'],
      (gauge) => {
        gauge.reset();
        for (const net of service()?.subnets() ?? [])
          gauge.set({ space: visible(net.spec.space), subnet: net.cidr }, net.stats.conflicts);
      },
    );
  }

  /** Counts what the tickets tell of. */
  count(told: Told): void {
    if (told.event === 'address') this.addresses.inc({ space: told.addressSpace, outcome: told.outcome });
    else if (told.event === 'release') this.releases.inc({ space: told.addressSpace, outcome: told.outcome });
    else if (told.event === 'sweep' && told.address !== undefined) this.swept.inc();
    else if (told.event === 'mend') this.mended.inc({ mark: told.mark });
    else if (told.event === 'conflict') this.conflicts.inc();
  }

  #counter<T extends string>(name: string, help: string, labelNames: T[] = []): Counter<T> {
    return new Counter({ name, help, labelNames, registers: [this.registry] });
  }

  #gauge<T extends string>(
    name: string,
    help: string,
    labelNames: T[],
    read: (gauge: Gauge<T>) => void | Promise<void>,
  ): void {
    new Gauge<T>({
      name,
      help,
      labelNames,
      registers: [this.registry],
      collect() {
        return read(this);
      },
    });
  }
}
