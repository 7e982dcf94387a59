// The built library, with one instance that all cases share.

import { library } from '../tests/limpet.js';

export const { Identity } = library;
export type Identity = InstanceType<typeof Identity>;
export const limpet = await library.Limpet.load({ seed: new Uint8Array(16) });
export type Instance = typeof limpet;
