// How long everything waits for everything else, in milliseconds.

export interface Waits {
  /** For one answer of Docker's API. dockerd may be waiting for the plugin meanwhile. */
  readonly docker: number;
  /** For the one who is at home to leave, before a second container of the same identity becomes a guest. */
  readonly home: number;
  /** Between two looks at what runs here. */
  readonly reconcile: number;
  /** So long an address is held without anybody in the swarm having it before it is freed. */
  readonly sweep: number;
  /** For a store that is away to come back. */
  readonly store: number;
  /** For a Docker that starts to answer, where a task of the swarm cannot be told without it. */
  readonly boot: number;
  /** For one call of Docker's, all in all. Docker itself gives up after 30 s. */
  readonly call: number;
}

export const DEFAULT_WAITS: Waits = {
  docker: 2000,
  home: 5000,
  reconcile: 30_000,
  sweep: 60_000,
  store: 22_000,
  boot: 10_000,
  call: 27_000,
};
