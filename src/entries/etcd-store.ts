// The entry `limpet/etcd-store`: the store for several machines, and how it is configured. Needs the package `etcd3`.

export { EtcdStore } from '../stores/etcd/etcd-store.js';
export { type EtcdEnvironment, type EtcdStoreOptions, etcdOptions } from '../stores/etcd/options.js';
