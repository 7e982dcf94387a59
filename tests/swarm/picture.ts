// Where every replica of a service is and which address it has, at one moment; and what became of it at a later one.
import { addressOf } from './inside.js';
import type { Replica } from './services.js';

export interface Placed extends Replica {
  readonly address: string;
}

/** By identity. */
export type Picture = ReadonlyMap<string, Placed>;

export interface Changes {
  /** Replicas that run in another container than before. */
  readonly replaced: number;
  /** Those of them that run on another node. */
  readonly moved: number;
  /** Those of the replaced that have the address they are expected to have. */
  readonly kept: number;
}

/** Asks every container, from inside. `network` is what its addresses begin with. */
export async function pictureOf(replicas: readonly Replica[], network: string): Promise<Picture> {
  const placed = await Promise.all(
    replicas.map(async (replica) => ({ ...replica, address: await addressOf(replica, network) })),
  );
  return new Map(placed.map((replica) => [replica.identity, replica]));
}

/**
 * What happened from one picture to the next to those that are in both; `expected` is the address that each should
 * have.
 */
export function changes(before: Picture, after: Picture, expected: (identity: string) => string | undefined): Changes {
  const replaced = [...after.values()].filter(({ identity, container }) => {
    const was = before.get(identity);
    return was !== undefined && was.container !== container;
  });
  return {
    replaced: replaced.length,
    moved: replaced.filter(({ identity, node }) => before.get(identity)?.node !== node).length,
    kept: replaced.filter(({ identity, address }) => address === expected(identity)).length,
  };
}

/** The addresses that more than one replica has, with their names. */
export function doubles(picture: Picture): string[] {
  const owners = new Map<string, string[]>();
  for (const { identity, address } of picture.values()) {
    owners.set(address, [...(owners.get(address) ?? []), identity]);
  }
  return [...owners]
    .filter(([, names]) => names.length > 1)
    .map(([address, names]) => `${address}: ${names.join(', ')}`);
}
