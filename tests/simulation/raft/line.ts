// The way between the plugins of a swarm: a simulated network where TLS would be. Who asks is known by where he is.
import type { SwarmListener } from '../../../src/docker/swarm-api.js';
import type { SwarmNode } from '../../../src/simulator/swarm/node.js';
import type { Process } from '../../../src/simulator/swarm/process.js';
import type { Answers } from '../../../src/stores/swarm/remote/answers.js';
import type { CallName } from '../../../src/stores/swarm/remote/calls.js';
import type { Failure, Gate, Line, Lines } from '../../../src/stores/swarm/remote/line.js';
import type { AroundDocker } from './docker.js';

/** Milliseconds, those of src/stores/swarm/remote/tls-line.ts. */
const CONNECT = 1500;
const ANSWER = 6000;
/** Nobody is there: it is noticed by the connection. */
const NOTICED = 12_000;

/** Plugins that answer workers, by their hosts. */
export type Gates = Map<string, { readonly process: Process; readonly answers: Answers; readonly node: SwarmNode }>;

class SimulatedLine implements Line {
  readonly #around: AroundDocker;
  readonly #gates: Gates;
  /** Hosts to which a connection is thought to be there, and the process at its other end. */
  readonly #open = new Map<string, Process>();

  constructor(around: AroundDocker, gates: Gates) {
    this.#around = around;
    this.#gates = gates;
  }

  async ask(host: string, call: CallName, input: unknown): Promise<{ answer: unknown } | Failure> {
    const { process, happened } = this.#around;
    let isHeard = false;
    const asked = new Promise<{ answer: unknown } | Failure>((resolve) => {
      const give = (answer: { answer: unknown } | Failure) => resolve(answer);
      this.#connect(host, {
        failed: (why) => give({ error: new Error(why), isHeard: false }),
        connected: () => {
          isHeard = true;
          this.#send(host, call, JSON.stringify(input ?? null), give);
        },
      });
      process.clock.after(ANSWER, () => give({ error: new Error(`no answer in ${ANSWER} ms`), isHeard }));
    });
    const answer = await asked;
    if ('error' in answer) {
      this.#open.delete(host);
      happened('a manager does not answer a worker');
    }
    return answer;
  }

  async listen(host: string, signal: AbortSignal, listener: SwarmListener): Promise<boolean> {
    const { network, node, process, timeline } = this.#around;
    const { hostname } = node.record;
    return new Promise<boolean>((resolve) => {
      this.#connect(host, {
        failed: () => resolve(false),
        connected: () => {
          const gate = this.#gates.get(host);
          if (gate === undefined) return resolve(false);
          const ended = new AbortController();
          const down = network.ordered(host, hostname);
          const here = (action: () => void) => down(() => process.enter(() => signal.aborted || action()));
          let isBegun = false;
          const over = () => {
            ended.abort();
            signal.removeEventListener('abort', over);
            process.enter(() => resolve(isBegun));
          };
          signal.addEventListener('abort', over);
          const tell = {
            begun: () => {
              isBegun = true;
              here(() => listener.begun());
            },
            event: (event: Parameters<SwarmListener['event']>[0]) => here(() => listener.event(event)),
          };
          gate.process.enter(() => void gate.answers.tell(ended.signal, tell).then(over, over));
          const look = () => {
            if (process.isDead || ended.signal.aborted) return ended.abort();
            const isGone = gate.process.isDead || node.engine.state === 'down';
            timeline.after(isGone ? NOTICED : 1000, isGone ? over : look);
          };
          look();
        },
      });
    });
  }

  close(): void {
    this.#open.clear();
  }

  /** A connection that is there is used again, though its other end may be out of reach. */
  #connect(host: string, { failed, connected }: { failed: (why: string) => void; connected: () => void }): void {
    const { network, node, process } = this.#around;
    const { hostname } = node.record;
    const there = this.#open.get(host);
    if (there !== undefined && this.#gates.get(host)?.process === there && !there.isDead) {
      connected();
      return;
    }
    const late = process.clock.after(CONNECT, () => failed(`no connection in ${CONNECT} ms`));
    const back = (action: () => void) =>
      network.send(host, hostname, () =>
        process.enter(() => {
          late();
          action();
        }),
      );
    network.send(hostname, host, () => {
      const gate = this.#gates.get(host);
      if (gate === undefined || gate.process.isDead) {
        if (this.#isUp(host)) back(() => failed('connect ECONNREFUSED'));
        return;
      }
      back(() => {
        this.#open.set(host, gate.process);
        connected();
      });
    });
  }

  #send(host: string, call: CallName, body: string, give: (answer: { answer: unknown } | Failure) => void): void {
    const { network, node, process, happened } = this.#around;
    const { hostname, id } = node.record;
    network.send(hostname, host, () => {
      const gate = this.#gates.get(host);
      if (gate === undefined || gate.process.isDead) return;
      gate.process.enter(() => {
        const answer = gate.answers.admit(id).then(() => gate.answers.answer(call, JSON.parse(body), id));
        const reply = (said: { answer: unknown } | Failure) => {
          if (gate.process.isDead) return;
          const isLost = !network.answer(host, hostname, () => process.enter(() => give(said)));
          if (isLost) happened('an answer is lost after the fact');
        };
        answer.then(
          (said) => reply({ answer: JSON.parse(JSON.stringify(said ?? null)) }),
          (error: Error & { details?: { outcome?: string } }) =>
            reply({ error, isHeard: error.details?.outcome === 'unknown' }),
        );
      });
    });
  }

  #isUp(host: string): boolean {
    const node = this.#around.raft.swarm.nodes.find(({ record }) => record.hostname === host);
    return node?.engine.state !== 'down';
  }
}

export function linesOf(around: AroundDocker, gates: Gates): Lines {
  const { node, process } = around;
  const gate = (answers: Answers): Gate => ({
    listen: async (address) => {
      gates.set(address, { process, answers, node });
      return address;
    },
    renew: async () => {},
    close: async () => void gates.delete(node.record.hostname),
  });
  return { line: new SimulatedLine(around, gates), gate };
}
