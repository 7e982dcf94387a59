// The entry `limpet/service`: the allocator service, and the store that needs nothing. Other stores have entries of
// their own.

export * from '../service/index.js';
export { MemoryStore } from '../stores/memory/memory-store.js';
