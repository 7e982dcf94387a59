// Entry `limpet/swarm`: what Docker's JSON says of networks and services, for programs that make the subnet before they
// rebuild it. What a task claims is the rebuild's own affair and not exported.

export { withoutHostBits } from './cidr.js';
export {
  findNetwork,
  type Network,
  type NetworkSubnet,
  networksOfTask,
  networksOfTasks,
} from './networks.js';
export {
  holdVirtualAddresses,
  readServices,
  type ServiceMode,
  type ServiceName,
  virtualAddresses,
} from './services.js';
