// What every call of the ABI answers: 0 and 1 are success, negative numbers are expected outcomes.
// A trap is never one of them: it means a bug. The same table stands in docs/ABI.md; a test compares the two.

/** Done; the state was already so. */
export const OK: i32 = 0;
/** Done; the state has changed. */
export const CHANGED: i32 = 1;
/** The host must read the record itself: the scanner does not understand it. */
export const HOST: i32 = 2;

/** No free ordinal is left. */
export const FULL: i32 = -1;
/** The ordinal belongs to another identity, or is held. */
export const OCCUPIED: i32 = -2;
/** The ordinal lies outside the subnet. */
export const OUT_OF_RANGE: i32 = -3;
/** The ordinal is excluded. */
export const EXCLUDED: i32 = -4;
/** No binding, no such entry, or nothing left to give. */
export const UNKNOWN: i32 = -5;
/** An argument or a record is malformed. */
export const BAD_INPUT: i32 = -6;
/** Memory may not grow; nothing has changed. */
export const NO_MEMORY: i32 = -7;
/** The binding is live, so it cannot be reclaimed. */
export const IS_LIVE: i32 = -8;
/** The ordinal is not held. */
export const NOT_HELD: i32 = -9;
/** The identity has another ordinal. */
export const BOUND_ELSEWHERE: i32 = -10;
/** No subnet has this number. */
export const NO_SUBNET: i32 = -11;
/** The call does not fit now: a rebuild that was never begun, a seed that comes too late. */
export const BAD_STATE: i32 = -12;
/** Not a snapshot, or a damaged one. */
export const BAD_SNAPSHOT: i32 = -13;
/** A snapshot of another format version. */
export const BAD_VERSION: i32 = -14;
/** A pin is in the way: only unpin ends it. */
export const IS_PINNED: i32 = -15;
