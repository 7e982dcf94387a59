// What Docker's versions say and do not say, as far as it matters to who keeps an address.

/** From this version on Docker's nodes name the endpoint that they ask an address for. */
const NAMES_FROM = 29;

/** Whether this Docker says which container an address is for. An unknown version counts as one that does. */
function saysWhoAsks(serverVersion: string | undefined): boolean {
  const major = Number(/^(\d+)\./.exec(serverVersion ?? '')?.[1] ?? Number.NaN);
  return !(major < NAMES_FROM);
}

/** The same of a network that nodes share without Swarm's leader (`limpet.scope=cluster`): it gives no tickets. */
export function limitOfShared(serverVersion: string | undefined): string | undefined {
  if (saysWhoAsks(serverVersion)) return undefined;
  return (
    `Docker ${serverVersion} does not say which container asks for an address, and on a macvlan or ipvlan network ` +
    'of several nodes nobody else does: tasks of a service do not keep their addresses there. No two containers ' +
    'have one address all the same. Use Docker 29 on every node, or an overlay'
  );
}

/** Why a subnet cannot be named by its size (`--subnet 0.0.0.0/24`); undefined where it can. */
export function limitOfSizes(serverVersion: string | undefined): string | undefined {
  if (saysWhoAsks(serverVersion)) return undefined;
  return (
    `Docker ${serverVersion} takes a subnet of unspecified addresses for the network's own, and not for its size: ` +
    'name the subnet, or name none, or use Docker 29'
  );
}

/** What an operator should know of a Docker that does not say it; undefined for one that does. */
export function limitOf(serverVersion: string): string | undefined {
  if (saysWhoAsks(serverVersion)) return undefined;
  return (
    `Docker ${serverVersion} does not say which container asks for an address. Swarm's tasks on overlays keep ` +
    'theirs all the same. Containers run by hand keep theirs if they are started one after the other, and not when ' +
    'they are started at the same moment or Docker itself restarts: start such ones with --ip, or use Docker 29, ' +
    'which says who asks'
  );
}
