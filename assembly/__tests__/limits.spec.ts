// What happens when memory may not grow: every call says so and changes nothing, and what is let go is of use again.

import * as core from '../index';
import { giveBlock, reserveBlocks, takeBlock } from '../memory';
import * as status from '../status';
import {
  allocate,
  allocateIn,
  bind,
  create,
  end,
  hold,
  pack,
  prefer,
  reclaim,
  rehold,
  release,
  restore,
  SERIAL,
  sameBytes,
  setOrdinal,
  snapshot,
  trade,
  unhold,
  WINDOW,
} from './host';

const LIVE: u8 = 1;

/** Blocks that nobody else shall have. */
const hoard: usize[] = [];

/** Leaves `blocks` blocks, and memory may not grow. */
function leave(blocks: i32): void {
  core.set_memory_limit(memory.size());
  while (reserveBlocks(1)) hoard.push(takeBlock());
  for (let i = 0; i < blocks && hoard.length; i++) giveBlock(hoard.pop());
}

function leaveAll(): void {
  while (hoard.length) giveBlock(hoard.pop());
  core.set_memory_limit(65536);
}

let kept = new StaticArray<u8>(0);
let made: u32[] = [];

/** Destroys a subnet and what the calls below made. */
function leaveSubnets(id: u32): void {
  core.restore_abort();
  core.rebuild_abort(id);
  for (let i = 0; i < made.length; i++) core.subnet_destroy(made[i]);
  made = [];
  core.subnet_destroy(id);
}

const CALL_KINDS = 9;

/** The calls that may need memory, each with other ordinals and identities for every n. */
function call(kind: u32, id: u32, n: u32): i32 {
  if (kind == 0) return allocate(id, `new.${n}`);
  if (kind == 1) return prefer(id, `new.${n}`, 100 + n);
  if (kind == 2) return bind(id, `new.${n}`, 100 + n);
  if (kind == 3) return allocateIn(id, `new.${n}`, 100, 100000);
  if (kind == 4) return trade(id, `new.${n}`, 5000 + n);
  if (kind == 5) return hold(id, 100 + n);
  if (kind == 6) return core.hold_next(id);
  let answer = 0;
  if (kind == 7) {
    setOrdinal(0, 0);
    answer = core.subnet_create(4, 24, SERIAL, 0);
  } else {
    answer = restore(kept);
    if (answer == status.CHANGED) answer = <i32>end();
  }
  if (answer > 0) made.push(<u32>answer);
  return answer;
}

/** Binds a new identity: side by side, in pages of their own, or by the policy. */
function bindApart(kind: u32, id: u32, n: u32): i32 {
  const name = `task.${10000 + n}`;
  if (kind % 3 == 0) return allocate(id, name);
  return bind(id, name, kind % 3 == 1 ? n * 2 : (<u64>n) << 12);
}

describe('when memory may not grow', () => {
  afterEach(() => {
    leaveAll();
    expect<u32>(core.memory_used()).toBeLessThan(8193, 'only the list of subnets stays');
  });

  test('every call that needs more than there is says so, and changes nothing', () => {
    for (let kind = 0; kind < CALL_KINDS; kind++) {
      const id = create(4, 12);
      for (let i = 0; i < 5; i++) allocate(id, `web.${i}`);
      for (let i = 0; i < 3000; i++) if (kind == 4) hold(id, 5000 + i);
      release(id, 'web.3', 9);
      kept = snapshot(id);
      leave(0);
      let n = 0;
      while (call(kind, id, n) != status.NO_MEMORY) assert(n++ < 300000, `call ${kind} is never refused`);
      const used = core.memory_used();
      const refused = snapshot(id);
      assert(call(kind, id, n) == status.NO_MEMORY, `call ${kind}: refused again`);
      assert(sameBytes(snapshot(id), refused), `call ${kind}: something has changed`);
      assert(core.memory_used() == used, `call ${kind}: something was taken`);
      // What needs none goes on.
      expect<i32>(allocate(id, 'web.3')).toBe(status.OK);
      expect<i32>(release(id, 'web.1', 10)).toBe(status.CHANGED);
      expect<i32>(rehold(id, 0)).toBe(status.CHANGED);
      expect<i32>(unhold(id, 0)).toBe(status.CHANGED);
      leaveAll();
      assert(call(kind, id, n) >= status.OK, `call ${kind}: with more memory`);
      leaveSubnets(id);
    }
  });

  test('what was reclaimed and let go makes room, though memory may not grow', () => {
    for (let kind = 0; kind < 6; kind++) {
      const id = kind < 3 ? create(4, 12) : create(6, 64);
      leave(0);
      let bound = 0;
      while (bindApart(kind, id, bound) == status.CHANGED) bound++;
      let held = 0;
      while (hold(id, 1000000 + held) == status.CHANGED) held++;
      assert(bindApart(kind, id, bound) == status.NO_MEMORY, `kind ${kind}: after ${bound}, ${held}`);
      for (let round = 0; round < 3; round++) {
        for (let i = 0; i < bound; i++) {
          assert(release(id, `task.${10000 + i}`, i) == status.CHANGED, `kind ${kind}: release ${i}`);
          assert(reclaim(id, `task.${10000 + i}`) == status.CHANGED, `kind ${kind}: reclaim ${i}`);
        }
        for (let i = 0; i < held; i++) assert(unhold(id, 1000000 + i) == status.CHANGED, `kind ${kind}: unhold ${i}`);
        for (let i = 0; i < bound; i++) assert(bindApart(kind, id, i) == status.CHANGED, `kind ${kind}: again ${i}`);
        for (let i = 0; i < held; i++) assert(hold(id, 1000000 + i) == status.CHANGED, `kind ${kind}: hold ${i}`);
      }
      leaveAll();
      core.subnet_destroy(id);
    }
  });

  test('no call takes more than was reserved for it, at any size', () => {
    const id = create(6, 0);
    for (let i: u64 = 0; i < 3000; i++) {
      leave(<i32>(i % 3) + 8);
      const inUse = core.memory_used();
      // Here and there, up to a page each.
      const answer = i & 1 ? prefer(id, `web.${i}`, (i << 12) + 5, i << 33) : hold(id, i << 13, i << 20);
      if (answer == status.NO_MEMORY) assert(core.memory_used() == inUse, `step ${i}: taken, but refused`);
      else assert(answer == status.CHANGED && core.memory_used() - inUse <= 4096 * (8 + <u32>(i % 3)), `step ${i}`);
      leaveAll();
    }
    core.subnet_destroy(id);
  });

  test('a rebuild that runs out of memory at any point can be aborted, or goes on when there is more', () => {
    const id = create(6, 64);
    for (let i = 0; i < 50; i++) allocate(id, `web.${i}`);
    release(id, 'web.7', 3);
    hold(id, 1 << 40);
    const before = snapshot(id);
    const used = core.memory_used();
    let refusals = 0;
    let resumed = 0;
    assert(reserveBlocks(500), 'as many as are left below');
    for (let blocks = 0; blocks < 400; blocks += blocks < 40 ? 1 : 9) {
      leave(blocks);
      let result = core.rebuild_begin(id);
      for (let i = 0; i < 500 && result == status.OK; i++) {
        result = core.rebuild_feed(id, pack(0, `task.${i}`, (<u64>i) << 13, 0, i, LIVE));
      }
      let resolving = false;
      if (result == status.OK) {
        result = core.rebuild_resolve(id);
        resolving = result == status.NO_MEMORY;
        if (resolving) assert(core.rebuild_feed(id, 0) == status.BAD_STATE, 'no claim once they are being decided');
      }
      leaveAll();
      if (result == status.NO_MEMORY) refusals++;
      if (resolving && resumed++ & 1) {
        assert(core.rebuild_resolve(id) == status.OK && load<u32>(WINDOW, 8) == 500, `${blocks} blocks: goes on`);
      }
      assert(sameBytes(snapshot(id), before), `${blocks} blocks: the subnet is as it was`);
      core.rebuild_abort(id);
      assert(sameBytes(snapshot(id), before), `${blocks} blocks: the subnet is as it was, after the end`);
      assert(core.memory_used() == used, `${blocks} blocks: some are left`);
    }
    expect<i32>(refusals).toBeGreaterThan(40);
    expect<i32>(resumed).toBeGreaterThan(1);
    core.subnet_destroy(id);
  });
});
