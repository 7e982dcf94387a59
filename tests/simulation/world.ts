// One world: a stage with a plugin on every machine, and a judge. The same plan gives the same history.
import { LimpetError } from '../../src/host/errors.js';
import { AutoStores, type OpenStores, type StoresAround, single } from '../../src/plugin/auto-stores.js';
import type { Store } from '../../src/service/index.js';
import type { SwarmNode } from '../../src/simulator/swarm/node.js';
import type { Process } from '../../src/simulator/swarm/process.js';
import type { Told } from '../../src/tickets/told.js';
import { Claims, type Ledger, Recorded } from './claims.js';
import { Etcd } from './etcd/etcd.js';
import { etcdStoreOf } from './etcd/open.js';
import { Field } from './field.js';
import { Judge } from './judge.js';
import type { Plan } from './plan.js';
import { type Ears, Plugin } from './plugin.js';
import { Hosts } from './raft/hosts.js';
import { Stage } from './stage.js';

export class World extends Stage {
  readonly plugins: readonly Plugin[];
  readonly claims = new Claims();
  readonly judge: Judge;
  readonly #field: Field;
  readonly #hosts = new Hosts(this);
  /** When the judge has looked at Swarm's records last. */
  #judgedAt = Number.NEGATIVE_INFINITY;

  constructor(plan: Plan) {
    super(plan);
    this.judge = new Judge(this);
    this.#field = new Field(this, this.judge);
    this.swarm.records.watch(() => this.#judgeRecords());
    this.shared.onChange = (revision) => this.judge.changed(revision);
    if (this.shared instanceof Etcd) this.shared.onLeaseEnd = (lease) => this.judge.leaseEnded(lease);
    else this.shared.onNode = (node, is) => this.judge.lapses.swarmCalls(node, is);
    this.plugins = this.swarm.nodes.map((node) => {
      node.engine.onAddress = (container) => {
        this.judge.addressed(node, container);
        this.#field.addressed(node, container);
      };
      return new Plugin(this, node, (process, around) => this.#stores(process, node, around), this.#earsOf(node));
    });
  }

  pluginOf(node: SwarmNode): Plugin {
    return this.plugins.find((plugin) => plugin.node === node)!;
  }

  #judgeRecords(): void {
    const { now } = this.timeline;
    if (now - this.#judgedAt < (this.plan.large?.look ?? 0)) return;
    this.#judgedAt = now;
    this.judge.tickets.records();
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

  async #stores(process: Process, node: SwarmNode, around: StoresAround): Promise<OpenStores> {
    if (this.shared instanceof Etcd)
      return single(this.#recorded(etcdStoreOf(this, this.shared, process, node), process), around.service);
    const raft = this.shared;
    const { swarm, own, forget } = this.#hosts.storesOf(raft, node, process);
    return AutoStores.open({
      ...around,
      ownName: 'file:///simulated',
      own: async () => this.#recorded(own(), process),
      cluster: async () => this.#recorded(swarm(), process),
      forget,
    });
  }

  #recorded(store: Store, process: Process): Store {
    const ledger: Ledger = {
      begin: (...commit) => {
        const end = this.claims.begin(...commit);
        return (outcome, at) => {
          this.load.add(`commits ${outcome}`);
          end(outcome, at);
        };
      },
    };
    return new Recorded(store, ledger, {
      now: () => this.timeline.now,
      isAlive: () => !process.isDead,
      mayRepeat: () => this.network.hasDoubled,
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
