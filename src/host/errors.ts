// The one error class of the host API. Wrong types are TypeErrors; everything that can be expected is a LimpetError.

/** A value that is not always known. */
type Maybe<T> = T | undefined;

/** Which subnet, and who or what in it. */
interface Place {
  readonly subnet?: Maybe<string>;
  readonly space?: Maybe<string>;
  readonly identity?: Maybe<string>;
  readonly address?: Maybe<string>;
  readonly range?: Maybe<string>;
}

/**
 * The values behind the message of an error, by its code. The codes are stable; messages may change between releases.
 * Optional is what only some callers know.
 */
export interface LimpetErrorDetails {
  /** No free address is left in the subnet, or in the range that was named; or no subnet is left to choose. */
  FULL: Place & {
    readonly size?: bigint;
    readonly live?: number;
    readonly reserved?: number;
    readonly held?: number;
    readonly excluded?: bigint;
    /** How many addresses reclaiming can free. */
    readonly reclaimable?: number;
    /** Whose reserved address gives way next, as the service knows; absent when nothing is reserved. */
    readonly next?: string;
    /** When it does, in milliseconds since the epoch; absent when it never does by itself. */
    readonly due?: number;
    readonly addressSpace?: string;
    readonly version?: 4 | 6;
  };
  /** The address already belongs to another identity, or is held. */
  OCCUPIED: Place & { readonly owner?: string; readonly state?: string };
  /** The identity already has another address, `bound`. */
  BOUND_ELSEWHERE: Place & { readonly bound?: string };
  /** The address is outside the subnet. */
  OUT_OF_RANGE: Place & { readonly value?: unknown };
  /** The address is excluded from allocation. */
  EXCLUDED: Place;
  /** The identity has no binding here, or there is no such subnet or pool. */
  UNKNOWN: Place & { readonly pool?: string };
  /** The binding is live and so cannot be reclaimed; `nodes` says where. */
  LIVE: Place & {
    readonly nodes?: readonly string[];
    readonly live?: number;
    readonly held?: number;
    readonly pinned?: number;
    /** Of a subnet that is needed. */
    readonly users?: readonly string[];
  };
  /** A person chose this address: only `unpin` makes it one that can be reclaimed. */
  PINNED: Place;
  /** The address is not held. */
  NOT_HELD: Place;
  /** The value has the right type but cannot be used: a malformed CIDR, an empty identity, truncated JSON. */
  BAD_INPUT: Place & {
    readonly value?: unknown;
    /** What was meant, most likely. */
    readonly meant?: string;
    /** Where in the text, in bytes. */
    readonly offset?: number;
    readonly line?: Maybe<number>;
    /** The setting of a subnet that is there with another value. */
    readonly setting?: string;
    readonly cause?: unknown;
    /** Each caller names what else says which value it was. */
    readonly [other: string]: unknown;
  };
  /** No network of that name or ID; `names` are those there are. */
  NO_NETWORK: { readonly network?: string; readonly names?: readonly string[] };
  /** The core may not grow its memory any further; nothing has changed. */
  NO_MEMORY: Place & { readonly bytes?: number; readonly offset?: number };
  /** The bytes are no snapshot, are damaged, or are of another version. */
  BAD_SNAPSHOT: { readonly bytes: number };
  /** The subnet has been destroyed, or a rebuild has already ended. */
  ENDED: Place;
  /** The subnet would overlap another one of its space. */
  OVERLAP: Place & { readonly other?: string };
  /** Another process uses the store, or the socket. */
  LOCKED: { readonly file?: string; readonly path?: string };
  /** The store's data is damaged; it names file and offset, or the key. */
  DAMAGED: Place & {
    readonly file?: string;
    readonly offset?: number;
    readonly version?: number;
    readonly key?: string;
    readonly keys?: number;
    readonly prefix?: string;
  };
  /** Somebody does not answer in time, or cannot write. */
  UNAVAILABLE: {
    /** Of a change: `none`, it was not made; `unknown`, it may have been. */
    readonly outcome?: 'none' | 'unknown';
    readonly cause?: unknown;
    readonly store?: string;
    readonly docker?: string;
    readonly question?: string;
    readonly call?: string;
    readonly file?: string;
  };
  /** Other processes were faster too many times in a row. */
  CONTENDED: Place;
  /** The core trapped: a bug. This instance answers no more calls. */
  BROKEN: { readonly call: string; readonly cause: unknown };
}

/** Stable machine-readable reasons. */
export type LimpetErrorCode = keyof LimpetErrorDetails;

interface ErrorOf<Code extends LimpetErrorCode> extends Error {
  readonly name: 'LimpetError';
  readonly code: Code;
  /** The values behind the message, for programs: once `code` is known, so are their types. */
  readonly details: LimpetErrorDetails[Code] & Readonly<Record<string, unknown>>;
}

/** One shape a code, so that whoever has compared the code knows the details. */
export type LimpetError<Code extends LimpetErrorCode = LimpetErrorCode> = { [C in Code]: ErrorOf<C> }[Code];

interface LimpetErrorConstructor {
  new <Code extends LimpetErrorCode>(
    code: Code,
    message: string,
    details?: LimpetErrorDetails[Code],
  ): LimpetError<Code>;
  readonly prototype: LimpetError;
}

class CodedError extends Error {
  /** What Node prints of an error is the name of its class. */
  static override readonly name = 'LimpetError';
  override readonly name = 'LimpetError';

  constructor(
    readonly code: LimpetErrorCode,
    message: string,
    readonly details: object = {},
  ) {
    super(message);
  }
}

/**
 * Thrown for all that can be expected to go wrong. Its type is written out above: a class cannot say that the details
 * hang on the code.
 */
export const LimpetError = CodedError as unknown as LimpetErrorConstructor;

/** @param so what has become of the call, as a clause */
export function noMemory(
  memorySize: number,
  so: string,
  known: LimpetErrorDetails['NO_MEMORY'],
): LimpetError<'NO_MEMORY'> {
  return new LimpetError('NO_MEMORY', `the core may use no more memory (${memorySize} bytes): ${so}`, known);
}
