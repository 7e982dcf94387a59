import { LimpetError } from '../host/errors.js';
import type { SubnetSpec } from './store.js';

/** The refusal of a call about an identity that has no binding. */
export function unknown({ cidr }: SubnetSpec, identity: string): LimpetError<'UNKNOWN'> {
  return new LimpetError('UNKNOWN', `${JSON.stringify(identity)} has no address in ${cidr}`, {
    subnet: cidr,
    identity,
  });
}
