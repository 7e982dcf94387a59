// Entry `limpet/swarm`: what Docker's JSON says of networks and services, for programs that make the subnet before they
// rebuild it. What a task claims is the rebuild's own affair and not exported.

export { kindOfList, type ListKind } from '../docker/kinds.js';
export {
  findNetwork,
  type Network,
  type NetworkSubnet,
  networksOfTask,
  networksOfTasks,
} from '../docker/network-list.js';
export {
  holdVirtualAddresses,
  readServices,
  type ServiceMode,
  type ServiceName,
  virtualAddresses,
} from '../docker/service-list.js';
export { withoutHostBits } from '../host/cidr.js';
