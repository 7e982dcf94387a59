// Docker's JSON read into claims: the one place that knows what a Swarm task, service or network looks like.
// Pure functions, no I/O and no wasm; which claim wins is the core's affair, not this module's.

export { contains, overlap, withoutHostBits } from './swarm/cidr.js';
export {
  chooseNetwork,
  findNetwork,
  joined,
  type Network,
  type NetworkSubnet,
  networksOfTask,
  networksOfTasks,
  subnetsOfTask,
} from './swarm/networks.js';
export { type Claim, type Context, type Refusal, readRecord } from './swarm/records.js';
export {
  holdVirtualAddresses,
  readServices,
  type ServiceMode,
  type ServiceName,
  virtualAddresses,
} from './swarm/services.js';
export { ENDED_STATES, LIVE_STATES } from './swarm/states.js';
