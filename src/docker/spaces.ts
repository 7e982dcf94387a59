// Docker's two address spaces, and the spaces in which Limpet keeps the subnets that come from them.

/** Docker's address spaces: of the swarm, asked by its leader; of one host. */
export type AddressSpace = 'global' | 'local';

/** What the spaces are called towards Docker. */
export const ADDRESS_SPACES: Readonly<Record<AddressSpace, string>> = {
  global: 'limpet.global',
  local: 'limpet.local',
};

/** Limpet's space for subnets of the whole swarm, and for those that single hosts share (`limpet.scope=cluster`). */
export const SWARM = 'swarm';

const HOST = 'node:';

/**
 * Limpet's space for the subnets that only one host's networks have. @param host the host's own ID, which no swarm
 * changes
 */
export function spaceOf(host: string): string {
  return `${HOST}${host}`;
}

export function isHostSpace(space: string): boolean {
  return space.startsWith(HOST);
}
