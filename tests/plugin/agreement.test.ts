// `limpet check` and the plugin say the same of every state that a container can be in: after the plugin has looked,
// check finds no live mark that should not be there and misses none; what it calls foreign, the plugin has called a
// conflict.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { check } from '../../src/operate/check/check.js';
import type { OperateEnvironment } from '../../src/operate/environment.js';
import { container, network, taskContainer } from '../docker/json.js';
import { type Node, type Swarm, subnet, swarm } from './nodes.js';

const CIDR = '10.6.0.0/24';
const NAME = 'com.docker.network.endpoint.name';
const STATES = ['created', 'running', 'paused', 'restarting', 'exited', 'removing', 'dead', 'unheard of'] as const;

async function findings({ time }: Swarm, node: Node): Promise<string[]> {
  const { service, docker, clock } = node.environment;
  const environment: OperateEnvironment = {
    service: service(),
    store: { name: 'memory', shared: false },
    host: node.name,
    nodeOf: () => node.name,
    isStarting: node.isStarting,
    docker,
    clock,
    version: '1.2.3',
    notes: [],
  };
  const { findings } = await time.until(check(environment, {}));
  return findings.map(({ kind, address, identity }) => `${kind} ${address ?? ''} ${identity ?? ''}`);
}

for (const kind of ['a plain container', 'a task'] as const) {
  describe(kind, () => {
    for (const state of STATES)
      for (const shown of ['shows its address', 'shows none'] as const)
        for (const called of ['under its own name', 'renamed'] as const)
          test(`${state}, ${shown}, ${called}`, async (t) => {
            const run = await swarm(1);
            t.after(() => run.stop());
            const [node] = run.nodes as [Node];
            node.manager = false;
            const { docker } = node;
            const L = await node.pool('local', CIDR);
            docker.networks = [network('home', CIDR, { scope: 'local' })];
            const net = subnet(run.service, CIDR, 'node:node-1');
            const [name, identity] = kind === 'a task' ? [`web.1.${'a'.repeat(25)}`, 'web.1'] : ['db', 'db'];
            const show = (where: object, as = name) => {
              const made =
                kind === 'a task'
                  ? taskContainer('web', 1, 'a'.repeat(25), { network: 'home', ...where })
                  : container(name, { network: 'home', ...where });
              docker.containers = [{ ...made, Names: [`/${as}`] }];
            };
            show({ state: 'created' });
            const home = await node.address(L, '', { [NAME]: name });
            node.restart(); // what it has let in is forgotten: only what Docker says counts
            const address = shown === 'shows its address' ? { address: home } : {};
            show({ state, created: 1, ...address }, called === 'renamed' ? 'other' : name);
            for (let n = 0; n < 3; n++) await node.look();
            const isThere = shown === 'shows its address' && ['running', 'paused', 'unheard of'].includes(state);
            assert.equal(net.lookup(identity)?.state, isThere ? 'live' : 'reserved');
            const told = node.lines
              .filter(({ event }) => event === 'conflict')
              .map((line) => `foreign ${line.address}`);
            const found = (await findings(run, node)).map((each) => each.split(' ').slice(0, 2).join(' '));
            // Its labels say task, its name does not: to be told apart from a forgery it has to be looked at.
            const doubted = kind === 'a task' ? told.map((each) => each.replace('foreign', 'impostor')) : [];
            assert.deepEqual(found, [...doubted, ...told]);
            assert.deepEqual(told, isThere && called === 'renamed' ? [`foreign ${home}`] : []);
          });
  });
}
