// The entry `limpet/service`: the allocator service, and the store that needs nothing. Other stores have entries of
// their own.

export { type Clock, systemClock } from './clock.js';
export { type CallOptions, Deadline } from './deadline.js';
export type { Decision } from './decision.js';
export { type Pinned, type PinOptions, waitsFor } from './pins.js';
export { DEFAULT_RECLAIM, HOLD_DOWN, parseDuration, parseReclaimPolicy } from './policy.js';
export type { AllocateOptions, HoldOptions } from './proposals.js';
export { AllocatorService, type Removal, type ServiceOptions, type SubnetSettings } from './service.js';
export { type Allocator, type Cluster, SplitService } from './split-service.js';
export type * from './store.js';
export type { ServiceStats, SubnetService } from './subnet-service.js';
export type { LiveBinding } from './subnet-state.js';
