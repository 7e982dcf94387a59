// A machine's file store on a simulated disk: callers come and go, the process is killed, the machine loses its power,
// the disk is full or fails. What was answered is there at the next start, and what was not is there or not, in one
// order that makes all answers true (../claims.ts).
import { setImmediate } from 'node:timers';
import { LimpetError } from '../../../src/host/errors.js';
import { AllocatorService, type SubnetService } from '../../../src/service/index.js';
import { Chance } from '../../../src/simulator/random.js';
import { Process } from '../../../src/simulator/swarm/process.js';
import { Timeline } from '../../../src/simulator/swarm/timeline.js';
import { FileStore } from '../../../src/stores/file/file-store.js';
import { Claims, Recorded } from '../claims.js';
import { prepared } from '../prepare.js';
import { SimulatedDisk } from './disk.js';

const NET = { space: 'default', cidr: '10.0.0.0/28' };
const FOLDER = '/limpet';
const IDENTITIES = ['web.1', 'web.2', 'web.3', 'db', 'cache'];

/** Group commits wait for the machine's next turn, and then for one more. */
const settled = async () => {
  for (let n = 0; n < 3; n++) await new Promise<void>((resolve) => void setImmediate(resolve));
};

export interface DiskOutcome {
  readonly failure: string | undefined;
  readonly sometimes: ReadonlyMap<string, number>;
}

class Machine {
  readonly sometimes = new Map<string, number>();
  failure: string | undefined;
  readonly #timeline: Timeline;
  readonly #chance: Chance;
  readonly #disk: SimulatedDisk;
  readonly #claims = new Claims();
  readonly #size: number;

  constructor(seed: number) {
    this.#timeline = new Timeline(seed, settled);
    this.#chance = new Chance(Math.imul(seed, 0x85ebca6b) >>> 0);
    this.#disk = new SimulatedDisk(this.#chance);
    this.#size = this.#chance.pick([300, 1000, 3000, 1 << 20]);
  }

  async play(): Promise<void> {
    const lives = 3 + this.#chance.below(6);
    for (let n = 0; n < lives && this.failure === undefined; n++) await this.#live(`life ${n}`);
    const verdict = this.#claims.verdict();
    this.failure ??= verdict && `the file store: ${verdict}`;
  }

  /** From one start to the next end. */
  async #live(name: string): Promise<void> {
    const process = new Process(this.#timeline, { ahead: 0 }, this.#timeline.chanceOf(name));
    this.#disk.state = 'well';
    const service = await this.#opened(process);
    if (service === undefined) return;
    let isOver = false;
    const net = await this.#until(service.subnet(NET.cidr, { reclaim: {} }));
    if (net === undefined) return;
    this.#look(net);
    const lanes = [0, 1, 2].map(() => this.#lane(net, process, () => isOver));
    for (let turns = 1 + this.#chance.below(4); turns > 0; turns--) {
      await this.#timeline.run(20 + this.#chance.below(200));
      this.#disk.state = this.#chance.pick(['well', 'well', 'full', 'broken'] as const);
      if (this.#disk.state !== 'well') this.#happened(`disk is ${this.#disk.state}`);
      await this.#timeline.run(10 + this.#chance.below(100));
      this.#disk.state = this.#chance.below(3) > 0 ? 'well' : this.#disk.state;
    }
    isOver = true;
    const end = this.#chance.pick(['killed', 'killed', 'without power', 'closed'] as const);
    this.#happened(`disk process ${end}`);
    if (end === 'closed') {
      this.#disk.state = 'well';
      await this.#timeline.run(2000);
      await this.#until(Promise.all(lanes).then(() => service.close()));
    }
    process.die();
    this.#disk.end(process);
    if (end === 'without power') this.#disk.losePower();
    this.#claims.over(this.#timeline.now);
  }

  async #opened(process: Process): Promise<AllocatorService | undefined> {
    const file = new FileStore(FOLDER, {
      disk: this.#disk.of(process),
      clock: process.clock,
      compactAfter: this.#size,
    });
    const store = new Recorded(file, this.#claims, {
      now: () => this.#timeline.now,
      isAlive: () => !process.isDead,
      mayRepeat: () => false,
    });
    const report = ({ message }: { message: string }) => {
      for (const word of ['was torn', 'snapshot of generation', 'no snapshot was written', 'waits for its disk'])
        if (message.includes(word)) this.#happened(`disk ${word}`);
    };
    return this.#until(AllocatorService.open(store, { clock: process.clock, report }));
  }

  /** Every address, as the store has it after a start. */
  #look(net: SubnetService): void {
    const owners = new Map([...net.list()].map(({ address, identity }) => [address, identity]));
    for (let n = 1; n < 15; n++) {
      const address = `10.0.0.${n}`;
      const seen = `${owners.get(address) ?? ''}${net.isHeld(address) ? '+' : ''}`;
      this.#claims.see(NET, address, seen, this.#timeline.now);
    }
  }

  async #lane(net: SubnetService, { clock }: Process, isOver: () => boolean): Promise<void> {
    while (!isOver()) {
      await clock.sleep(clock.random() * 6);
      try {
        await this.#ask(net, clock.random);
      } catch (error) {
        if (!(error instanceof LimpetError) || error.code === 'DAMAGED' || error.code === 'BROKEN')
          this.failure ??= `the file store: a caller is told: ${(error as Error).stack}`;
      }
    }
  }

  async #ask(net: SubnetService, random: () => number): Promise<unknown> {
    const identity = IDENTITIES[Math.floor(random() * IDENTITIES.length)] as string;
    const dice = Math.floor(random() * 7);
    const address = `10.0.0.${1 + Math.floor(random() * 14)}`;
    if (dice < 2) return net.allocate(identity, { node: 'a' });
    if (dice === 2) return net.release(identity, 'a');
    if (dice === 3) return net.reclaim(identity);
    if (dice === 4) return net.holdNext();
    return dice === 5 ? net.hold(address) : net.unhold(address);
  }

  /** Lets time pass until the work is done. Undefined when it fails, which is noted. */
  async #until<T>(work: Promise<T>): Promise<T | undefined> {
    let isDone = false;
    const done = work.finally(() => {
      isDone = true;
    });
    done.catch(() => {});
    await this.#timeline.run(60_000, () => isDone);
    try {
      if (!isDone) throw new Error('the work never ends');
      return await done;
    } catch (error) {
      this.failure ??= `the file store: a start fails: ${(error as Error).stack}`;
      return undefined;
    }
  }

  #happened(what: string): void {
    this.sometimes.set(what, (this.sometimes.get(what) ?? 0) + 1);
  }
}

/** A machine of its own beside every fourth world. */
export function hasDisk(seed: number): boolean {
  return seed % 4 === 0;
}

export async function playDisk(seed: number): Promise<DiskOutcome> {
  await prepared;
  const machine = new Machine(seed);
  await machine.play();
  return machine;
}
