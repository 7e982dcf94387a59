// What the allocator service asks of a store, and what a store tells the service. The service proposes, the store
// decides: a change counts once `commit` has answered. Stores know nothing of policy, of the core, or of one another.

import type { Policy } from '../host/types.js';
import { visible } from '../host/visible.js';
import type { Deadline } from './deadline.js';

/** When reserved bindings become free again. Milliseconds; both may be given, neither means never. */
export interface ReclaimPolicy {
  /** So long after their release, whether the subnet is full or not. */
  readonly after?: number;
  /** Oldest first when the subnet is full, but none released less than the hold-down ago. */
  readonly whenFull?: { readonly holdDown: number };
}

/** What a subnet is made of. Space and CIDR are fixed when it is made. */
export interface SubnetSpec {
  /** Subnets of one space may not overlap. */
  readonly space: string;
  /** Canonical. */
  readonly cidr: string;
  readonly gateway?: string;
  readonly exclude: readonly string[];
  readonly policy: Policy;
  readonly reclaim: ReclaimPolicy;
  /** Where new addresses of services come from, by the services' names; absent where none has a part of its own. */
  readonly pools?: readonly ServicePool[];
  /** Before an address is given for the first time it is asked on the wire whether anybody answers there. */
  readonly probe?: 'arp';
}

export interface ServicePool {
  readonly service: string;
  /** `first-last`. */
  readonly range: string;
}

/** Names a subnet: space and canonical CIDR. */
export interface SubnetKey {
  readonly space: string;
  readonly cidr: string;
}

/** A node: by its ID everywhere, with the name that people know it by. Names change, and two nodes can have one. */
export interface NodeName {
  readonly id: string;
  readonly name: string;
}

/**
 * One fact that changes. Addresses are canonical text. Each is idempotent: told twice, it changes nothing the second
 * time.
 */
export type Change =
  | { readonly op: 'create'; readonly spec: SubnetSpec }
  /**
   * The subnet ends with all that it has. With `unused` it must have no user, and nothing in it may be live, held or
   * pinned.
   */
  | { readonly op: 'remove'; readonly unused?: true }
  /** The subnet that is there is to be so from now on. No address that is bound or held may be excluded by it. */
  | { readonly op: 'settings'; readonly spec: SubnetSpec }
  /** A new binding. With `ticket` the address is held, and stays so; else it must not be. */
  | { readonly op: 'bind'; readonly identity: string; readonly address: string; readonly ticket?: true }
  /**
   * A person chose this address for the identity: nothing reclaims it any more. One that has no binding is bound to it,
   * released at `time` unless it is live; with `ticket` the address is held, and stays so, else it must not be.
   */
  | {
      readonly op: 'pin';
      readonly identity: string;
      readonly address: string;
      readonly time: number;
      readonly ticket?: true;
    }
  /** The binding is one like others again; when nobody is live on it, it counts as released at `time`. */
  | { readonly op: 'unpin'; readonly identity: string; readonly time: number }
  /**
   * The binding, which nobody is live on, ends. With `pinned` it is pinned, and the pin ends too; else it is not. With
   * `beside` it rests on that other binding as well: a shared store that knows of one of the two that its owner has
   * been there since answers with a conflict.
   */
  | {
      readonly op: 'reclaim';
      readonly identity: string;
      readonly address: string;
      readonly pinned?: true;
      readonly beside?: string;
    }
  /** The identity runs on this node. With `sole` it must not be live on any other. */
  | { readonly op: 'live'; readonly identity: string; readonly node: string; readonly sole?: true }
  /** It no longer does. When it runs on no node any more, it counts as released at `time`. */
  | { readonly op: 'gone'; readonly identity: string; readonly node: string; readonly time: number }
  /**
   * A ticket, which nobody must hold. With `owner` it is that identity's home, and is held beside its binding; else the
   * address must be nobody's.
   */
  | { readonly op: 'hold'; readonly address: string; readonly owner?: string }
  /** The hold that is known when it is asked for ends: in a shared store, one that was made since is a conflict. */
  | { readonly op: 'unhold'; readonly address: string }
  /**
   * Somebody has networks on the subnet: who, in words of his own. It stays his until he says that the last one is
   * gone.
   */
  | { readonly op: 'use'; readonly user: string }
  | { readonly op: 'disuse'; readonly user: string };

/**
 * `done`: the changes count, and the service takes them in. What others did afterwards is told in a later macrotask.
 *
 * `told`: they count, and the listener has been told of them as of what others do. In a shared store that news can be
 * faster than the answer, and what others did afterwards with it: the service takes in nothing once more.
 *
 * `conflict`: nothing was written, because what the changes rest on is not so: somebody else was first. What they wrote
 * has been told by then. Stores do not try again by themselves: whoever asked may want something else now.
 */
export type Commit = 'done' | 'told' | 'conflict';

/** A subnet's whole state, for stores that write it down at once. */
export interface SubnetDump {
  readonly spec: SubnetSpec;
  readonly users: readonly string[];
  /** The core's snapshot. */
  readonly snapshot: Uint8Array;
  /** Every identity with every node it is live on. */
  readonly live: Iterable<readonly [identity: string, node: string]>;
}

/** What a dump says, as it is read again. */
export interface StoredSubnet extends Omit<SubnetDump, 'snapshot'> {
  /** In pieces, each of which lasts until the next; to be read once, and before `live`. */
  readonly snapshot: Iterable<Uint8Array>;
}

/** The service, as a store sees it. Calls are synchronous and never throw for a change that is already known. */
export interface StoreListener {
  /** Forget everything: the whole state is told anew, from here to the end of `open` or of the re-reading. */
  reset(): void;
  /** A subnet written down by `dump`. */
  restore(stored: StoredSubnet): void;
  /** A fact read at the start, or made by another process. */
  apply(subnet: SubnetKey, change: Change): void;
  /** What a node is called now. */
  introduced(node: NodeName): void;
  /** The whole state has been told. After `open` the service knows by itself; after a re-reading it must hear it. */
  ready(): void;
  /**
   * Every subnet as it is after all commits that were answered, and none of those still open. The service takes a
   * commit in with the microtasks that follow its answer: a store that has just answered some waits for a macrotask
   * (`setImmediate`) before it asks, or it would write down a state from before them.
   */
  dump(): Iterable<SubnetDump>;
  /** Every node that has been introduced, as of the same moment. */
  nodes(): Iterable<NodeName>;
  /** Something that an operator should know: a torn tail was cut off, the connection was lost. */
  report(event: StoreEvent): void;
}

export interface StoreEvent {
  readonly level: 'info' | 'warn' | 'error';
  readonly message: string;
  /** With `look` set, what runs here may have lost its binding, or its mark: whoever can look should do so at once. */
  readonly details?: Readonly<Record<string, unknown>>;
}

/** A subnet that a store has and cannot read: no call that needs its settings is answered. */
export interface DamagedSubnet extends SubnetKey {
  /** Where it stands in the store. */
  readonly key: string;
  readonly why: string;
}

/** As it is told to people. */
export function unreadableText({ space, cidr, why }: DamagedSubnet): string {
  return visible(`${cidr} in ${space} cannot be read in the store: ${why}`);
}

/** Which of how many processes one is: each counts them in the same order, as far as it has heard of them. */
export interface Rank {
  readonly index: number;
  readonly of: number;
}

export interface Store {
  /** For logs: `memory`, `file:///var/lib/limpet`, `etcd://a:2379,b:2379`. */
  readonly name: string;
  /** Whether other processes can change what this one sees. */
  readonly shared: boolean;
  /**
   * Milliseconds that a call has which nobody bounds otherwise. A store that has it answers a commit which has been
   * sent only when it is known what is so, however long that takes: whoever cannot wait for that stops waiting.
   */
  readonly patience?: number;
  /** Which of the processes that share it this one is; undefined while it is alone, or does not know. */
  readonly rank?: Rank | undefined;
  /** How many addresses are worth holding at once for those who will ask. Default 1: a commit costs little. */
  readonly block?: number;
  /**
   * Reads the whole state and tells it to the listener; then, in a shared store, what others change.
   * @throws LimpetError LOCKED (another process has it), DAMAGED (names file and offset), UNAVAILABLE, BAD_INPUT
   * (others may write where it is kept)
   */
  open(listener: StoreListener): Promise<void>;
  /**
   * Writes the changes of one subnet, all or none, in the order of the calls. Durable once they count. Whatever
   * has not begun to be written when the deadline passes is not written any more.
   * @throws LimpetError UNAVAILABLE; `details.outcome` is `none` when nothing was written, `unknown` when that cannot
   * be told: then a store without patience re-reads everything (`reset`) before it commits again, and one with patience
   * has told what is so now. DAMAGED when what is there cannot be read
   */
  commit(subnet: SubnetKey, changes: readonly Change[], deadline?: Deadline): Promise<Commit>;
  /**
   * Keeps what a node is called, for people. A node that is gone keeps its name: what it left behind still shows.
   * @throws LimpetError UNAVAILABLE
   */
  introduce(node: NodeName, deadline?: Deadline): Promise<void>;
  /**
   * Learns of the subnets of a space that others have made or removed up to now, though the news has not come yet. A
   * store that is not shared has nothing to learn.
   * @throws LimpetError UNAVAILABLE
   */
  refresh?(space: string, deadline?: Deadline): Promise<void>;
  /**
   * Learns what others have done with an identity's binding up to now: where it is live, or that it has ended.
   * @throws LimpetError UNAVAILABLE
   */
  refreshBinding?(subnet: SubnetKey, identity: string, deadline?: Deadline): Promise<void>;
  /**
   * Answers when a commit could be answered now: for those who ask after its health. A store without it is taken at its
   * word.
   * @throws LimpetError UNAVAILABLE saying what is in the way, in time
   */
  answers?(deadline: Deadline): Promise<void>;
  /** Whether the last write was refused for want of room. */
  readonly isFull?: boolean;
  /** The subnets that are there and cannot be read. In a store that refuses to open over one there is none. */
  damaged?(): Iterable<DamagedSubnet>;
  /**
   * Lets go of everything, the lock and the node's lease included. Live marks stay where the store keeps them for ever.
   */
  close(): Promise<void>;
}
