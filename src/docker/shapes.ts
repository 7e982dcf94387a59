// What of Docker's API answers is used here, in one shape whatever Docker's version. No code lives here.

/** One network that a container is on. */
export interface Endpoint {
  readonly network: string;
  /** Empty until Docker has resolved the name: before the first start of a container that was only created. */
  readonly networkId: string;
  /** Addresses that its configuration asks for: a user's `--ip`, or the ticket that Swarm's leader was given. */
  readonly asked: readonly string[];
  /** Addresses that Docker shows for it: whether it has them, `containers.ts` says. Empty while it is being started. */
  readonly addresses: readonly string[];
}

export interface Container {
  readonly id: string;
  readonly name: string;
  /**
   * `created`, `running`, `paused`, `restarting`, `removing`, `exited`, `dead`; what they mean is in `containers.ts`.
   */
  readonly state: string;
  /** Milliseconds since the epoch, whole seconds. */
  readonly created: number;
  /** Absent for a container that no Swarm task stands behind. */
  readonly task?: { readonly id: string; readonly name: string; readonly service: string; readonly serviceId: string };
  /** Compose's project; absent for a container that Compose has not made, or made for one run alone. */
  readonly project?: string;
  readonly endpoints: readonly Endpoint[];
  /** Those that say something to Limpet: `choices.ts`. Absent when none does. */
  readonly labels?: Readonly<Record<string, string>>;
}

export interface Attachment {
  readonly networkId: string;
  /** Without prefix length. In swarm mode these are tickets. */
  readonly addresses: readonly string[];
}

export interface Task {
  readonly id: string;
  readonly version: number;
  /** Empty for an attachment: a plain container on a swarm network. */
  readonly serviceId: string;
  /** 0 for a task of a global service, for attachments, and for the first task of a replicated job. */
  readonly slot: number;
  /** Empty until it is scheduled. */
  readonly nodeId: string;
  readonly state: string;
  readonly desiredState: string;
  readonly attachments: readonly Attachment[];
  /** The networks that its specification names, by ID: all that is known before it has addresses. */
  readonly networks: readonly string[];
  /**
   * When its record changed last, by the leader's clock: milliseconds since the epoch; Infinity where Docker does not
   * say.
   */
  readonly updatedAt: number;
  /** The container's ID, once it is known. */
  readonly container?: string;
  /** True for a plain container's attachment to a swarm network. */
  readonly attached: boolean;
}

export interface Service {
  readonly id: string;
  readonly name: string;
  /** A global job counts as global. A replicated job's tasks have the slots 0 and on, and 0 is left out of the JSON. */
  readonly mode: 'replicated' | 'replicated job' | 'global';
  readonly virtual: readonly { readonly networkId: string; readonly address: string }[];
  /** Whether it is to have a virtual IP on each of its networks. */
  readonly wantsVirtual: boolean;
  /** As a task's. */
  readonly networks: readonly string[];
  readonly updatedAt: number;
}

export interface Node {
  readonly id: string;
  readonly hostname: string;
  /** `ready`, `down`, `disconnected`, `unknown`. */
  readonly state: string;
  /** As the managers see it; empty while they have not. */
  readonly address: string;
  readonly leader: boolean;
}

export interface Network {
  readonly id: string;
  readonly name: string;
  readonly scope: 'swarm' | 'local' | 'global' | string;
  readonly driver: string;
  /** The IPAM driver's name as Docker has it: `default`, `limpet:latest`. */
  readonly ipam: string;
  readonly ipamOptions: Readonly<Record<string, string>>;
  /** Made with `--config-only`: other networks are made from it, and it has no addresses itself. */
  readonly isConfiguration: boolean;
  readonly subnets: readonly { readonly subnet: string; readonly gateway?: string }[];
}

/** An endpoint as a network tells of it. */
export interface NamedEndpoint {
  /** The container's name; of the load balancer's end, `<network>-endpoint`. */
  readonly name: string;
  readonly address: string;
  /** Of this node's API; else heard from other nodes. */
  readonly here: boolean;
}

export interface Info {
  /** The host's name: what `docker node ls` shows. */
  readonly name: string;
  readonly serverVersion: string;
  readonly swarm: {
    /** Empty outside a swarm. */
    readonly nodeId: string;
    /** `active` inside a swarm. */
    readonly state: string;
    readonly manager: boolean;
    /** Nodes of the swarm as a manager counts them; 0 elsewhere. */
    readonly nodes: number;
  };
}
