// What the core's calls answer: docs/ABI.md, "Statuses" and "Words".

/** Statuses of the core's calls (assembly/status.ts); the negative ones refuse. */
export const Status = {
  OK: 0,
  CHANGED: 1,
  HOST: 2,
  FULL: -1,
  OCCUPIED: -2,
  OUT_OF_RANGE: -3,
  EXCLUDED: -4,
  UNKNOWN: -5,
  BAD_INPUT: -6,
  NO_MEMORY: -7,
  IS_LIVE: -8,
  NOT_HELD: -9,
  BOUND_ELSEWHERE: -10,
  NO_SUBNET: -11,
  BAD_STATE: -12,
  BAD_SNAPSHOT: -13,
  BAD_VERSION: -14,
  IS_PINNED: -15,
} as const;

export type Status = (typeof Status)[keyof typeof Status];

/** What an ordinal is, by the number that the core gives it. */
export const STATES = ['free', 'live', 'reserved', 'held', 'excluded'] as const;

/** How a free ordinal is chosen, by the number that the core gives it. */
export const POLICIES = ['serial', 'lowest'] as const;
