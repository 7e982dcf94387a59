// The one error class of the host API. Wrong types are TypeErrors; everything that can be expected is a LimpetError.

/** Stable machine-readable reasons; messages may change between releases, these do not. */
export type LimpetErrorCode =
  /** No free ordinal is left. `details` has the counts. */
  | 'FULL'
  /** The address already belongs to another identity, or is held. */
  | 'OCCUPIED'
  /** The identity already has another address. */
  | 'BOUND_ELSEWHERE'
  /** The address is outside the subnet. */
  | 'OUT_OF_RANGE'
  /** The address is excluded from allocation. */
  | 'EXCLUDED'
  /** The identity has no binding here. */
  | 'UNKNOWN'
  /** The binding is live and so cannot be reclaimed. */
  | 'LIVE'
  /** The ordinal is not held. */
  | 'NOT_HELD'
  /** The value has the right type but cannot be used: a malformed CIDR, an empty identity, truncated JSON. */
  | 'BAD_INPUT'
  /** No network of that name or ID. */
  | 'NO_NETWORK'
  /** The core may not grow its memory any further; nothing has changed. */
  | 'NO_MEMORY'
  /** The bytes are no snapshot, are damaged, or are of another version. */
  | 'BAD_SNAPSHOT'
  /** The subnet has been destroyed, or a rebuild has already ended. */
  | 'ENDED'
  /** The subnet would overlap another one of its space. */
  | 'OVERLAP'
  /** Another process uses the store. */
  | 'LOCKED'
  /** The store's data is damaged; it names file and offset. */
  | 'DAMAGED'
  /** The store does not answer in time, or cannot write. */
  | 'UNAVAILABLE'
  /** Other processes were faster too many times in a row. */
  | 'CONTENDED'
  /** The core trapped: a bug. This instance answers no more calls. */
  | 'BROKEN';

export class LimpetError extends Error {
  override readonly name = 'LimpetError';
  readonly code: LimpetErrorCode;
  /** The values behind the message, for programs. */
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: LimpetErrorCode, message: string, details: Record<string, unknown> = {}) {
    super(message);
    this.code = code;
    this.details = details;
  }
}

/** @param so what has become of the call, as a clause */
export function noMemory(memorySize: number, so: string, known: Record<string, unknown>): LimpetError {
  return new LimpetError('NO_MEMORY', `the core may use no more memory (${memorySize} bytes): ${so}`, known);
}
