// One service made of two: what is one node's own is kept by one, what a cluster shares by another, which may come
// later, be away, or not be there at all. So a node's own subnets never wait for the cluster.

import { LimpetError } from '../host/errors.js';
import type { CallOptions } from './deadline.js';
import type { AllocatorService, Removal, SubnetSettings } from './service.js';
import type { DamagedSubnet, NodeName } from './store.js';
import type { SubnetService } from './subnet-service.js';

/** What an allocator service answers, whatever it is made of. */
export type Allocator = Pick<AllocatorService, keyof AllocatorService>;

/** What the cluster's subnets are kept by now. */
export type Cluster =
  /** There is no cluster: the node's own service has all spaces. */
  | { readonly kind: 'none' }
  /** It is not open yet: `why` says the reason. */
  | { readonly kind: 'away'; readonly why: string }
  | { readonly kind: 'open'; readonly service: Allocator };

export class SplitService implements Allocator {
  readonly #own: AllocatorService;
  readonly #isOwn: (space: string) => boolean;
  #cluster: Cluster = { kind: 'none' };

  /** @param isOwn whether a space is one node's own */
  constructor(own: AllocatorService, isOwn: (space: string) => boolean) {
    this.#own = own;
    this.#isOwn = isOwn;
  }

  get cluster(): Cluster {
    return this.#cluster;
  }

  set cluster(cluster: Cluster) {
    this.#cluster = cluster;
  }

  /** Subnets that the own service has in spaces which are the cluster's now: they do not show. */
  get shadowed(): readonly SubnetService[] {
    return this.#cluster.kind === 'none' ? [] : [...this.#own.subnets()].filter(({ spec }) => !this.#isOwn(spec.space));
  }

  subnet(cidr: string, settings: SubnetSettings = {}, options: CallOptions = {}): Promise<SubnetService> {
    return this.#demand(settings.space).then((service) => service.subnet(cidr, settings, options));
  }

  change(cidr: string, settings: SubnetSettings, options: CallOptions = {}): Promise<SubnetService> {
    return this.#demand(settings.space).then((service) => service.change(cidr, settings, options));
  }

  async remove(cidr: string, space?: string, options: CallOptions = {}): Promise<boolean> {
    return (await this.#demand(space)).remove(cidr, space, options);
  }

  async removeUnused(cidr: string, space?: string, options: CallOptions = {}): Promise<Removal> {
    return (await this.#demand(space)).removeUnused(cidr, space, options);
  }

  async refresh(space?: string, options: CallOptions = {}): Promise<void> {
    return (await this.#demand(space)).refresh(space, options);
  }

  /** The node's own service keeps every name; the cluster's as soon as it is open. */
  async introduce(node: NodeName, options: CallOptions = {}): Promise<void> {
    await this.#own.introduce(node, options);
    if (this.#cluster.kind === 'open') await this.#cluster.service.introduce(node, options);
  }

  nodeName(id: string): string | undefined {
    return (this.#cluster.kind === 'open' ? this.#cluster.service.nodeName(id) : undefined) ?? this.#own.nodeName(id);
  }

  nodesNamed(name: string): string[] {
    const cluster = this.#cluster.kind === 'open' ? this.#cluster.service.nodesNamed(name) : [];
    const ids = new Set([...cluster, ...this.#own.nodesNamed(name)]);
    return [...ids].filter((id) => this.nodeName(id) === name); // the cluster's word counts
  }

  find(cidr: string, space?: string): SubnetService | undefined {
    return this.#serviceOf(space)?.find(cidr, space);
  }

  *subnets(): IterableIterator<SubnetService> {
    const isShown = ({ spec }: SubnetService) => this.#cluster.kind === 'none' || this.#isOwn(spec.space);
    for (const net of this.#own.subnets()) if (isShown(net)) yield net;
    if (this.#cluster.kind !== 'open') return;
    for (const net of this.#cluster.service.subnets()) if (!this.#isOwn(net.spec.space)) yield net;
  }

  async whyAway(): Promise<string | undefined> {
    const own = await this.#own.whyAway();
    if (own !== undefined || this.#cluster.kind === 'none') return own;
    if (this.#cluster.kind === 'open') return this.#cluster.service.whyAway();
    return `the store of the swarm is not ready: ${this.#cluster.why}`;
  }

  get isFull(): boolean {
    return this.#own.isFull || (this.#cluster.kind === 'open' && this.#cluster.service.isFull);
  }

  damaged(): readonly DamagedSubnet[] {
    return [...this.#own.damaged(), ...(this.#cluster.kind === 'open' ? this.#cluster.service.damaged() : [])];
  }

  get memory(): AllocatorService['memory'] {
    const cluster = this.#cluster.kind === 'open' ? this.#cluster.service.memory : { used: 0, total: 0 };
    const { used, total } = this.#own.memory;
    return { used: used + cluster.used, total: total + cluster.total };
  }

  async close(): Promise<void> {
    if (this.#cluster.kind === 'open') await this.#cluster.service.close();
    await this.#own.close();
  }

  #serviceOf(space = 'default'): Allocator | undefined {
    if (this.#cluster.kind === 'none' || this.#isOwn(space)) return this.#own;
    return this.#cluster.kind === 'open' ? this.#cluster.service : undefined;
  }

  /** @throws LimpetError UNAVAILABLE */
  async #demand(space: string | undefined): Promise<Allocator> {
    const service = this.#serviceOf(space);
    if (service !== undefined) return service;
    const why = this.#cluster.kind === 'away' ? this.#cluster.why : 'it is not open';
    throw new LimpetError('UNAVAILABLE', `the store of the swarm is not ready: ${why}`, { outcome: 'none' });
  }
}
