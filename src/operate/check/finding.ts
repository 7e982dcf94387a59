// One thing that `limpet check` finds, always with what to do about it.

export const KINDS = {
  double: 'two running containers have one address',
  'double-ticket': 'Swarm has given one address to two tasks',
  foreign: "a container runs on another identity's address",
  drift: 'a container runs on an address that is not its own',
  unbound: 'a container runs on an address that is not reserved for it',
  'not-live': 'a container runs, and its binding is not live',
  'stale-live': 'a binding is live where nothing runs',
  leak: 'an address is taken, and nothing uses it',
  unheld: 'an address that Swarm has given is free in Limpet',
  'no-subnet': 'a network of Limpet without a subnet in the store',
  impostor: 'a container says that it is a task, and is none',
  unfit: 'a container has an address, and no name to keep it by',
  guest: 'a container is a guest, not on its own address',
  waits: 'a pinned address waits for the next start of its container',
  orphan: 'reserved addresses of a service that no longer exists',
  'unused-subnet': 'a subnet that no network uses',
  tight: 'addresses run short',
} as const;

export type Kind = keyof typeof KINDS;

/** Known, or harmless: they are shown, and do not count as something found. */
const NOTICES: readonly Kind[] = ['guest', 'waits', 'orphan', 'unused-subnet', 'tight'];

export interface Finding {
  readonly kind: Kind;
  readonly severity: 'problem' | 'notice';
  readonly space: string;
  readonly subnet: string;
  readonly network?: string;
  readonly address?: string;
  readonly identity?: string;
  /** One sentence that names the values. */
  readonly message: string;
  /** The command that mends it. */
  readonly mend?: string;
  /** Where to run that command, when not just anywhere. */
  readonly on?: string;
}

/** A finding without its severity, which its kind settles, and without where it is. */
export type Found = Omit<Finding, 'severity' | 'space' | 'subnet'>;

export function isNotice(kind: Kind): boolean {
  return NOTICES.includes(kind);
}

/** What makes two findings the same one, seen twice. */
export function keyOf({ kind, space, subnet, address, identity, message }: Finding): string {
  return JSON.stringify([kind, space, subnet, address ?? message, identity]);
}
