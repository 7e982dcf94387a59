// The contract on the etcd store: a prefix of its own for each case, on one etcd.
import { after } from 'node:test';
import { contract } from '../service/contract.js';
import { Etcd } from './etcd.js';
import { EtcdStore } from './library.js';

const { members, remove } = await Etcd.cluster(1);
after(remove);

let made = 0;
contract('etcd', async () => {
  const prefix = `/limpet-contract-${made++}/v1/`;
  const endpoints = members.map(({ endpoint }) => `http://${endpoint}`);
  return {
    // Patience for machines with much else to do: what a deadline does is failure.test.ts's affair.
    open: async () => new EtcdStore({ endpoints, node: 'n1', prefix, deadline: 15_000 }),
    durable: true,
    remove: async () => {},
  };
});
