// The questions that Limpet asks Docker. Within a call of Docker's only lists are asked for, which take none of its
// locks, and whether it holds the lock of a container.

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
  /**
   * True once Docker answers a question about this container, by its ID. While it starts, stops or connects a container
   * it holds that one's lock, and answers no such question: until an address has come the one who asks for it stays
   * locked. False when that cannot be told, and when the signal has ended the waiting. Never rejects.
   */
  untilUnlocked(container: string, signal: AbortSignal): Promise<boolean>;
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
