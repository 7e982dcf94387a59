// What file-crash.test.ts knows from the lines of the process that was killed: all that was answered, and what was
// under way.

import assert from 'node:assert/strict';
import type { Call, Line, SubnetName } from './file-crash-child.js';
import type { AllocatorService, SubnetService } from './library.js';

interface Binding {
  readonly address: string;
  readonly nodes: Set<string>;
  releasedAt?: number | undefined;
}

interface Expected {
  readonly bindings: Map<string, Binding>;
  readonly held: Set<string>;
  /** Bound, and perhaps held too, which does not show: its unhold was interrupted. */
  readonly maybeHeld: Set<string>;
  policy: string;
}

export class CrashModel {
  readonly #nets: Record<SubnetName, Expected>;
  readonly #open = new Map<number, { net: SubnetName; call: Call }>();
  readonly #cidrs: Record<SubnetName, string>;
  /** Calls answered, and those that were under way when a process was killed. */
  answered = 0;
  interrupted = 0;
  /** Of those: how many turned out to have been done. */
  done = 0;

  constructor(subnets: Record<SubnetName, { readonly cidr: string; readonly settings: object }>) {
    const entries = Object.entries(subnets) as [SubnetName, { cidr: string; settings: { gateway?: string } }][];
    const expected = ({ gateway }: { gateway?: string }): Expected => {
      const held = new Set(gateway === undefined ? [] : [gateway]);
      return { bindings: new Map(), held, maybeHeld: new Set(), policy: 'serial' };
    };
    this.#nets = Object.fromEntries(entries.map(([name, { settings }]) => [name, expected(settings)])) as never;
    this.#cidrs = Object.fromEntries(entries.map(([name, { cidr }]) => [name, cidr])) as never;
  }

  take(line: Line): void {
    if ('begin' in line) {
      this.#open.set(line.begin, { net: line.net, call: line.call });
    } else if ('reclaimed' in line) {
      const { bindings } = this.#nets[line.net];
      assert.equal(bindings.get(line.reclaimed)?.nodes.size ?? 0, 0, `${line.reclaimed} was live`);
      bindings.delete(line.reclaimed);
    } else if ('end' in line) {
      const { net, call } = this.#open.get(line.end)!;
      this.#open.delete(line.end);
      this.answered++;
      if ('answer' in line) this.#answer(this.#nets[net], call, line);
      else assert.ok(['FULL', 'UNKNOWN', 'LIVE', 'OCCUPIED', 'NOT_HELD'].includes(line.error), line.error);
    }
  }

  #answer(net: Expected, call: Call, { answer, releasedAt }: { answer: unknown; releasedAt?: number }): void {
    switch (call.op) {
      case 'allocate': {
        const own = net.bindings.get(call.identity);
        if (own === undefined) {
          for (const [other, { address }] of net.bindings) {
            assert.notEqual(address, answer, `${call.identity} was given what ${other} has`);
          }
          net.bindings.set(call.identity, { address: answer as string, nodes: new Set([call.node]) });
        } else {
          assert.equal(answer, own.address, `${call.identity} has another address than before`);
          own.nodes.add(call.node);
          own.releasedAt = undefined;
        }
        break;
      }
      case 'release': {
        const own = net.bindings.get(call.identity)!;
        assert.equal(own.nodes.delete(call.node), answer, `${call.identity} on ${call.node}`);
        own.releasedAt = releasedAt;
        break;
      }
      case 'reclaim':
        assert.equal(net.bindings.get(call.identity)!.address, answer);
        net.bindings.delete(call.identity);
        break;
      case 'hold':
        assert.ok(!net.held.has(answer as string), `${answer} is held twice`);
        net.held.add(answer as string);
        net.maybeHeld.delete(answer as string);
        break;
      case 'settings':
        net.policy = answer as string;
        break;
      case 'unhold':
        if (!net.maybeHeld.delete(call.address)) {
          assert.equal(net.held.delete(call.address), answer, `${call.address} was held`);
        }
        break;
    }
  }

  /** Compares with what a restart found; from then on that counts. */
  check(service: AllocatorService): void {
    for (const name of Object.keys(this.#nets) as SubnetName[]) {
      const found = service.find(this.#cidrs[name]);
      const interrupted = [...this.#open.values()].filter(({ net }) => net === name).map(({ call }) => call);
      if (found === undefined) {
        assert.equal(this.#nets[name].bindings.size, 0, `${name} is lost`);
      } else {
        this.#nets[name] = this.#compare(this.#nets[name], found, interrupted);
      }
    }
    this.interrupted += this.#open.size;
    this.#open.clear();
  }

  #compare(expected: Expected, found: SubnetService, interrupted: readonly Call[]): Expected {
    const { size, live, reserved, held, excluded, free } = found.stats;
    assert.equal(BigInt(live + reserved + held) + excluded + free, size, 'every address is in one state');
    const { policy } = found.spec;
    const now: Expected = { bindings: new Map(), held: new Set(found.held()), maybeHeld: new Set(), policy };
    const others = interrupted.flatMap((call) => (call.op === 'settings' ? [call.policy] : []));
    assert.ok(policy === expected.policy || others.includes(policy as 'serial'), `settings: ${policy}`);
    const addresses = new Set<string>();
    for (const { identity, address, state } of found.list()) {
      const { nodes, releasedAt } = found.lookup(identity)!;
      now.bindings.set(identity, { address, nodes: new Set(nodes), releasedAt });
      addresses.add(address);
      assert.equal(found.inspect(address).identity, identity);
      assert.equal(state, nodes.length > 0 ? 'live' : 'reserved', `${identity} is live on ${nodes}`);
    }
    assert.equal(addresses.size, now.bindings.size, 'no address has two identities');
    for (const identity of new Set([...expected.bindings.keys(), ...now.bindings.keys()])) {
      this.#compareOne(identity, expected.bindings.get(identity), now.bindings.get(identity), interrupted);
    }
    this.#compareHeld(expected, now, addresses, interrupted);
    return now;
  }

  #compareOne(identity: string, was: Binding | undefined, is: Binding | undefined, interrupted: readonly Call[]) {
    const call = interrupted.find((each) => 'identity' in each && each.identity === identity);
    const show = (binding: Binding | undefined) => binding && { ...binding, nodes: [...binding.nodes].sort() };
    const [before, after] = [show(was), show(is)];
    if (JSON.stringify(before) === JSON.stringify(after)) return;
    const found = `answered ${JSON.stringify(before)}, found ${JSON.stringify(after)}`;
    const message = `${identity}: ${found} (${call?.op ?? 'no call'} interrupted)`;
    this.done++;
    if (is === undefined) {
      // Reclaimed: by its own call, or to make room for another identity.
      const forRoom = interrupted.some(({ op }) => op === 'allocate' || op === 'hold');
      assert.ok(was!.nodes.size === 0 && (call?.op === 'reclaim' || forRoom), message);
      return;
    }
    assert.ok(call !== undefined && 'node' in call, message);
    const nodes = new Set(was?.nodes);
    if (call.op === 'allocate') nodes.add(call.node);
    else nodes.delete(call.node);
    assert.deepEqual([...is.nodes].sort(), [...nodes].sort(), message);
    const reclaimedMeanwhile = call.op === 'allocate' && was?.nodes.size === 0;
    assert.ok(was === undefined || was.address === is.address || reclaimedMeanwhile, message);
  }

  #compareHeld(expected: Expected, now: Expected, bound: ReadonlySet<string>, interrupted: readonly Call[]) {
    const ended = interrupted.flatMap((call) => (call.op === 'unhold' ? [call.address] : []));
    for (const address of expected.held) {
      if (now.held.has(address)) continue;
      if (ended.includes(address)) now.maybeHeld.add(address);
      else if (bound.has(address)) now.held.add(address);
      else assert.fail(`${address} is no longer held`);
    }
    const begun = interrupted.filter(({ op }) => op === 'hold').length;
    for (const address of expected.maybeHeld) if (!now.held.has(address)) now.maybeHeld.add(address);
    const more = [...now.held].filter((address) => !expected.held.has(address) && !expected.maybeHeld.has(address));
    assert.ok(more.length <= begun, `${more} held, though nobody was told`);
  }
}
