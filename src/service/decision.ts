// One decision of the service, as logs get it: what was done to whom, and why.

export interface Decision {
  readonly event:
    | 'allocate'
    | 'release'
    | 'reclaim'
    | 'pin'
    | 'unpin'
    | 'hold'
    | 'unhold'
    | 'use'
    | 'disuse'
    | 'settings'
    | 'conflict'
    | 'sweep-failed';
  readonly subnet: string;
  readonly identity?: string;
  readonly address?: string;
  readonly node?: string;
  readonly user?: string;
  readonly why: string;
}
