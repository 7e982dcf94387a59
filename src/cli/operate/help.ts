// What `limpet COMMAND --help` says below the options, by command: what it does, exit codes, examples.

import { PLUGIN_FOLDER } from './reach.js';

export const REACH_HELP = `
Asks the plugin that runs on this machine, found in ${PLUGIN_FOLDER}, or
opens the store itself with --store: swarm:, file:///path,
etcd://host:2379,host:2379 or memory:. A file store cannot be opened while its
plugin runs.`;

export const CODES_HELP = `
Exit code: 0 success, 1 no such subnet or space, 2 wrong usage, 3 the plugin,
the store or Docker does not answer`;

export const STATUS_HELP = `
With --watch it stays until Ctrl-C, and reports when the plugin does not answer.
${CODES_HELP}.`;

export const CHECK_HELP = `
Compares bindings, held addresses and live marks with Docker's containers,
tasks, services, nodes and networks, twice, two seconds apart, and reports only
what both looks saw. Complete on a manager; elsewhere it also reports what it
could not check. Only problems change the exit code, notices do not.

Exit code: 0 no problems, 1 problems, 2 wrong usage, 3 the plugin, the store or
Docker does not answer.`;

export const IMPORT_HELP = `
Without a network: every network that Limpet serves. Bindings, tickets, virtual
IPs and gateways that the store lacks are added from what runs.

With a network of another IPAM driver: reserves each task's address, so that it
gets the same one on the Limpet network that takes its place (--into). Safe to
repeat. Existing bindings are never moved; clashes are reported as conflicts.
Asks before; without a terminal say --yes.

Exit code: 0 done, 1 conflicts, or tasks that cannot be seen from here, 2 wrong
usage, 3 the plugin, the store or Docker does not answer.

Example, moving the network web (all steps are in docs/OPERATIONS.md):
  docker network create -d overlay --ipam-driver limpet:latest \\
    --subnet 10.0.5.0/24 web-sticky
  limpet import web --into web-sticky
  docker service update --network-rm web --network-add web-sticky SERVICE`;

export const LOOKUP_HELP = `
A task is named by its ID or the beginning of it, as docker service ps shows it:
the answer says its identity, the ticket that docker inspect shows, and its
home, the address that its container has. On a manager every task is known,
elsewhere those that run here.

Exit code: 0 found, 1 not found, 2 wrong usage, 3 the plugin, the store or
Docker does not answer.`;

export const PIN_HELP = `
No policy gives a pinned address to anybody else, and limpet reclaim refuses it.
A service's slots get a list or a range in turn: slot 1 the first address, and
so on. A service with a task on every node is pinned by node. Refused where
another identity has the address; nothing is changed then. What runs at another
address keeps that until it stops, and has the pinned one from its next start.

With start-first updates a task of a service has two addresses in turn: --second
chooses the other one, of as many tasks. It can be chosen alone.

Exit code: 0 done, 1 somebody has the address, 2 wrong usage, 3 the plugin, the
store or Docker does not answer.

Examples:
  limpet pin web.3 10.77.0.10
  limpet pin web 10.77.0.10-10.77.0.19
  limpet pin web 10.77.0.10-10.77.0.19 --second 10.77.0.20-10.77.0.29
  limpet pin agent.node-1 10.77.0.30`;

export const UNPIN_HELP = `
Ends the pins of both homes.

Exit code: 0 done, 1 nothing of that name is pinned, 2 wrong usage, 3 the
plugin, the store or Docker does not answer.`;

export const RECLAIM_HELP = `
Only addresses of identities that do not run can be reclaimed. Name one
identity, or filter: filters are combined. Asks before; without a terminal say
--yes.

Exit code: 0 done, 1 something was refused or is not there, 2 wrong usage,
3 the plugin, the store or Docker does not answer.

Examples:
  limpet reclaim web.3
  limpet reclaim --service web --older-than 7d --dry-run`;

export const RELEASE_HELP = `
The plugin of a node does this by itself within half a minute, and a node that
died loses its marks: when Swarm gives it up, or in etcd with its lease. Use
this for what limpet check reports.

Exit code: 0 done, 1 no such identity, 2 wrong usage, 3 the plugin, the store
or Docker does not answer.`;

export const FORGET_HELP = `
Refused while a network has it, or anything in it is live, pinned or held, its
gateway aside. Pins end with limpet unpin. Asks before; without a terminal say
--yes.

Exit code: 0 removed, 1 in use or not there, 2 wrong usage, 3 the plugin, the
store or Docker does not answer.`;

export const UNHOLD_HELP = `
Ends a ticket, virtual IP or other address held without an identity: use it
for what limpet check reports as a leak. A binding on the same address stays.

Exit code: 0 done, 1 a gateway, or an address of no subnet, 2 wrong usage,
3 the plugin, the store or Docker does not answer.`;
