// The entry `limpet/store-contract`: the tests that a store must pass, for those who write one. For Node's test runner.

export { type StoreUnderTest, storeContract } from '../contract/contract.js';
