// What the tickets have to tell of what they did, and why: one line each, for whoever keeps a log or counts.

import type { AddressSpace } from '../docker/spaces.js';

/** What became of a request for an address. */
export type Outcome =
  | 'own'
  | 'second'
  | 'new'
  | 'home'
  | 'ticket'
  | 'same'
  | 'guest'
  | 'gateway'
  | 'endpoint'
  | 'auxiliary'
  | 'unnamed';

/** What became of a release. */
export type Released =
  | 'released'
  | 'ended'
  | 'unheld'
  | 'kept'
  | 'not-held'
  | 'not-ours'
  | 'late'
  | 'unproven'
  | 'failed';

interface Line {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly why: string;
  readonly subnet?: string;
  readonly address?: string;
  readonly identity?: string;
  readonly node?: string;
}

export type Told =
  | (Line & {
      readonly event: 'pool';
      readonly pool?: string;
      readonly space?: string;
      readonly addressSpace?: AddressSpace;
      readonly network?: string;
    })
  | (Line & {
      readonly event: 'address';
      readonly addressSpace: AddressSpace;
      readonly outcome: Outcome;
      readonly ticket?: string | undefined;
      readonly candidates?: readonly string[];
    })
  | (Line & { readonly event: 'release'; readonly addressSpace: AddressSpace; readonly outcome: Released })
  | (Line & { readonly event: 'sweep'; readonly nodes?: readonly string[] })
  | (Line & { readonly event: 'mend'; readonly mark: 'set' | 'ended' | 'held'; readonly container?: string })
  | (Line & { readonly event: 'choice' | 'wire' })
  | (Line & { readonly event: 'doubt'; readonly container: string })
  | (Line & { readonly event: 'conflict'; readonly container: string; readonly owner: string });
