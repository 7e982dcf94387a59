// The questions that Limpet asks Docker. Only lists are asked for within a call of Docker's: they take none of its
// locks, while looking at one container can wait for that container's start.

import type { Container, Info, NamedEndpoint, Network, Node, Service, Task } from './shapes.js';

/**
 * Asks Docker. Every method throws LimpetError UNAVAILABLE when there is no answer in time, or none that can be used.
 */
export interface DockerApi {
  /** For messages. */
  readonly name: string;
  /**
   * Whether Docker is known not to answer now, as while it starts: the last question got no answer, and none has since.
   * A question would only wait. Absent where that is never known.
   */
  readonly silent?: boolean;
  /** Whether its silence would be noticed at once. Until then a question may have to wait to learn of it. */
  readonly watched?: boolean;
  /** All containers, running or not. */
  containers(): Promise<readonly Container[]>;
  networks(): Promise<readonly Network[]>;
  info(): Promise<Info>;
  /** Managers only, as the two below. Attachments of plain containers to swarm networks are among them. */
  tasks(): Promise<readonly Task[]>;
  services(): Promise<readonly Service[]>;
  nodes(): Promise<readonly Node[]>;
  /**
   * The endpoints of one network with their addresses, those of other nodes as far as this one has heard. Not a list:
   * Docker looks into the network for it. Never to be asked within a call of Docker's.
   */
  endpoints(networkId: string): Promise<readonly NamedEndpoint[]>;
}
