// A store that is away for a while.
import { type Commit, MemoryStore } from '../../src/entries/service.js';
import { LimpetError } from '../../src/host/errors.js';

/** Refuses so many commits. */
export class Flaky extends MemoryStore {
  refusals = 0;

  override async commit(): Promise<Commit> {
    if (this.refusals > 0) {
      this.refusals--;
      throw new LimpetError('UNAVAILABLE', 'etcd: no connection; nothing was written', { outcome: 'none' });
    }
    return super.commit();
  }
}
