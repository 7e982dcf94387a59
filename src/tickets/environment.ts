// What the tickets stand on, handed in from above: time, the open service, what Docker says, and somebody to tell.

import type { DockerApi } from '../docker/api.js';
import type { ContainerList } from '../docker/container-list.js';
import type { Networks } from '../docker/networks.js';
import type { AddressSpace } from '../docker/spaces.js';
import type { Clock } from '../service/clock.js';
import type { AllocateOptions, Allocator, CallOptions, SubnetService } from '../service/index.js';
import type { PoolRange } from './ranges.js';
import type { Said } from './said.js';
import type { Told } from './told.js';
import type { Waits } from './waits.js';
import type { WishedAddresses } from './wished.js';

/** What has a space: a subnet, or one to come. */
export interface InSpace {
  readonly spec: { readonly space: string };
}

/** An address that is wanted. */
export interface Wanted extends CallOptions {
  /** This very one. */
  readonly address: string | undefined;
  /** `first-last`: where one is taken from when none is asked for. */
  readonly range: string | undefined;
}

/** Whose ticket it is that the leader asks for. */
export type Meant =
  | { readonly kind: 'home' /** The name of the binding. */; readonly home: string }
  | { readonly kind: 'unclear'; readonly why: string };

/** Finds out for whom Swarm's leader asks, where that is certain. */
export interface WhoIsMeant {
  /** Every call of the leader's about a subnet goes through this: of two at once nobody knows which is whose. */
  during<T>(net: SubnetService, work: () => Promise<T>): Promise<T>;
  /** Whose home the address can be that the leader asks for now. */
  meant(net: SubnetService): Promise<Meant>;
}

/** Asks who answers at an address on the LAN, for subnets that want it (`probe`). Others are not asked about. */
export interface Wire {
  /**
   * As `net.claim`. An address that the name does not have yet is asked about before, and not given if something
   * answers. @throws LimpetError OCCUPIED when the ticket is somebody's, or too many in turn are; what `claim` throws
   */
  claim(net: SubnetService, name: string, options: AllocateOptions): Promise<string>;
  /** An address that somebody wants and nobody has yet. @throws LimpetError OCCUPIED when something answers there */
  refuseTaken(net: SubnetService, address: string): Promise<void>;
}

export interface Environment {
  readonly clock: Clock;
  /** @throws LimpetError UNAVAILABLE while the store is not open */
  readonly service: () => Allocator;
  /** This host's own ID, which no swarm changes. @throws LimpetError UNAVAILABLE while it is not known */
  readonly host: () => string;
  /** This node as live marks of the subnet name it: in a swarm's subnet by Swarm's node ID, else by the host's own. */
  readonly nodeOf: (net: InSpace) => string;
  /** The other name that this node has had there: what is live by it is to be live by the present one. */
  readonly formerNodeOf: (net: InSpace) => string | undefined;
  /** Learns whether this node has joined a swarm lately, where its subnets would be kept elsewhere then. */
  readonly locate?: () => Promise<void>;
  /** Whether this node is a manager of a swarm; undefined until Docker has said. */
  readonly isManager: () => boolean | undefined;
  /** The version of this node's Docker; undefined until it has said. */
  readonly dockerVersion?: () => string | undefined;
  /** Where it is to be found out for whom the leader asks: else all that it is given is nobody's. */
  readonly whoIsMeant?: (said: Said) => WhoIsMeant;
  /** Where this node can ask who answers at an address. */
  readonly wire?: Wire;
  /** What users wanted on this host's own networks, where that outlives the process. */
  readonly wished?: () => Pick<WishedAddresses, 'whose' | 'note' | 'drop'>;
  readonly docker: DockerApi;
  readonly containers: ContainerList;
  readonly networks: Networks;
  readonly tell: (told: Told) => void;
  readonly waits: Waits;
  /** Where subnets are taken from when a network names none. */
  readonly pools: Readonly<Record<AddressSpace, readonly PoolRange[]>>;
}
