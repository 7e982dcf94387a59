// The ABI: every function a host can call. Arguments and results are 32-bit integers; ordinals, times, identities and
// bulk data pass through fixed areas of the memory (abi/area.ts). docs/ABI.md describes each for hosts in other
// languages.

export * from './abi/bindings';
export * from './abi/instance';
export * from './abi/ordinals';
export * from './abi/rebuild';
export * from './abi/snapshot';
export * from './abi/subnets';
