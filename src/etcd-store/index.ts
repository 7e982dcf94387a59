// The entry `limpet/etcd-store`: the store for several machines, and how it is configured. Needs the package `etcd3`.

export { EtcdStore } from './etcd-store.js';
export { type EtcdEnvironment, type EtcdStoreOptions, etcdOptions } from './options.js';
