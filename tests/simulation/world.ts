// One world: a stage with a plugin on every machine, and a judge. The same plan gives the same history.
import { LimpetError } from '../../src/host/errors.js';
import type { SwarmNode } from '../../src/simulator/swarm/node.js';
import type { Process } from '../../src/simulator/swarm/process.js';
import { EtcdStore } from '../../src/stores/etcd/etcd-store.js';
import type { Told } from '../../src/tickets/told.js';
import { Claims, Recorded } from './claims.js';
import { Client } from './etcd/client.js';
import { Field } from './field.js';
import { Judge } from './judge.js';
import type { Plan } from './plan.js';
import { type Ears, Plugin } from './plugin.js';
import { Stage } from './stage.js';

/** Seconds. */
const TTL = 10;

export class World extends Stage {
  readonly plugins: readonly Plugin[];
  readonly claims = new Claims();
  readonly judge: Judge;
  readonly #field: Field;

  constructor(plan: Plan) {
    super(plan);
    this.judge = new Judge(this);
    this.#field = new Field(this, this.judge);
    this.swarm.records.watch(() => this.judge.records());
    this.etcd.onChange = (revision) => this.judge.changed(revision);
    this.etcd.onLeaseEnd = (lease) => this.judge.leaseEnded(lease);
    this.plugins = this.swarm.nodes.map((node) => {
      node.engine.onAddress = (container) => {
        this.judge.addressed(node, container);
        this.#field.addressed(node, container);
      };
      return new Plugin(this, node, (process) => this.#store(process, node), this.#earsOf(node));
    });
  }

  pluginOf(node: SwarmNode): Plugin {
    return this.plugins.find((plugin) => plugin.node === node)!;
  }

  #earsOf(node: SwarmNode): Ears {
    const { hostname } = node.record;
    return {
      answered: (call, request, answer) => {
        if (node.engine.state === 'boots') this.happened('asked while Docker boots');
        this.#field.answered(node, call, request);
        this.note(`${hostname} ${call} ${JSON.stringify(request)} → ${JSON.stringify(answer)}`);
      },
      refused: (call, request, error) => {
        this.note(`${hostname} ${call} ${JSON.stringify(request)} refused: ${error.message}`);
        this.judge.refused(node, call, error);
        if (error instanceof LimpetError) this.#field.refused(call, request, error.code);
      },
      told: (told) => {
        this.note(`${hostname} told ${JSON.stringify(told)}`);
        this.happened(nameOf(told));
        this.#field.told(told);
      },
      logged: (level, event, message) => {
        if (event === 'store' && message === 'open') return; // goes with the name of the real machine
        this.note(`${hostname} ${level}: ${message}`);
        this.judge.logged(node, level, event, message);
      },
    };
  }

  #store(process: Process, node: SwarmNode) {
    const { etcd, network, timeline } = this;
    const around = {
      ...{ etcd, network, timeline, process, machine: node.record.hostname },
      happened: (what: string) => this.happened(what),
      granted: (lease: string) => void this.leases.set(node, lease),
    };
    const store = new EtcdStore({
      endpoints: etcd.members,
      node: `host-id-${node.record.hostname}`,
      ttl: TTL,
      clock: process.clock,
      connect: (member) => new Client(member, around),
      page: this.plan.page,
    });
    return new Recorded(store, this.claims, {
      now: () => timeline.now,
      isAlive: () => !process.isDead,
      mayRepeat: () => network.hasDoubled,
    });
  }
}

/** What is counted: `address local guest`, `mend set`, `sweep waits`. */
function nameOf(told: Told): string {
  const outcome = 'outcome' in told ? ` ${told.outcome}` : 'mark' in told ? ` ${told.mark}` : '';
  const side = 'addressSpace' in told && told.event !== 'pool' ? ` ${told.addressSpace}` : '';
  const waits = told.event === 'sweep' && told.address === undefined ? ' waits' : '';
  return `${told.event}${side}${outcome}${waits}`;
}
