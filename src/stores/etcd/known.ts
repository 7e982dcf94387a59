// What a process can know of etcd: keys as they are there, and what they amount to.

import type { IKeyValue } from 'etcd3';
import { type Room, roomOf } from '../../service/spec.js';
import type { SubnetKey, SubnetSpec } from '../../service/store.js';
import type { LiveMarks } from './live-marks.js';

/** A key as etcd has it. */
export interface Item {
  readonly value: Buffer;
  readonly created: number;
  readonly mod: number;
  readonly lease: string;
}

/** A key and its value as etcd's answers and watches have them. */
type KeyValue = Pick<IKeyValue, 'value' | 'lease' | 'create_revision' | 'mod_revision'>;

export function itemOf({ value, lease, create_revision, mod_revision }: KeyValue): Item {
  return { value, lease, created: Number(create_revision), mod: Number(mod_revision) };
}

export interface KnownBinding {
  readonly address: string;
  readonly created: number;
  mod: number;
  released: number | undefined;
  pinned: boolean;
  readonly live: LiveMarks;
}

export interface KnownSubnet {
  readonly key: SubnetKey;
  spec: SubnetSpec;
  /** By those settings. */
  room: Room;
  readonly created: number;
  /** Of the settings. */
  mod: number;
  readonly bindings: Map<string, KnownBinding>;
  /** Identities whose key cannot be believed, and since which revision. A binding that was known before is kept. */
  readonly spoilt: Map<string, number>;
  readonly owners: Map<string, string>;
  /** Held addresses, and since which revision. */
  readonly held: Map<string, number>;
  /** Who has networks on it, and since which revision. */
  readonly users: Map<string, number>;
}

/** A subnet of which only its own key is known. */
export function emptySubnet(key: SubnetKey, spec: SubnetSpec, { created, mod }: Item): KnownSubnet {
  const bindings = { bindings: new Map(), spoilt: new Map(), owners: new Map() };
  return { key, spec, room: roomOf(spec), created, mod, ...bindings, held: new Map(), users: new Map() };
}
